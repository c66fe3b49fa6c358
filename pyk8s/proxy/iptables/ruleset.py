"""The rules of all services together, and what a change of a few of them takes. Pure but for what it remembers."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from pyk8s.kernel.iptables.values import (
    BUILT_IN,
    Action,
    Jump,
    Put,
    Remove,
    Rule,
    Survey,
    Tables,
    Transaction,
    Withdraw,
    edit,
    plan_jumps,
)
from pyk8s.proxy.backend import Chain
from pyk8s.proxy.iptables.rules import OWN_PREFIXES, Piece, plan_piece
from pyk8s.proxy.iptables.shared import JUMPS, plan_tables, shared_filter, shared_nat
from pyk8s.proxy.plan import Intent, Key, Settings

SHARED: frozenset[Chain] = frozenset(
    (table, name) for table, chains in plan_tables((), Settings()).items() for name in chains
)
"""The chains with fixed names."""

PortKey: TypeAlias = tuple[str, str]
"""A service port's id and protocol."""

NOTHING = Piece()


class Ruleset:
    """What was planned last, by service; `change` replaces some of it and says what that takes in the kernel."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pieces: dict[PortKey, Piece] = {}
        self._order: list[PortKey] = []
        self.intents: dict[Key, tuple[Intent, ...]] = {}

    def change(self, services: Mapping[Key, tuple[Intent, ...]]) -> Transaction:
        """Let `services` mean what they say, () for one that is gone; the changes for a kernel that had the rest."""
        changed = {
            key: (piece, new)
            for service, intents in services.items()
            for key, piece, new in self._changed(service, intents)
        }
        if not changed:
            return ()
        shared_before = self._shared() if any(_moves(old, new) for old, new in changed.values()) else None
        for key, (_, new) in changed.items():
            self._set(key, new)
        puts: list[Action] = []
        gone: list[Action] = []
        for old, new in changed.values():
            puts += [Put("nat", name, rules) for name, rules in new.chains.items() if old.chains.get(name) != rules]
            gone += [Remove("nat", name) for name in old.chains if name not in new.chains]
        if shared_before is not None:
            after = self._shared()
            for table, chains in after.items():
                for name, rules in chains.items():
                    if shared_before[table][name] != rules:
                        puts += edit(table, name, shared_before[table][name], rules)
        return (*puts, *gone)

    def whole(self, surveys: Mapping[str, Survey]) -> Transaction:
        """Everything, for a kernel of which only `surveys` (by table) are known: chains, jumps to them, and the removal
        of what is stale."""
        wanted = self.tables()
        puts = [Put(table, name, rules) for table, chains in wanted.items() for name, rules in chains.items()]
        built_in = {table: survey.built_in for table, survey in surveys.items()}
        stale = [
            Remove(table, name)
            for table, survey in surveys.items()
            for name in survey.counts
            if name not in wanted[table] and name not in BUILT_IN[table] and name.startswith(OWN_PREFIXES)
        ]
        return (*puts, *plan_jumps(JUMPS, built_in, first=True), *stale)

    def stands(self, surveys: Mapping[str, Survey]) -> bool:
        """Whether the kernel of `surveys` has what was planned, as far as numbers of rules can tell."""
        built_in = {table: survey.built_in for table, survey in surveys.items()}
        if plan_jumps(JUMPS, built_in, first=True):
            return False
        wanted = self.tables()
        for table, survey in surveys.items():
            ours = {
                name: n for name, n in survey.counts.items() if name.startswith(OWN_PREFIXES) or name in wanted[table]
            }
            if ours != {name: len(rules) for name, rules in wanted[table].items()}:
                return False
        return True

    def nothing(self, surveys: Mapping[str, Survey], keep: frozenset[Chain] = frozenset()) -> Transaction:
        """What takes every chain of this mode and every jump to one away, but for those in `keep`."""
        gone = {
            table: [name for name in survey.counts if is_ours(table, name) and (table, name) not in keep]
            for table, survey in surveys.items()
        }
        withdrawn = [
            Withdraw(table, chain, rule)
            for table, survey in surveys.items()
            for chain, rules in survey.built_in.items()
            for rule in rules
            if isinstance(rule.target, Jump) and rule.target.chain in gone[table]
        ]
        return (*withdrawn, *(Remove(table, name) for table, names in gone.items() for name in names))

    def tables(self) -> Tables:
        """Every chain as it should be."""
        return plan_tables((self._pieces[key] for key in self._order), self._settings)

    def _changed(self, service: Key, intents: tuple[Intent, ...]) -> Iterator[tuple[PortKey, Piece, Piece]]:
        before = self.intents.get(service, ())
        if intents:
            self.intents[service] = intents
        else:
            self.intents.pop(service, None)
        wanted = {(intent.id, intent.protocol): plan_piece(intent, self._settings) for intent in intents}
        for key in {(intent.id, intent.protocol) for intent in before} | wanted.keys():
            old, new = self._pieces.get(key, NOTHING), wanted.get(key, NOTHING)
            if old != new:
                yield key, old, new

    def _set(self, key: PortKey, piece: Piece) -> None:
        if piece is NOTHING:
            del self._pieces[key]
            del self._order[bisect_left(self._order, key)]
            return
        if key not in self._pieces:
            insort(self._order, key)
        self._pieces[key] = piece

    def _shared(self) -> dict[str, dict[str, tuple[Rule, ...]]]:
        pieces = [self._pieces[key] for key in self._order]
        return {"nat": shared_nat(pieces, self._settings), "filter": shared_filter(pieces, self._settings)}


def is_ours(table: str, name: str) -> bool:
    """Whether a chain is this mode's by its name."""
    return name.startswith(OWN_PREFIXES) or (table, name) in SHARED


def _moves(old: Piece, new: Piece) -> bool:
    """Whether the chains that all services share are concerned."""
    return (old.services, old.node_ports, old.refused, old.refused_outside, old.fenced) != (
        new.services,
        new.node_ports,
        new.refused,
        new.refused_outside,
        new.fenced,
    )
