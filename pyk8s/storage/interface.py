"""What a store of bytes under keys must do; `storage.etcd` and `storage.memory` do it, one contract suite judges both.

A revision is a positive integer that grows with every write to the store; an item's revision is that of its last write.
Keys are text that begins with "/"; values are bytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

MAX_VALUE_BYTES = 1_500_000
"""A value larger than this is refused with `ValueTooLarge` (etcd's default request limit is 1.5 MiB)."""


class StorageError(Exception):
    """Anything a store refuses or cannot do."""


class KeyExists(StorageError):
    """A create found the key taken."""


class KeyNotFound(StorageError):
    """An update or delete found no such key."""


class RevisionMismatch(StorageError):
    """The key's revision is not the one expected; `current` is what is there now."""

    def __init__(self, message: str, current: Item) -> None:
        super().__init__(message)
        self.current = current


class Compacted(StorageError):
    """The revision asked for is gone; `compacted` is the oldest that can still be asked for."""

    def __init__(self, message: str, compacted: int) -> None:
        super().__init__(message)
        self.compacted = compacted


class FutureRevision(StorageError):
    """The revision asked for has not been reached yet."""


class ValueTooLarge(StorageError):
    """The value is over MAX_VALUE_BYTES."""


class LeaseNotFound(StorageError):
    """The lease named has run out, or never was."""


class Unavailable(StorageError):
    """The store cannot be reached in time; a write that raises this was read back and is known not to have happened,
    unless `unknown` is true: then nobody could find out."""

    def __init__(self, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Item:
    """One key and its value; `revision` is that of its last write."""

    key: str
    value: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: `items` in key order, as of `revision`; `after` is the key to go on from ("" at the end)."""

    items: tuple[Item, ...]
    revision: int
    after: str = ""
    remaining: int = 0
    """How many more keys there are after this page."""


@dataclass(frozen=True, slots=True)
class Event:
    """One write: `value` is None for a delete; `previous` is what stood there before (None for a create)."""

    key: str
    revision: int
    value: bytes | None
    previous: Item | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order of revision, never splitting a revision; after it everything up to `revision` has been seen.

    A batch without events only says that the revision advanced.
    """

    events: tuple[Event, ...]
    revision: int


class Store(Protocol):
    """Keys and values with revisions. Every method may raise `Unavailable`."""

    async def create(self, key: str, value: bytes, *, lease: int = 0) -> int:
        """Write `key` if it is absent and return the revision. Raises KeyExists, ValueTooLarge, LeaseNotFound."""
        ...

    async def update(self, key: str, value: bytes, *, expected: int, lease: int = 0) -> int:
        """Write `key` if its revision is `expected` and return the new one. Without `lease` it stays for good.
        Raises KeyNotFound, RevisionMismatch, ValueTooLarge, LeaseNotFound."""
        ...

    async def delete(self, key: str, *, expected: int = 0) -> int:
        """Remove `key`, if its revision is `expected` (0: whatever it is), and return the revision of the removal.
        Raises KeyNotFound, RevisionMismatch."""
        ...

    async def get(self, key: str) -> tuple[Item | None, int]:
        """The item, or None, and the store's revision when it was read."""
        ...

    async def list(self, prefix: str, *, revision: int = 0, limit: int = 0, after: str = "") -> Page:
        """The items under `prefix` as of `revision` (0: now), at most `limit` (0: all), behind the key `after`.
        Raises Compacted, FutureRevision."""
        ...

    def watch(self, prefix: str, *, after: int, previous: bool = True) -> AsyncIterator[Batch]:
        """Every write under `prefix` with a revision above `after`, in order, for ever, across reconnections.
        A reader that knows what it has seen says `previous` False, and `Event.previous` need not be told.
        Raises Compacted (also when `after` is below the compacted revision at the very edge) and FutureRevision."""
        ...

    async def revision(self) -> int:
        """The store's revision now, read consistently."""
        ...

    async def grant(self, seconds: int) -> int:
        """A new lease: about `seconds` from now every key written under it is removed, in one revision."""
        ...

    async def compact(self, revision: int) -> None:
        """Forget what was written over or removed before `revision`. Raises Compacted when that has been done
        already, FutureRevision."""
        ...

    async def defragment(self) -> None:
        """Give unused space back to the file system; a no-op where there is none."""
        ...

    async def close(self) -> None:
        """End watches and connections; afterwards every method raises Unavailable."""
        ...
