"""A table held in memory: all or nothing, and refusing step by step what the kernel refuses."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable

from pyk8s.kernel.errors import refused
from pyk8s.kernel.nftables.values import (
    NO_TABLE,
    Action,
    Add,
    Chain,
    Delete,
    Element,
    Family,
    Flush,
    Held,
    Map,
    Rule,
    Set,
    Survey,
    Table,
    Transaction,
    asks,
    leads_to,
    shape,
)


class FakeNftables:
    """Runs transactions on `held`, None while there is no table; a refused action leaves it as it was."""

    def __init__(self, family: Family = "ip", held: Held | None = None) -> None:
        self.family: Family = family
        self.held = held
        self.transactions: list[Transaction] = []

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent, Exists or Refused."""
        if not transaction:
            return
        table = None if self.held is None else _Working(self.held)
        for action in transaction:
            table = _step(table, action)
        self.held = None if table is None else table.held()
        self.transactions.append(transaction)

    def observe(self) -> Held | None:
        """What the table holds; None: there is none."""
        return self.held

    def survey(self) -> Survey:
        """How many rules and elements the table holds, and where."""
        held = self.held
        if held is None:
            return NO_TABLE
        return Survey(
            {name: (chain.hook, len(held.rules[name])) for name, chain in held.chains.items()},
            {name: (shape(each, self.family), len(held.elements[name])) for name, each in held.sets.items()},
        )


class _Working:
    """A table while a transaction runs on it: what it holds, and how often each chain and set is referred to."""

    def __init__(self, held: Held) -> None:
        self.chains = dict(held.chains)
        self.rules = {name: list(rules) for name, rules in held.rules.items()}
        self.sets = dict(held.sets)
        self.elements = {name: dict(elements) for name, elements in held.elements.items()}
        self.uses: Counter[str] = Counter()
        for rules in self.rules.values():
            self.uses.update(name for rule in rules for name in _named(rule))
        for elements in self.elements.values():
            self.uses.update(name for element in elements.values() for name in _named(element))

    def held(self) -> Held:
        return Held(self.chains, {name: tuple(rules) for name, rules in self.rules.items()}, self.sets, self.elements)

    def drop(self, things: Iterable[Rule | Element]) -> None:
        self.uses.subtract(name for thing in things for name in _named(thing))


def _named(thing: Rule | Element) -> list[str]:
    """What `thing` refers to: "chain A", "set B"."""
    if isinstance(thing, Element):
        return [f"chain {chain}" for chain in leads_to(thing.data)]
    return [*(f"chain {chain}" for chain in leads_to(thing.target)), *(f"set {name}" for name in asks(thing))]


def _step(table: _Working | None, action: Action) -> _Working | None:
    if isinstance(action.thing, Table):
        if isinstance(action, Add):
            return table or _Working(Held())
        if table is None:
            raise refused(action, errno.ENOENT)
        return None
    if table is None:
        raise refused(action, errno.ENOENT)
    match action:
        case Add():
            _add(table, action)
        case Flush():
            _flush(table, action)
        case Delete():
            _delete(table, action)
    return table


def _add(table: _Working, action: Add) -> None:
    thing = action.thing
    match thing:
        case Chain(name):
            if table.chains.setdefault(name, thing) != thing:
                raise refused(action, errno.EEXIST)
            table.rules.setdefault(name, [])
        case Set(name) | Map(name):
            if table.sets.setdefault(name, thing) != thing:
                raise refused(action, errno.EEXIST)
            table.elements.setdefault(name, {})
        case Rule(chain):
            if chain not in table.chains:
                raise refused(action, errno.ENOENT)
            _refer(table, action, thing)
            table.rules[chain].append(thing)
        case Element(name, key, data):
            held = table.elements.get(name)
            if held is None:
                raise refused(action, errno.ENOENT)
            if key in held and held[key].data != data:
                raise refused(action, errno.EEXIST)
            if key not in held:
                _refer(table, action, thing)
                held[key] = thing


def _refer(table: _Working, action: Action, thing: Rule | Element) -> None:
    for name in _named(thing):
        kind, _, wanted = name.partition(" ")
        if wanted not in (table.chains if kind == "chain" else table.sets):
            raise refused(action, errno.ENOENT)
        table.uses[name] += 1


def _flush(table: _Working, action: Flush) -> None:
    name = action.thing.name
    if isinstance(action.thing, Chain):
        if name not in table.rules:
            raise refused(action, errno.ENOENT)
        table.drop(table.rules[name])
        table.rules[name] = []
        return
    if name not in table.elements:
        raise refused(action, errno.ENOENT)
    table.drop(table.elements[name].values())
    table.elements[name] = {}


def _delete(table: _Working, action: Delete) -> None:
    thing = action.thing
    match thing:
        case Chain(name):
            if name not in table.chains:
                raise refused(action, errno.ENOENT)
            table.drop(table.rules[name])
            if table.uses[f"chain {name}"]:
                raise refused(action, errno.EBUSY)
            del table.chains[name], table.rules[name]
        case Set(name) | Map(name):
            if name not in table.sets:
                raise refused(action, errno.ENOENT)
            if table.uses[f"set {name}"]:
                raise refused(action, errno.EBUSY)
            table.drop(table.elements[name].values())
            del table.sets[name], table.elements[name]
        case Element(name, key):
            held = table.elements.get(name, {})
            if key not in held:
                raise refused(action, errno.ENOENT)
            table.drop([held.pop(key)])
