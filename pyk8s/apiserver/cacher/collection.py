"""The objects of one collection, the changes of late, and who watches them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pyk8s.apiserver.cacher.audience import Audience
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.changes import Change
from pyk8s.apiserver.cacher.selection import NAME, NAMESPACE, Selection
from pyk8s.apiserver.cacher.settings import Settings

OnChange = Callable[[Cached | None, Cached | None], None]
"""Called with (old, new) for every change; must not block."""


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A part of a list as of `revision`; `after` is the key to go on from ("" at the end), `remaining` how many follow
    (0 also when a selector makes that unknown)."""

    items: Sequence[Cached]
    revision: int
    after: str = ""
    remaining: int = 0


class Collection:
    """Objects by key, kept sorted; the last changes down to (not including) the revision `floor`."""

    def __init__(self, settings: Settings, indexed: Sequence[str], floor: int) -> None:
        self.objects: dict[str, Cached] = {}
        self.floor = floor
        self.audience = Audience(indexed)
        self.listeners: list[OnChange] = []
        self._settings = settings
        self._keys: list[str] = []
        self._window: deque[Change] = deque()
        self._bytes = 0
        self._index: dict[str, dict[str, dict[str, None]]] = {path: {} for path in indexed}

    # Written by the stream.

    def change(self, key: str, revision: int, new: Cached | None, *, more: bool = False) -> Change | None:
        """Take one write over; None when it removes what is not there."""
        old = self.objects.get(key)
        if new is None:
            if old is None:
                return None
            del self.objects[key]
            del self._keys[bisect_left(self._keys, key)]
        else:
            if old is None:
                insort(self._keys, key)
            self.objects[key] = new
        self._reindex(key, old, new)
        change = Change(key, revision, old, new, more=more)
        self._remember(change)
        return change

    def _reindex(self, key: str, old: Cached | None, new: Cached | None) -> None:
        for path, index in self._index.items():
            before = None if old is None else old.field(path)
            after = None if new is None else new.field(path)
            if before == after:
                continue
            if before is not None:
                index[before].pop(key)
                if not index[before]:
                    del index[before]
            if after is not None:
                index.setdefault(after, {})[key] = None

    def _remember(self, change: Change) -> None:
        self._window.append(change)
        self._bytes += change.size
        while len(self._window) > self._settings.window or self._bytes > self._settings.window_bytes:
            gone = self._window.popleft()
            self._bytes -= gone.size
            self.floor = gone.revision

    def publish(self, changes: Sequence[Change]) -> None:
        """Tell watchers and listeners."""
        self.audience.publish(changes)
        for listener in self.listeners:
            for change in changes:
                listener(change.old, change.new)

    def forget(self, floor: int) -> None:
        """Drop the changes of late: what came before `floor` is not known any more."""
        self._window.clear()
        self._bytes = 0
        self.floor = floor

    # Read.

    def since(self, after: int) -> list[Change]:
        """The changes above revision `after`, in order; the caller has compared `after` with `floor`."""
        found: list[Change] = []
        for change in reversed(self._window):
            if change.revision <= after:
                break
            found.append(change)
        found.reverse()
        return found

    def select(self, selection: Selection) -> list[Cached]:
        """The wanted objects now, in order of their keys."""
        keys = self._candidates(selection)
        if selection.selects_none:
            return [self.objects[key] for key in keys]
        return [one for key in keys if selection.matches(one := self.objects[key])]

    def _candidates(self, selection: Selection) -> Sequence[str]:
        found = selection.narrowest(tuple(self._index))
        if found is None:
            return self._keys
        path, value = found
        if path == NAME:
            # A bare name is the key of a cluster-scoped object, or any namespace may have an object of that name.
            return [value] if value in self.objects else [] if "/" in value else self._keys
        if path == NAMESPACE:
            # "0" is the character after "/": the first key behind those of the namespace.
            return self._keys[bisect_left(self._keys, value + "/") : bisect_left(self._keys, value + "0")]
        return sorted(self._index[path].get(value, ()))

    def page(self, selection: Selection, revision: int, *, limit: int = 0, after: str = "") -> CachedPage:
        """The wanted objects as of `revision`, which is not below `floor`, behind the key `after`."""
        later = self.since(revision)
        if not later and not limit and not after:
            return CachedPage(self.select(selection), revision)
        before = {change.key: change.old for change in reversed(later)}
        keys: Sequence[str] = self._candidates(selection)
        if before:
            keys = sorted({key for key in keys if key not in before} | {key for key, one in before.items() if one})
        found: list[Cached] = []
        for at in range(bisect_right(keys, after) if after else 0, len(keys)):
            one = before.get(keys[at]) or self.objects[keys[at]]
            if not selection.matches(one):
                continue
            if limit and len(found) == limit:
                rest = self._remaining(selection, keys, at)
                return CachedPage(found, revision, found[-1].key, rest)
            found.append(one)
        return CachedPage(found, revision)

    def _remaining(self, selection: Selection, keys: Sequence[str], at: int) -> int:
        if not selection.selects_none:
            return 0
        if not selection.namespace:
            return len(keys) - at
        return bisect_left(keys, selection.namespace + "0") - at

    def difference(self, items: Iterable[Cached]) -> list[tuple[str, Cached | None]]:
        """What must be written to become `items`: (key, new), None for what is gone."""
        wanted = {one.key: one for one in items}
        gone: list[tuple[str, Cached | None]] = [(key, None) for key in self._keys if key not in wanted]
        held = self.objects
        return gone + [(k, one) for k, one in wanted.items() if k not in held or held[k].revision != one.revision]
