"""Sets held in a dictionary: the same transactions, no kernel."""

from __future__ import annotations

import errno
from dataclasses import replace
from functools import reduce

from pyk8s.kernel.errors import refused
from pyk8s.kernel.ipset.values import Action, Add, Content, Create, Destroy, Flush, Remove, Set, Transaction, split


class FakeSets:
    """Runs transactions on `sets`, by name. Names in `used` stand for sets that a packet rule uses."""

    def __init__(self) -> None:
        self.sets: dict[str, Content] = {}
        self.used: set[str] = set()

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises what the kernel would, with nothing done."""
        self.sets = reduce(self._step, transaction, self.sets)

    def observe(self, prefix: str = "") -> dict[str, Content]:
        """Every set whose name begins with `prefix`."""
        return {name: content for name, content in self.sets.items() if name.startswith(prefix)}

    def _step(self, sets: dict[str, Content], action: Action) -> dict[str, Content]:
        match action:
            case Create(made):
                if made.name in sets:
                    raise refused(action, errno.EEXIST)
                return {**sets, made.name: Content(made)}
            case Destroy(name):
                _held(sets, name, action)
                if name in self.used:
                    raise refused(action, errno.EBUSY, "a packet rule uses the set")
                return {each: content for each, content in sets.items() if each != name}
            case Flush(name):
                return {**sets, name: replace(_held(sets, name, action), members={})}
            case Add(into, member, mark, again):
                held = _members(sets, into, member, action)
                if member in held and not again:
                    raise refused(action, errno.EEXIST)
                return {**sets, into.name: Content(sets[into.name].set, {**held, member: mark})}
            case Remove(into, member):
                held = _members(sets, into, member, action)
                if member not in held:
                    raise refused(action, errno.ENOENT)
                rest = {each: mark for each, mark in held.items() if each != member}
                return {**sets, into.name: Content(sets[into.name].set, rest)}


def _held(sets: dict[str, Content], name: str, action: Action) -> Content:
    if name not in sets:
        raise refused(action, errno.ENOENT)
    return sets[name]


def _members(sets: dict[str, Content], into: Set, member: str, action: Action) -> dict[str, int]:
    held = _held(sets, into.name, action)
    split(held.set.kind, member)
    return dict(held.members)
