"""One watcher: a bounded queue between the cache, which never waits, and a reader, which may be slow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.changes import Change, bookmark
from pyk8s.apiserver.cacher.selection import Selection
from pyk8s.client.interface import WatchEvent


class Watch:
    """An asynchronous iterator of batches of events; whoever opened it calls `close`, or uses it as a context.

    It ends when its time is up, or when its reader is too slow (`cut_off`): what was waiting is still handed over, and
    the reader resumes from the last version it has seen. Raises ApiError("Expired") when the cache had to start anew.
    """

    def __init__(
        self,
        resource: Resource,
        selection: Selection,
        *,
        bookmarks: bool,
        backlog: int,
        closed: Callable[[Watch], None],
    ) -> None:
        self.resource, self.selection, self.bookmarks = resource, selection, bookmarks
        self.cut_off = False
        self._backlog = backlog
        self._closed = closed
        self._waiting: deque[Sequence[WatchEvent]] = deque()
        self._count = 0
        self._marked = 0
        self._ended = False
        self._error: ApiError | None = None
        self._wake: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What the cache calls.

    def begin(self, events: Sequence[WatchEvent]) -> None:
        """Hand over where the watch begins; however many, as they are held by the cache anyway."""
        if events:
            self._waiting.append(events)
            self._tell()

    def offer(self, events: Sequence[WatchEvent]) -> None:
        """Hand over what has happened; cut the reader off when it is too far behind."""
        if self._count + len(events) > self._backlog:
            self.cut_off = True
            self.end()
            return
        self._count += len(events)
        self._waiting.append(events)
        self._tell()

    def notice(self, changes: Sequence[Change]) -> None:
        """Hand over those of `changes` that the selection means."""
        selection = self.selection
        if events := [told for change in changes if (told := change.told(selection)) is not None]:
            self.offer(events)

    def mark(self, revision: int) -> None:
        """Say that everything up to `revision` has been handed over."""
        if self.bookmarks and revision > self._marked:
            self._marked = revision
            self.offer((bookmark(self.resource, revision),))

    def end(self, error: ApiError | None = None) -> None:
        """Hand over what waits, then end (or raise `error`)."""
        if not self._ended:
            self._ended, self._error = True, error
            if self._timer is not None:
                self._timer.cancel()
            self._closed(self)
            self._tell()

    def end_after(self, seconds: float, revision: Callable[[], int]) -> None:
        """End in `seconds`, with a bookmark of `revision()` for those who want one."""

        def finish() -> None:
            self.mark(revision())
            self.end()

        self._timer = asyncio.get_running_loop().call_later(seconds, finish)

    def _tell(self) -> None:
        if self._wake is not None:
            if not self._wake.done():  # its reader may have been cancelled a moment ago
                self._wake.set_result(None)
            self._wake = None

    # What the reader calls.

    def close(self) -> None:
        """Stop watching; what still waits is dropped."""
        self._waiting.clear()
        self.end()

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Sequence[WatchEvent]:
        """Everything that waits, at least one event."""
        while not self._waiting:
            if self._ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            if self._wake is None:
                self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            except asyncio.CancelledError:
                self._wake = None
                raise
        self._count = 0
        if len(self._waiting) == 1:
            return self._waiting.popleft()
        batch = [event for part in self._waiting for event in part]
        self._waiting.clear()
        return batch

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
