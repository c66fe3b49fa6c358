"""What all service ports together need, and what a change of a few of them takes. Pure but for what it remembers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, Literal, TypeAlias, cast

from pyk8s.kernel.ipset import values as ipset
from pyk8s.kernel.iptables.values import BUILT_IN, Jump, Put, Survey, Transaction, Withdraw, plan_jumps
from pyk8s.kernel.iptables.values import Remove as RemoveChain
from pyk8s.kernel.ipvs import values as ipvs
from pyk8s.kernel.ipvs.values import Entry, Front, Key, Load, Marked, Place
from pyk8s.proxy.backend import Chain
from pyk8s.proxy.ipvs import sets
from pyk8s.proxy.ipvs.chains import JUMPS, chain_names, plan_tables
from pyk8s.proxy.ipvs.draining import Draining, drains
from pyk8s.proxy.ipvs.rules import Need, Piece, node_addresses, plan_piece
from pyk8s.proxy.ipvs.state import Change, Seen
from pyk8s.proxy.plan import Intent, Settings
from pyk8s.proxy.plan import Key as ServiceKey

PortKey: TypeAlias = tuple[str, str]
"""A service port's id and protocol."""

NOTHING = Piece()


class Ruleset:
    """What was planned last; `change` replaces some of it and says what that takes in the kernel.

    Two service ports may need the same thing, an address or an endpoint's way back: the first of them by name says how
    it is, and it goes with the last. An endpoint that goes is given the weight 0 and noted in `draining`.
    """

    def __init__(self, settings: Settings, now: Callable[[], float] = lambda: 0.0) -> None:
        self._settings = settings
        self.now = now
        self._pieces: dict[PortKey, Piece] = {}
        self._needs: dict[Need, dict[PortKey, Any]] = {}
        self._sets = sets.made_for(cast("Literal[4, 6]", settings.family))
        self.tables = plan_tables(settings)
        self.draining = Draining()
        self.lingers = False
        self._leaving: frozenset[str] = frozenset()
        self.intents: dict[ServiceKey, tuple[Intent, ...]] = {}

    @property
    def chains(self) -> frozenset[Chain]:
        """The iptables chains of the mode."""
        return chain_names(self.tables)

    def change(self, services: Mapping[ServiceKey, tuple[Intent, ...]]) -> Change:
        """Let `services` mean what they say, () for one that is gone; the changes for a kernel that had the rest."""
        changed = [each for service, intents in services.items() for each in self._changed(service, intents)]
        if not changed:
            return Change()
        touched = dict.fromkeys(need for _, old, new in changed for piece in (old, new) for need in piece.needs)
        before = {need: self._answer(need) for need in touched}
        for key, old, new in changed:
            self._replace(key, old, new)
        return self._difference(before, {need: self._answer(need) for need in touched})

    def _changed(self, service: ServiceKey, intents: tuple[Intent, ...]) -> Iterator[tuple[PortKey, Piece, Piece]]:
        before = self.intents.get(service, ())
        if intents:
            self.intents[service] = intents
        else:
            self.intents.pop(service, None)
        wanted = {(intent.id, intent.protocol): plan_piece(intent, self._settings) for intent in intents}
        for key in dict.fromkeys([*((intent.id, intent.protocol) for intent in before), *wanted]):
            old, new = self._pieces.get(key, NOTHING), wanted.get(key, NOTHING)
            if old != new:
                yield key, old, new

    def _replace(self, key: PortKey, old: Piece, new: Piece) -> None:
        for need in old.needs:
            holders = self._needs[need]
            del holders[key]
            if not holders:
                del self._needs[need]
        for need, value in new.needs.items():
            self._needs.setdefault(need, {})[key] = value
        if new == NOTHING:
            self._pieces.pop(key, None)
        else:
            self._pieces[key] = new

    def _answer(self, need: Need) -> Any:
        holders = self._needs.get(need)
        if holders is None:
            return None
        return next(iter(holders.values())) if len(holders) == 1 else holders[min(holders)]

    def _difference(self, before: Mapping[Need, Any], after: Mapping[Need, Any]) -> Change:
        makes: list[ipset.Action] = []
        drops: list[ipset.Action] = []
        comes: list[str] = []
        goes: list[str] = []
        had: dict[Key, Entry] = {}
        wanted: dict[Key, Entry] = {}
        for need, new in after.items():
            old = before[need]
            if isinstance(need, tuple) and old != new:
                name, member = need
                if new is None:
                    drops.append(ipset.Remove(self._sets[name], member))
                else:
                    makes.append(ipset.Add(self._sets[name], member, new, again=old is not None))
            elif isinstance(need, str) and old != new:
                (comes if new is not None else goes).append(self._settings.one(need))
            elif isinstance(need, Front | Marked):
                had |= {need: old} if old is not None else {}
                wanted |= {need: new} if new is not None else {}
        servers, ends = self.draining.plan(wanted, self._held(had, wanted), self._stays, self.now())
        return Change(
            makes=tuple(makes), servers=servers, comes=tuple(comes), goes=tuple(goes), ends=ends, drops=tuple(drops)
        )

    def _held(self, had: ipvs.Table, wanted: ipvs.Table) -> ipvs.Table:
        """What the kernel has of the virtual servers concerned, with what drains."""
        return {key: entry for key, entry in self.draining.held(had).items() if key in had or key in wanted}

    def _stays(self, key: Key) -> bool:
        """Whether packets still reach a virtual server that nobody wants any more."""
        return isinstance(key, Marked) or key.address in self._needs or key.address in node_addresses(self._settings)

    def drained(self, loads: Mapping[Key, Mapping[Place, Load]]) -> Change:
        """What of the draining endpoints that are due is to go, by the connections each virtual server has."""
        ends = self.draining.end(loads, self.now())
        if not self._leaving:
            return Change(ends=ends)
        needed = {self._settings.one(key.address) for key in self.draining.retired if isinstance(key, Front)}
        gone, self._leaving = self._leaving - needed, self._leaving & needed
        return Change(ends=ends, goes=tuple(sorted(gone)), link=None if self._leaving else False)

    def whole(self, seen: Seen) -> Change:
        """Everything, for a kernel that looks like `seen`: what is missing, and the removal of what is stale."""
        self.draining, self._leaving, self.lingers = Draining(), frozenset(), False
        servers, ends = self.draining.plan(self.servers(), self._ours(seen), self._stays, self.now())
        wanted = self.contents()
        plan = ipset.plan(wanted.values(), seen.sets, owned=_ours(seen.sets, self._settings.family))
        last = (ipset.Remove, ipset.Destroy)
        held, needed = seen.addresses or frozenset(), self.addresses()
        remade = {each.name for each in plan if isinstance(each, ipset.Destroy)} & wanted.keys()
        return Change(
            link=True if seen.addresses is None else None,
            makes=tuple(each for each in plan if not isinstance(each, last) or getattr(each, "name", "") in remade),
            rules=self._rules(seen.surveys),
            servers=servers,
            comes=tuple(sorted(needed - held)),
            goes=tuple(sorted(held - needed)),
            ends=ends,
            drops=tuple(each for each in plan if isinstance(each, last) and getattr(each, "name", "") not in remade),
        )

    def _rules(self, surveys: Mapping[str, Survey]) -> Transaction:
        puts = [Put(table, name, rules) for table, chains in self.tables.items() for name, rules in chains.items()]
        built_in = {table: survey.built_in for table, survey in surveys.items()}
        return (*puts, *plan_jumps(JUMPS, built_in, first=True))

    def stands(self, seen: Seen) -> bool:
        """Whether the kernel of `seen` has what was planned; rules are counted, not read."""
        if self._ours(seen) != self.draining.held(self.servers()) or seen.addresses != self.addresses():
            return False
        if seen.sets != {content.set.name: content for content in self.contents().values()}:
            # Sets that somebody else made in other sizes do as well.
            told = {name: content.members for name, content in seen.sets.items()}
            if told != {name: content.members for name, content in self.contents().items()}:
                return False
        if plan_jumps(JUMPS, {table: survey.built_in for table, survey in seen.surveys.items()}, first=True):
            return False
        return all(
            seen.surveys[table].counts.get(name) == len(rules)
            for table, chains in self.tables.items()
            for name, rules in chains.items()
        )

    def linger(self) -> None:
        """Let what is connected when `nothing` is asked for stay so until it ends."""
        self.lingers = True

    def nothing(self, seen: Seen, keep: frozenset[Chain] = frozenset()) -> Change:
        """What takes everything of the mode away, but the chains in `keep` and the jumps to them.

        When it `lingers`, endpoints with open connections go on serving them, with what leads to them, and go when
        `drained` says so; else everything goes at once.
        """
        ours = {chain for chain in self.chains if chain not in keep}
        withdrawn = [
            Withdraw(table, chain, rule)
            for table, survey in seen.surveys.items()
            for chain, rules in survey.built_in.items()
            for rule in rules
            if isinstance(rule.target, Jump) and (table, rule.target.chain) in ours
        ]
        removed = [
            RemoveChain(table, name)
            for table, survey in seen.surveys.items()
            for name in survey.counts
            if (table, name) in ours and name not in BUILT_IN[table]
        ]
        self.draining = Draining()
        servers = self._ours(seen)
        busy = {key for key, entry in servers.items() if self.lingers and drains(key) and _is_busy(entry)}
        _, ends = self.draining.plan({}, servers, busy.__contains__, self.now())
        self._leaving = frozenset(self._settings.one(key.address) for key in busy if isinstance(key, Front))
        self._leaving &= seen.addresses or frozenset()
        return Change(
            link=None if seen.addresses is None or self._leaving else False,
            rules=(*withdrawn, *removed),
            goes=tuple(sorted((seen.addresses or frozenset()) - self._leaving)) if self._leaving else (),
            ends=ends,
            drops=tuple(ipset.Destroy(name) for name in _ours(seen.sets, self._settings.family)),
        )

    def _ours(self, seen: Seen) -> dict[Key, Entry]:
        """The virtual servers but those of somebody else."""
        ranges = [ip_network(each) for each in self._settings.excluded]

        def excluded(key: Key) -> bool:
            return isinstance(key, Front) and any(ip_address(key.address) in each for each in ranges)

        return {key: entry for key, entry in seen.servers.items() if key in self._needs or not excluded(key)}

    def servers(self) -> dict[Key, Entry]:
        """Every virtual server as it should be."""
        return {need: self._answer(need) for need in self._needs if isinstance(need, Front | Marked)}

    def contents(self) -> dict[str, ipset.Content]:
        """Every set as it should be, by its name in the kernel."""
        members: dict[str, dict[str, int]] = {name: {} for name in self._sets}
        for need in self._needs:
            if isinstance(need, tuple):
                members[need[0]][need[1]] = self._answer(need)
        return {made.name: ipset.Content(made, members[name]) for name, made in self._sets.items()}

    def addresses(self) -> frozenset[str]:
        """The addresses of the link as they should be."""
        return frozenset(self._settings.one(need) for need in self._needs if isinstance(need, str))


def _is_busy(entry: Entry) -> bool:
    return any(load.total for load in entry.loads.values())


def _ours(names: Iterable[str], family: int) -> list[str]:
    """Those of `names` that are this mode's, of one address family."""
    six = "KUBE-6-"
    return [name for name in names if name.startswith("KUBE-") and name.startswith(six) == (family == 6)]
