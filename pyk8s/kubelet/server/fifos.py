"""The standard streams of a program as FIFOs: read and written without blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

CHUNK_BYTES = 32 * 1024


class Fifos:
    """Up to three FIFOs in a folder of their own, which must not exist yet."""

    def __init__(self, folder: Path, *, stdin: bool, stdout: bool, stderr: bool) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True)
        wanted = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        self._paths = {name: str(folder / name) if use else "" for name, use in wanted.items()}
        for path in filter(None, self._paths.values()):
            os.mkfifo(path, 0o600)
        # Readers first: the other side cannot open a FIFO for writing before there is one.
        self.readers = {name: _open_reader(self._paths[name]) for name in ("stdout", "stderr") if self._paths[name]}
        self._writer = -1

    @property
    def paths(self) -> tuple[str, str, str]:
        """The paths of standard input, output and error."""
        return self._paths["stdin"], self._paths["stdout"], self._paths["stderr"]

    def open_writer(self) -> None:
        """Open the standard input for writing: the program must have been started. Raises OSError."""
        self._writer = os.open(self._paths["stdin"], os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    async def write(self, data: bytes) -> None:
        """Write all of `data`; waits while the program does not read. Raises BrokenPipeError."""
        view = memoryview(data)
        while view and self._writer >= 0:
            try:
                view = view[os.write(self._writer, view) :]
            except BlockingIOError:
                await writable(self._writer)

    def close_writer(self) -> None:
        """No more standard input."""
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1

    async def read(self, name: str) -> bytes:
        """The next bytes of "stdout" or "stderr"; b"" at its end."""
        descriptor = self.readers[name]
        await readable(descriptor)
        while True:
            try:
                return os.read(descriptor, CHUNK_BYTES)
            except BlockingIOError:
                await readable(descriptor)

    def close(self) -> None:
        """Close what is open and remove the folder."""
        self.close_writer()
        for descriptor in self.readers.values():
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.readers = {}
        shutil.rmtree(self._folder, ignore_errors=True)


def _open_reader(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


async def readable(descriptor: int) -> None:
    """Wait until there is something to read, or its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.add_reader(descriptor, _settle, future)
    try:
        await future
    finally:
        loop.remove_reader(descriptor)


async def writable(descriptor: int) -> None:
    """Wait until something can be written."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    loop.add_writer(descriptor, _settle, future)
    try:
        await future
    finally:
        loop.remove_writer(descriptor)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
