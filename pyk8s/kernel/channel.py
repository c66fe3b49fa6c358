"""A netlink socket for many messages at once: what would be a thousand calls is a few.

The kernel works through all the messages of one datagram in their order; it answers those that fail, and the last one,
which asks for an answer. Nothing is undone when one fails, and those that come after it in its datagram are done.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pyk8s.kernel.attributes import HEADER, attributes, message, number, string
from pyk8s.kernel.errors import Refused, refused
from pyk8s.kernel.netns.run import entered

REQUEST: Final = 0x1
ACK: Final = 0x4
EXCLUSIVE: Final = 0x200
CREATE: Final = 0x400
DUMP: Final = 0x300

_ERROR, _DONE, _OVERRUN = 0x2, 0x3, 0x4
_CAPPED, _EXTENDED = 0x100, 0x200
_RECEIVE_BUFFER_FORCED = 33
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT = 270, 10, 11, 12

DATAGRAM = 32 * 1024
"""Bytes of messages sent at once; the kernel's buffer takes several times this."""

SECONDS = 20.0
"""How long the kernel may take to answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One message: its type, flags beside REQUEST, payload, and the `action` that an error names."""

    kind: int
    payload: bytes
    action: object
    flags: int = 0


class Channel:
    """A netlink socket of one protocol family in the calling thread's namespace."""

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._sequence = 0
        self._buffer = memoryview(bytearray(1 << 16))
        try:
            self._socket.settimeout(SECONDS)
            for option in (_CAP_ACK, _EXT_ACK, _STRICT):
                self._socket.setsockopt(_SOL_NETLINK, option, 1)
            # Room for the answer to every message of a datagram, should all fail.
            self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCED, 1 << 22)
            self._socket.bind((0, 0))
        except BaseException:
            self._socket.close()
            raise

    def run(self, requests: Iterable[Request]) -> None:
        """Send `requests` in their order. Raises Exists, Absent or Refused for the first that failed, after the rest of
        its datagram; later datagrams are not sent."""
        pending: list[Request] = []
        size = 0
        for request in requests:
            if size + len(request.payload) > DATAGRAM:
                self._send(pending)
                pending, size = [], 0
            pending.append(request)
            size += HEADER.size + len(request.payload)
        if pending:
            self._send(pending)

    def _send(self, requests: list[Request]) -> None:
        first, last = self._sequence + 1, self._sequence + len(requests)
        self._sequence = last
        text = b"".join(
            message(each.kind, REQUEST | each.flags | (ACK if at == last else 0), at, each.payload)
            for at, each in enumerate(requests, first)
        )
        self._put(text, requests[0])
        failure: Refused | None = None
        for sequence, kind, flags, payload in self._received():
            if kind != _ERROR or not first <= sequence <= last:
                continue
            if (code := -_signed(payload)) and failure is None:
                failure = refused(requests[sequence - first].action, code, _said(payload, flags, code))
            if sequence == last:
                break
        if failure is not None:
            raise failure

    def dump(self, request: Request) -> Iterator[tuple[int, bytes]]:
        """Type and payload of every message of the answer. Read it to its end before the next call."""
        self._sequence += 1
        wanted = self._sequence
        self._put(message(request.kind, REQUEST | DUMP | request.flags, wanted, request.payload), request)
        for sequence, kind, flags, payload in self._received():
            if sequence != wanted:
                continue
            if kind in (_DONE, _ERROR):
                if code := -_signed(payload):
                    raise refused(request.action, code, _said(payload, flags, code))
                return
            yield kind, payload

    def ask(self, request: Request) -> bytes:
        """The payload of the one message that answers; b"" when the kernel only says yes."""
        self._sequence += 1
        wanted, answer = self._sequence, b""
        self._put(message(request.kind, REQUEST | ACK | request.flags, wanted, request.payload), request)
        for sequence, kind, flags, payload in self._received():
            if sequence != wanted:
                continue
            if kind == _ERROR:
                if code := -_signed(payload):
                    raise refused(request.action, code, _said(payload, flags, code))
                break
            answer = payload
        return answer

    def _put(self, text: bytes, first: Request) -> None:
        """Hand `text`, which begins with `first`, to the kernel; it may have no room for it. Raises Refused."""
        try:
            self._socket.send(text)
        except TimeoutError as why:
            raise refused(first.action, errno.ETIMEDOUT) from why
        except OSError as why:
            raise refused(first.action, why.errno or errno.EIO) from why

    def _received(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Sequence number, type, flags and payload of each message that comes."""
        while True:
            try:
                data = bytes(self._buffer[: self._socket.recv_into(self._buffer)])
            except TimeoutError as why:
                raise refused("wait for the kernel's answer", errno.ETIMEDOUT) from why
            except OSError as why:
                raise refused("read the kernel's answer", why.errno or 0) from why
            at = 0
            while at + HEADER.size <= len(data):
                length, kind, flags, sequence, _ = HEADER.unpack_from(data, at)
                if length < HEADER.size or kind == _OVERRUN:
                    raise refused("read the kernel's answer", errno.ENOBUFS)
                yield sequence, kind, flags, data[at + HEADER.size : at + length]
                at += (length + 3) & ~3

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


@contextmanager
def channel(protocol: int, netns: str = "") -> Iterator[Channel]:
    """A channel in the namespace at path `netns` ("" is the calling thread's); raises Absent when there is none."""
    if netns:
        with entered(netns), channel(protocol) as made:
            yield made
        return
    try:
        made = Channel(protocol)
    except OSError as why:
        raise refused(f"open netlink socket {protocol}", why.errno or 0) from why
    try:
        yield made
    finally:
        made.close()


def _signed(payload: bytes) -> int:
    value = number(payload[:4])
    return value - (1 << 32) if value & 0x80000000 else value


def _said(payload: bytes, flags: int, code: int) -> str:
    """What the kernel says in words, beside the number."""
    if not flags & _EXTENDED:
        return ""
    quoted = HEADER.size if flags & _CAPPED else number(payload[4:8])
    words = dict(attributes(payload[4 + ((quoted + 3) & ~3) :])).get(1)
    return f"{string(words)} ({os.strerror(code)})" if words else ""
