"""Reading a container's log: from the end or from a time, following it over rotations until the container ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pyk8s.kubelet.logs.format import moment, parse_line, shown

CHUNK_BYTES = 64 * 1024
LONGEST_LINE = 1024 * 1024
"""Bytes of one raw line that are read; the runtime splits lines long before."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a log: `tail` lines at the end, from `since` (seconds since 1970), at most `limit` bytes; None is
    all of it."""

    tail: int | None = None
    since: float | None = None
    limit: int | None = None
    timestamps: bool = False


class Formatter:
    """Turns raw lines into what a reader sees; remembers whether a line has been left open, and what was shown."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._open = {"stdout": False, "stderr": False}
        self._left = part.limit

    @property
    def is_full(self) -> bool:
        """Whether the reader has got all it asked for."""
        return self._left is not None and self._left <= 0

    def show(self, raw: bytes) -> bytes:
        """What is seen of one raw line; nothing for one that is too old or not of the format."""
        line = parse_line(raw)
        if line is None or self.is_full or self._is_old(line.time):
            return b""
        text = shown(line, timestamps=self._part.timestamps, begins=not self._open[line.stream])
        self._open[line.stream] = line.partial
        if self._left is not None:
            text = text[: self._left]
            self._left -= len(text)
        return text

    def _is_old(self, time: bytes) -> bool:
        if self._part.since is None:
            return False
        try:
            return moment(time) < self._part.since
        except ValueError:
            return False


def tail_offset(file: BinaryIO, lines: int) -> int:
    """Where the last `lines` full lines begin; parts count with the line they belong to."""
    end = file.seek(0, os.SEEK_END)
    if lines <= 0:
        return end
    found, offset, rest = 0, end, b""
    while offset > 0:
        size = min(CHUNK_BYTES, offset)
        offset -= size
        file.seek(offset)
        block = file.read(size) + rest
        starts = [0] if offset == 0 else []
        starts += [at + 1 for at, byte in enumerate(block) if byte == 0x0A and at + 1 < len(block)]
        for start in reversed(starts):
            line = parse_line(block[start : block.find(b"\n", start) if b"\n" in block[start:] else None])
            if line is not None and not line.partial:
                found += 1
                if found > lines:
                    return offset + block.index(b"\n", start) + 1
        first = block.find(b"\n")
        rest = block[: first + 1] if first >= 0 else block
        if len(rest) > LONGEST_LINE:
            break
    return 0


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The full raw lines from here on; a line without its end is left for later."""
    while True:
        at = file.tell()
        raw = file.readline(LONGEST_LINE)
        if not raw:
            return
        if not raw.endswith(b"\n") and len(raw) < LONGEST_LINE:
            file.seek(at)
            return
        yield raw


async def read_log(
    path: Path,
    part: Part,
    *,
    is_running: Callable[[], bool] = lambda: False,
    changed: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[bytes]:
    """The log at `path` in chunks. With `changed` it is followed: that returns when the file or the container may have
    changed, and the log ends when the container does not run any more and all is read. Raises OSError.
    """
    formatter = Formatter(part)
    file: BinaryIO = await asyncio.to_thread(path.open, "rb")
    try:
        if part.tail is not None:
            file.seek(await asyncio.to_thread(tail_offset, file, part.tail))
        while True:
            running = is_running()
            for chunk in _chunks(file, formatter):
                yield chunk
            if formatter.is_full:
                return
            fresh = _successor(path, file)
            if fresh is not None:
                for chunk in _chunks(file, formatter):  # what came between the last look and the rotation
                    yield chunk
                file.close()
                file = fresh
            elif changed is None or not running:
                return
            else:
                await changed()
    finally:
        file.close()


def _chunks(file: BinaryIO, formatter: Formatter) -> Iterator[bytes]:
    held = bytearray()
    for raw in lines_of(file):
        held += formatter.show(raw)
        if len(held) >= CHUNK_BYTES:
            yield bytes(held)
            held.clear()
        if formatter.is_full:
            break
    if held:
        yield bytes(held)


def _successor(path: Path, file: BinaryIO) -> BinaryIO | None:
    """The file that took this one's place, opened; None while there is none."""
    with contextlib.suppress(OSError):
        if os.fstat(file.fileno()).st_ino != path.stat().st_ino:
            return path.open("rb")
    return None
