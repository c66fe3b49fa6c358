"""The store in memory: the same promises as etcd's, for tests, simulations and a cluster that may forget."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeVar

from pyk8s.storage.interface import Batch, Compacted, Event, Item, Page, Unavailable
from pyk8s.storage.ledger import Ledger
from pyk8s.storage.limits import require_size

T = TypeVar("T")


class MemoryStore:
    """`interface.Store` on a `Ledger`. Everything is lost when the process ends."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._closed = False
        self._news: asyncio.Future[None] | None = None

    async def create(self, key: str, value: bytes, *, lease: int = 0) -> int:
        """Write `key` if it is absent and return the revision."""
        require_size(key, value)
        return self._write(lambda ledger: ledger.create(key, value, lease))

    async def update(self, key: str, value: bytes, *, expected: int, lease: int = 0) -> int:
        """Write `key` if its revision is `expected` and return the new one."""
        require_size(key, value)
        return self._write(lambda ledger: ledger.update(key, value, expected, lease))

    async def delete(self, key: str, *, expected: int = 0) -> int:
        """Remove `key`, if its revision is `expected` (0: whatever it is)."""
        return self._write(lambda ledger: ledger.delete(key, expected))

    async def get(self, key: str) -> tuple[Item | None, int]:
        """The item, or None, and the revision."""
        return self._open().get(key), self._ledger.revision

    async def list(self, prefix: str, *, revision: int = 0, limit: int = 0, after: str = "") -> Page:
        """The items under `prefix` as of `revision`."""
        return self._open().page(prefix, revision=revision, limit=limit, after=after)

    async def watch(self, prefix: str, *, after: int, previous: bool = True) -> AsyncIterator[Batch]:
        """Every write under `prefix` above `after`; what stood there before is always known here."""
        self._open().check(after)
        while True:
            ledger = self._open()
            if after < ledger.compacted:
                raise Compacted(f"the watch had come to {after}, which has been compacted", ledger.compacted)
            if events := ledger.since(after):
                after = ledger.revision
                for batch in _batches(prefix, events):
                    yield batch
                    self._open()
            else:
                await self._wait()

    async def revision(self) -> int:
        """The revision now."""
        return self._open().revision

    async def grant(self, seconds: int) -> int:
        """A lease that removes its keys after `seconds` on the loop's clock."""
        lease = self._open().grant()
        asyncio.get_running_loop().call_later(seconds, self._expire, lease)
        return lease

    def _expire(self, lease: int) -> None:
        if not self._closed:
            self._write(lambda ledger: ledger.revoke(lease))

    async def compact(self, revision: int) -> None:
        """Forget what was written over or removed before `revision`."""
        self._open().compact(revision)

    async def defragment(self) -> None:
        """Nothing to do: memory is given back as it is."""
        self._open()

    async def close(self) -> None:
        """End watches; afterwards every method raises Unavailable."""
        self._closed = True
        self._tell()

    def _open(self) -> Ledger:
        if self._closed:
            raise Unavailable("the store is closed")
        return self._ledger

    def _write(self, act: Callable[[Ledger], T]) -> T:
        outcome = act(self._open())
        self._tell()
        return outcome

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set_result(None)
            self._news = None

    async def _wait(self) -> None:
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._news)


BATCH_REVISIONS = 500
"""Revisions in one batch at most, so that a long backlog is read in parts."""


def _batches(prefix: str, events: Sequence[Event]) -> list[Batch]:
    by_revision = [list(group) for _, group in itertools.groupby(events, key=lambda event: event.revision)]
    batches = []
    for start in range(0, len(by_revision), BATCH_REVISIONS):
        part = by_revision[start : start + BATCH_REVISIONS]
        wanted = tuple(event for group in part for event in group if event.key.startswith(prefix))
        batches.append(Batch(wanted, part[-1][0].revision))
    return batches
