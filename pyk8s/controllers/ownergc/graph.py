"""Who owns whom: every object by its uid, and its dependents. Pure; holds the metadata that informers hold anyway."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from pyk8s.api.refs import Ref
from pyk8s.reconcile.fields import Metadata

REMEMBERED = 10_000
"""How many uids known to be gone are kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """One object: which resource it is of, and its metadata."""

    ref: Ref
    metadata: Metadata


class Graph:
    """Objects and their dependents, as far as they have been seen."""

    def __init__(self) -> None:
        self._items: dict[str, Item] = {}
        self._dependents: dict[str, set[str]] = {}
        self._absent: OrderedDict[str, None] = OrderedDict()

    def put(self, item: Item) -> Item | None:
        """An object is there, new or changed; what was known of it before."""
        uid = item.metadata.uid
        old = self._items.get(uid)
        before = {owner.uid for owner in old.metadata.owner_references} if old else set()
        after = {owner.uid for owner in item.metadata.owner_references}
        for owner in after - before:
            self._dependents.setdefault(owner, set()).add(uid)
        self._unlink(uid, before - after)
        self._items[uid] = item
        return old

    def remove(self, uid: str) -> Item | None:
        """An object is gone; what was known of it. Its dependents stay known as such."""
        old = self._items.pop(uid, None)
        if old is not None:
            self._unlink(uid, (owner.uid for owner in old.metadata.owner_references))
        self.note_absent(uid)
        return old

    def _unlink(self, uid: str, owners: Iterable[str]) -> None:
        for owner in owners:
            held = self._dependents.get(owner)
            if held is not None:
                held.discard(uid)
                if not held:
                    del self._dependents[owner]

    def note_absent(self, uid: str) -> None:
        """There is no object of that uid any more; uids do not come back."""
        self._absent[uid] = None
        self._absent.move_to_end(uid)
        if len(self._absent) > REMEMBERED:
            self._absent.popitem(last=False)

    def is_absent(self, uid: str) -> bool:
        """Whether the object is known to be gone; False also means: not known."""
        return uid in self._absent and uid not in self._items

    def get(self, uid: str) -> Item | None:
        """The object, if it has been seen and is not gone."""
        return self._items.get(uid)

    def dependents(self, uid: str) -> list[Item]:
        """The objects that name this one as an owner."""
        return [self._items[one] for one in self._dependents.get(uid, ()) if one in self._items]

    def __len__(self) -> int:
        return len(self._items)
