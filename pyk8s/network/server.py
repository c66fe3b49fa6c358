"""The agent's unix socket: CNI calls come in, each is answered by a thread with hands of its own.

The form of a call and of an answer stands in `cni/binary.py`, which knows nothing of us.
"""

from __future__ import annotations

import array
import asyncio
import errno
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from pyk8s.kernel.netlink import Netlink
from pyk8s.network.interface import Hands
from pyk8s.network.program import LIMIT, answer
from pyk8s.observe import logs

log = logs.get("network")

THREADS = 4
"""Calls answered at once: the kernel's own lock on links lets through little more."""

PATIENCE = 10.0
"""Seconds that a caller may take to say what it wants."""

ENVIRONMENT_LIMIT = 64 << 10
_CHUNK = 65536
_GAVE_UP = (errno.ECONNABORTED, errno.EINTR)
"""What a caller that gave up does to one `accept`."""


class Workers:
    """Threads that each hold one netlink socket and the hands that go with it."""

    def __init__(self, make: Callable[[Netlink], Hands], threads: int = THREADS) -> None:
        self._make = make
        self._local = threading.local()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "network")
        self._netlinks: list[Netlink] = []

    def hands(self) -> Hands:
        """The hands of this thread, made the first time."""
        if not hasattr(self._local, "hands"):
            netlink = Netlink()
            self._netlinks.append(netlink)
            self._local.hands = self._make(netlink)
        held: Hands = self._local.hands
        return held

    def start(self, work: Callable[[Hands], None]) -> list[asyncio.Future[None]]:
        """Let every thread do `work` with its hands; futures that are done when they are."""
        loop = asyncio.get_running_loop()
        return [loop.run_in_executor(self._pool, lambda: work(self.hands())) for _ in range(self._threads)]

    def close(self) -> None:
        """Finish what is being done, then let go of the sockets."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def listen(path: str | Path) -> socket.socket:
    """A listening unix socket at `path`, readable and writable for root alone from its first moment.

    One that is left there by somebody who died is replaced at once, so that callers never find none.
    """
    target = Path(path)
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(fresh))
        fresh.chmod(0o600)
        listener.listen(128)
        listener.setblocking(False)
        fresh.replace(target)
    except BaseException:
        listener.close()
        fresh.unlink(missing_ok=True)
        raise
    return listener


async def serve(listener: socket.socket, workers: Workers) -> None:
    """Let `workers` answer every caller on `listener` until cancelled, and what has begun be ended.

    Each thread takes its callers itself: between a caller and its answer there is one thread to wake, and no loop.
    """
    listener.setblocking(True)
    answering = workers.start(partial(answer_callers, listener))
    try:
        await asyncio.gather(*answering)
    finally:
        # The one thing that wakes a thread which waits for a caller.
        listener.shutdown(socket.SHUT_RDWR)


def answer_callers(listener: socket.socket, hands: Hands) -> None:
    """Answer one caller after the other until nobody listens any more. Raises OSError for a machine short of files."""
    while True:
        try:
            caller, _ = listener.accept()
        except OSError as why:
            if why.errno in _GAVE_UP:
                continue
            if why.errno == errno.EINVAL:  # nobody listens any more
                return
            raise
        try:
            respond(caller, hands)
        except Exception as why:
            log.error("a CNI call was not answered", why=why)


def respond(caller: socket.socket, hands: Hands) -> None:
    """Read one call from `caller`, answer it, hang up."""
    with caller:
        caller.settimeout(PATIENCE)
        message, descriptors = _receive(caller)
        try:
            environment, document = split(message)
            netns = f"/proc/self/fd/{descriptors[0]}" if descriptors else ""
            code, output = answer(environment, document, hands, netns)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if code:
            log.warning("a CNI call failed", call=environment, answer=output.decode(errors="replace"))
        with suppress(BrokenPipeError, ConnectionResetError):
            caller.sendall(bytes([code]) + output)


def split(message: bytes) -> tuple[dict[str, str], bytes]:
    """The variables and the standard input in a message. Raises ValueError when the variables have no end."""
    environment: dict[str, str] = {}
    start = 0
    while True:
        end = message.index(b"\0", start)
        if end == start:
            return environment, message[end + 1 :]
        name, _, value = message[start:end].decode(errors="surrogateescape").partition("=")
        environment[name] = value
        start = end + 1


def _receive(caller: socket.socket) -> tuple[bytes, list[int]]:
    """Everything until the caller's end of file, and the descriptors that came along."""
    parts: list[bytes] = []
    descriptors = array.array("i")
    size = 0
    try:
        while True:
            part, extra, _, _ = caller.recvmsg(_CHUNK, socket.CMSG_LEN(descriptors.itemsize), socket.MSG_CMSG_CLOEXEC)
            for level, kind, data in extra:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
            if not part:
                return b"".join(parts), list(descriptors)
            size += len(part)
            if size > LIMIT + ENVIRONMENT_LIMIT:
                raise ValueError(f"a CNI call is longer than {LIMIT + ENVIRONMENT_LIMIT} bytes")
            parts.append(part)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
