"""Carries messages to the kernel as one batch: it does all of them or none. Source: linux/netfilter/nfnetlink.h."""

from __future__ import annotations

import errno
import socket
import struct

from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.nftables.messages import Message

_NETFILTER, _SUBSYSTEM = 12, 10
_BEGIN, _END, _REQUEST, _ERROR = 16, 17, 0x1, 2
_SEND_BUFFER_FORCE = 32
_FRAME = struct.Struct("=IHHII")

ROOM = 1 << 16
"""Bytes for one answer."""


class Batch:
    """Sends to the namespace of the thread that made it; serves one caller at a time."""

    def __init__(self) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER)
        except OSError as why:
            raise Unsupported(f"this kernel has no netfilter netlink: load the module nfnetlink ({why})") from why
        self._number = 0
        self._room = 0

    def run(self, messages: list[Message]) -> tuple[int, int] | None:
        """Carry out `messages`. None when all is done; else the errno and the action of the first that was refused.

        The kernel has judged all of them when the call that sends them returns: its refusals lie ready then.
        """
        subsystem = struct.pack("!BBH", 0, 0, _SUBSYSTEM)
        first = self._number + 1
        parts = [_FRAME.pack(20, _BEGIN, _REQUEST, first, 0), subsystem]
        for number, (kind, flags, body, _) in enumerate(messages, first + 1):
            parts += (_FRAME.pack(16 + len(body), _SUBSYSTEM << 8 | kind, flags, number, 0), body)
        self._number = first + len(messages) + 1
        parts += (_FRAME.pack(20, _END, _REQUEST, self._number, 0), subsystem)
        text = b"".join(parts)
        try:
            if len(text) > self._room:
                self._socket.setsockopt(socket.SOL_SOCKET, _SEND_BUFFER_FORCE, 2 * len(text))
                self._room = 2 * len(text)
            self._socket.send(text)
        except OSError as why:
            return why.errno or errno.EIO, 0
        return self._refusal(first, messages)

    def _refusal(self, first: int, messages: list[Message]) -> tuple[int, int] | None:
        found = None
        while True:
            try:
                answer = self._socket.recv(ROOM, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return found
            except OSError as why:  # more refusals than there was room for: ENOBUFS
                found = found or (why.errno or errno.EIO, 0)
                continue
            at = 0
            while at + 20 <= len(answer):
                length, kind, _, number, _ = _FRAME.unpack_from(answer, at)
                failure = -struct.unpack_from("=i", answer, at + 16)[0]
                if kind == _ERROR and failure and found is None and number >= first:
                    place = number - first - 1
                    found = failure, messages[place][3] if 0 <= place < len(messages) else 0
                at += max(16, (length + 3) & ~3)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
