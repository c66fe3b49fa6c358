"""The synchronous core of the store in memory: what is there now, and every write since the last compaction."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence

from pyk8s.storage.interface import (
    Compacted,
    Event,
    FutureRevision,
    Item,
    KeyExists,
    KeyNotFound,
    LeaseNotFound,
    Page,
    RevisionMismatch,
)


class Ledger:
    """Keys and values with revisions, as `interface.Store` promises them, without waiting for anything.

    The first revision is 1: an empty store, as in etcd.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        self.history: list[Event] = []
        """Every write above `compacted`, in order."""
        self._items: dict[str, Item] = {}
        self._keys: list[str] = []
        self._leases: dict[int, set[str]] = {}
        self._lease_of: dict[str, int] = {}

    def get(self, key: str) -> Item | None:
        """The item now, or None."""
        return self._items.get(key)

    def items(self) -> dict[str, bytes]:
        """Every key and its value now."""
        return {key: self._items[key].value for key in self._keys}

    def create(self, key: str, value: bytes, lease: int = 0) -> int:
        """Write `key` if it is absent. Raises KeyExists, LeaseNotFound."""
        if key in self._items:
            raise KeyExists(f"{key} exists already")
        return self._put(key, value, lease)

    def update(self, key: str, value: bytes, expected: int, lease: int = 0) -> int:
        """Write `key` if its revision is `expected`. Raises KeyNotFound, RevisionMismatch, LeaseNotFound."""
        self._expect(key, expected)
        return self._put(key, value, lease)

    def delete(self, key: str, expected: int = 0) -> int:
        """Remove `key`. Raises KeyNotFound, RevisionMismatch."""
        self._expect(key, expected)
        return self._remove([key])

    def _expect(self, key: str, expected: int) -> None:
        held = self._items.get(key)
        if held is None:
            raise KeyNotFound(f"{key} does not exist")
        if expected and held.revision != expected:
            raise RevisionMismatch(f"{key} is at revision {held.revision}, not {expected}", held)

    def _put(self, key: str, value: bytes, lease: int) -> int:
        if lease and lease not in self._leases:
            raise LeaseNotFound(f"there is no lease {lease}; it may have run out")
        self.revision += 1
        before = self._items.get(key)
        if before is None:
            insort(self._keys, key)
        self._items[key] = Item(key, value, self.revision)
        self.history.append(Event(key, self.revision, value, before))
        self._attach(key, lease)
        return self.revision

    def _remove(self, keys: Sequence[str]) -> int:
        """Remove `keys`, all in one revision."""
        self.revision += 1
        for key in keys:
            before = self._items.pop(key)
            del self._keys[bisect_left(self._keys, key)]
            self.history.append(Event(key, self.revision, None, before))
            self._attach(key, 0)
        return self.revision

    def _attach(self, key: str, lease: int) -> None:
        old = self._lease_of.pop(key, 0)
        if old:
            self._leases[old].discard(key)
        if lease:
            self._lease_of[key] = lease
            self._leases[lease].add(key)

    def grant(self) -> int:
        """A new lease; keys written under it go when it is revoked."""
        lease = max(self._leases, default=0) + 1
        self._leases[lease] = set()
        return lease

    def revoke(self, lease: int) -> None:
        """End `lease` and remove what was written under it, all in one revision."""
        keys = sorted(self._leases.get(lease, ()))
        if keys:
            self._remove(keys)
        self._leases.pop(lease, None)

    def page(self, prefix: str, *, revision: int = 0, limit: int = 0, after: str = "") -> Page:
        """The items under `prefix` as of `revision`. Raises Compacted, FutureRevision."""
        revision = revision or self.revision
        self.check(revision)
        keys, changed = self._as_of(prefix, revision)
        start = bisect_right(keys, after) if after else 0
        stop = start + limit if limit else len(keys)
        found = tuple(changed.get(key) or self._items[key] for key in keys[start:stop])
        rest = max(0, len(keys) - stop)
        return Page(found, revision, found[-1].key if rest else "", rest)

    def _as_of(self, prefix: str, revision: int) -> tuple[list[str], dict[str, Item | None]]:
        """The keys under `prefix` as of `revision`, and what stood under those that were written later."""
        start = bisect_left(self._keys, prefix)
        keys = self._keys[start : bisect_left(self._keys, prefix + "\U0010ffff", start)]
        changed: dict[str, Item | None] = {}
        for event in reversed(self.history):
            if event.revision <= revision:
                break
            if event.key.startswith(prefix):
                changed[event.key] = event.previous
        if changed:
            there = {key for key in keys if key not in changed} | {key for key, item in changed.items() if item}
            keys = sorted(there)
        return keys, changed

    def check(self, revision: int) -> None:
        """Raise Compacted or FutureRevision when `revision` cannot be asked for."""
        if revision < self.compacted:
            raise Compacted(f"revision {revision} has been compacted; {self.compacted} is the oldest", self.compacted)
        if revision > self.revision:
            raise FutureRevision(f"revision {revision} has not been reached; the store is at {self.revision}")

    def since(self, after: int) -> Sequence[Event]:
        """Every write above revision `after`, in order. Raises Compacted, FutureRevision."""
        self.check(after)
        return self.history[bisect_right(self.history, after, key=lambda event: event.revision) :]

    def compact(self, revision: int) -> None:
        """Forget the writes up to `revision`. Raises Compacted, FutureRevision."""
        if revision <= self.compacted:
            raise Compacted(f"revision {revision} has been compacted already", self.compacted)
        self.check(revision)
        self.history = list(self.since(revision))
        self.compacted = revision
