"""Listen to the kernel's notices: a plain socket, so that it wakes the loop only when there is something to read."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from pyk8s.kernel.errors import refused
from pyk8s.kernel.notice.values import GROUPS, Missed, Notice, read

_CHUNK = 1 << 16


class Notices:
    """Calls `told` on the running loop for every notice of this namespace, from now until `close`.

    Raises Refused when the kernel gives no socket.
    """

    def __init__(self, told: Callable[[Notice], None]) -> None:
        self._told = told
        self._loop = asyncio.get_running_loop()
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
            self._socket.bind((0, GROUPS))
        except OSError as why:
            raise refused("listen to the kernel's notices", why.errno or 0) from why
        self._loop.add_reader(self._socket.fileno(), self._read)

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError as why:
            if why.errno != errno.ENOBUFS:
                raise
            self._told(Missed())
            return
        for notice in read(data):
            self._told(notice)

    def close(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
