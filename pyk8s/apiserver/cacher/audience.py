"""Who watches a collection, found by what they wait for, so that an event meets only those it may concern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.cacher.changes import Change
from pyk8s.apiserver.cacher.selection import NAME, NAMESPACE
from pyk8s.apiserver.cacher.watch import Watch


class Audience:
    """The open watches of one collection. `indexed` are the fields that watchers can be found by."""

    def __init__(self, indexed: Sequence[str]) -> None:
        self._indexed = tuple(indexed)
        self._of_all: dict[Watch, None] = {}
        self._of_some: dict[Watch, None] = {}
        self._of_one: dict[tuple[str, str], dict[Watch, None]] = {}

    def __len__(self) -> int:
        return len(self._of_all) + len(self._of_some) + sum(map(len, self._of_one.values()))

    def __iter__(self) -> Iterator[Watch]:
        """Every watch; it may be removed meanwhile."""
        return iter([*self._of_all, *self._of_some, *(one for some in self._of_one.values() for one in some)])

    def add(self, watch: Watch) -> None:
        """Tell `watch` from now on."""
        found = watch.selection.narrowest(self._indexed)
        if watch.selection.everything:
            self._of_all[watch] = None
        elif found is None:
            self._of_some[watch] = None
        else:
            self._of_one.setdefault(found, {})[watch] = None

    def remove(self, watch: Watch) -> None:
        """Tell `watch` no more; nothing happens when it is not here."""
        self._of_all.pop(watch, None)
        self._of_some.pop(watch, None)
        found = watch.selection.narrowest(self._indexed)
        if found is not None and found in self._of_one:
            self._of_one[found].pop(watch, None)
            if not self._of_one[found]:
                del self._of_one[found]

    def publish(self, changes: Sequence[Change]) -> None:
        """Tell everyone whom `changes` concern. The events of a change are made once for all of them."""
        if self._of_all:
            plain = [change.plain for change in changes]
            for watch in list(self._of_all):
                watch.offer(plain)
        for watch in list(self._of_some):
            watch.notice(changes)
        if self._of_one:
            for watch, concerning in self._concerned(changes).items():
                watch.notice(concerning)

    def _concerned(self, changes: Sequence[Change]) -> dict[Watch, list[Change]]:
        concerned: dict[Watch, list[Change]] = {}
        for change in changes:
            for wait in self._waits(change):
                for watch in self._of_one.get(wait, ()):
                    concerned.setdefault(watch, []).append(change)
        return concerned

    def _waits(self, change: Change) -> set[tuple[str, str]]:
        namespace, _, name = change.key.rpartition("/")
        waits = {(NAME, change.key), (NAME, name), (NAMESPACE, namespace)}
        for path in self._indexed:
            waits |= {(path, one.field(path)) for one in (change.old, change.new) if one is not None}
        return waits

    def end(self, error: ApiError | None = None) -> None:
        """End every watch."""
        for watch in self:
            watch.end(error)
