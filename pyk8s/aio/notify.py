"""Readiness told over a unix datagram socket, in the form systemd made usual: lines of NAME=value in one datagram.

A program says `ready()` once it serves; whoever started it listens with `Listener`. The address comes in the
environment variable NOTIFY_SOCKET. Source: sd_notify(3), "Notes" (a protocol kept stable).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

VARIABLE = "NOTIFY_SOCKET"

LONGEST_MESSAGE = 4096
"""Bytes of one datagram that are read; the rest is dropped."""

LONGEST_ADDRESS = 107
"""Bytes that the path of a unix socket may have. Source: unix(7)."""


def encode(**fields: str) -> bytes:
    """The datagram that says `fields`. Raises ValueError when a value holds a line feed."""
    for name, value in fields.items():
        if "\n" in value:
            raise ValueError(f"{name}: a notification cannot carry a line feed: {value!r}")
    return "\n".join(f"{name}={value}" for name, value in fields.items()).encode()


def decode(message: bytes) -> dict[str, str]:
    """The fields of a datagram; lines without "=" and bytes that are not UTF-8 are left out."""
    lines = message.decode("utf-8", "replace").split("\n")
    return {name: value for name, mark, value in (line.partition("=") for line in lines) if mark and name}


def notify(**fields: str) -> bool:
    """Send `fields` to whoever started this process; False when nobody asked or nobody listens any more."""
    address = os.environ.get(VARIABLE, "")
    if not address:
        return False
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(encode(**fields), target)
        except OSError:
            return False
    return True


def ready(status: str = "") -> bool:
    """Say that this process serves now; False when nobody listens."""
    return notify(READY="1", STATUS=status) if status else notify(READY="1")


class Listener:
    """The listening half: one socket at `path`, each datagram handed decoded to `told`."""

    def __init__(self, path: Path, told: Callable[[Mapping[str, str]], None]) -> None:
        self.path = path
        self._told = told
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Listen on the running loop; a file left by a predecessor is replaced.

        Raises ValueError when the path is too long for a unix socket.
        """
        if len(os.fsencode(self.path)) > LONGEST_ADDRESS:
            raise ValueError(f"{self.path}: longer than the {LONGEST_ADDRESS} bytes a unix socket's path may have")
        self.path.unlink(missing_ok=True)
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        with contextlib.ExitStack() as undo:
            undo.callback(receiver.close)
            receiver.bind(os.fspath(self.path))
            self.path.chmod(0o600)
            undo.pop_all()
        self._socket = receiver
        asyncio.get_running_loop().add_reader(receiver, self._read)

    def close(self) -> None:
        """Stop listening and remove the socket's file; a second call does nothing."""
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        assert self._socket is not None
        with contextlib.suppress(BlockingIOError):
            self._told(decode(self._socket.recv(LONGEST_MESSAGE)))
