"""This terminal joined to a program in a container: keys there, output here, the size of the window with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
import threading
import tty as tty_modes
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from pyk8s.api.refs import Ref
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.streams import Container, Session, Streams

CHUNK = 32 * 1024
"""Bytes read from standard input at once."""

PIECES = 16
"""So many of them wait at most to be sent."""


async def execute(
    client: GrpcClient, pod: Ref, container: str, command: Sequence[str], *, stdin: bool, tty: bool
) -> int:
    """Run `command` in the container with this program's input and output; its exit code."""
    streams = Streams(client.channel, client.caller)
    place = Container(pod.namespace, pod.name, container)
    return await _joined(streams.exec(place, command, stdin=stdin, tty=tty), stdin=stdin, tty=tty)


async def attach(client: GrpcClient, pod: Ref, container: str = "", *, stdin: bool = False, tty: bool = False) -> int:
    """Join the container's own program; its exit code, or 0 when it is left running."""
    streams = Streams(client.channel, client.caller)
    return await _joined(
        streams.attach(Container(pod.namespace, pod.name, container), stdin=stdin, tty=tty), stdin=stdin, tty=tty
    )


async def _joined(session: Session, *, stdin: bool, tty: bool) -> int:
    with raw_mode() if tty else contextlib.nullcontext():
        async with session:
            helpers = []
            if tty:
                helpers.append(asyncio.ensure_future(_follow_size(session)))
            if stdin:
                helpers.append(asyncio.ensure_future(_send_input(session)))
            try:
                async for channel, data in session.output():
                    _write(2 if channel == "stderr" else 1, data)
            finally:
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)
    return session.exit_code or 0


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


async def _send_input(session: Session) -> None:
    async for data in standard_input():
        await session.send(data)
    await session.close_stdin()


def _read_input() -> bytes:
    try:
        return os.read(0, CHUNK)
    except OSError:  # a folder, or a terminal that is gone: there is no more
        return b""


async def standard_input() -> AsyncIterator[bytes]:
    """What comes on standard input, be it a terminal, a pipe or a file, until its end.

    A thread of its own reads: a file cannot be polled, and a read that hangs must not hold up the end.
    """
    loop, pieces, room = asyncio.get_running_loop(), asyncio.Queue[bytes](), threading.Semaphore(PIECES)

    def read() -> None:
        # The loop may be closed while this thread still waits for a key.
        with contextlib.suppress(RuntimeError):
            data = b"x"
            while data:
                data = _read_input()
                room.acquire()
                loop.call_soon_threadsafe(pieces.put_nowait, data)

    threading.Thread(target=read, daemon=True, name="stdin").start()
    while data := await pieces.get():
        room.release()
        yield data


async def _follow_size(session: Session) -> None:
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    try:
        while True:
            size = shutil.get_terminal_size()
            await session.resize(size.columns, size.lines)
            await changed.wait()
            changed.clear()
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


@contextlib.contextmanager
def raw_mode() -> Iterator[None]:
    """Every key goes through as it is; undone at the end. Nothing to do when standard input is no terminal."""
    if not sys.stdin.isatty():
        yield
        return
    before: list[Any] = termios.tcgetattr(0)
    tty_modes.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
