"""One inotify instance for the whole process: who waits for files waits for events of their folder.

A machine gives a user 128 instances, and several nodes may share it. Source: inotify(7).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from asyncinotify import Inotify, Mask, Watch

MASK = (
    Mask.CREATE
    | Mask.MODIFY
    | Mask.CLOSE_WRITE
    | Mask.MOVED_FROM
    | Mask.MOVED_TO
    | Mask.DELETE
    | Mask.DELETE_SELF
    | Mask.ATTRIB
)


class FileEvents:
    """Tells those who watch a folder that something in it has changed. Call `run` in a task."""

    def __init__(self) -> None:
        self._inotify = Inotify()
        self._watches: dict[Path, Watch] = {}
        self._waiting: dict[Path, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def watch(self, folder: Path) -> Iterator[asyncio.Event]:
        """An event that is set by every change in `folder`; clear it before looking. Raises OSError."""
        event = asyncio.Event()
        waiting = self._waiting.setdefault(folder, set())
        if not waiting:
            try:
                self._watches[folder] = self._inotify.add_watch(folder, MASK)
            except OSError:
                del self._waiting[folder]
                raise
        waiting.add(event)
        try:
            yield event
        finally:
            waiting.discard(event)
            if not waiting:
                self._forget(folder)

    def _forget(self, folder: Path) -> None:
        self._waiting.pop(folder, None)
        watch = self._watches.pop(folder, None)
        if watch is not None:
            with contextlib.suppress(OSError, KeyError, ValueError):  # its folder may be gone, or all be closed
                self._inotify.rm_watch(watch)

    async def run(self) -> None:
        """Pass events on until cancelled."""
        try:
            async for event in self._inotify:
                folder = event.watch.path if event.watch is not None else None
                for waiting in self._waiting.get(folder, ()) if folder is not None else self._everyone():
                    waiting.set()
        finally:
            self._inotify.close()

    def _everyone(self) -> Iterator[asyncio.Event]:
        """The kernel's queue overflowed: anybody may have missed something."""
        for waiting in self._waiting.values():
            yield from waiting
