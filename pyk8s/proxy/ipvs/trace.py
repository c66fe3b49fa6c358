"""Walks sets, rules and virtual servers as the kernel would, for each endpoint that may be chosen.

Pure: it takes what a survey or a plan says, as values. A first packet enters mangle and nat PREROUTING (OUTPUT when the
node made it). One the node made meets the virtual servers then, before filter OUTPUT; one that came in meets them after
filter INPUT, when its destination is the node's, which the addresses of services on `kube-ipvs0` are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

from pyk8s.kernel.ipset.values import Content, member
from pyk8s.kernel.iptables.text import render_rule
from pyk8s.kernel.iptables.values import (
    Connection,
    DestinationLocal,
    InSet,
    Jump,
    MarkBySet,
    Marked,
    Masquerade,
    Match,
    Protocol,
    Reject,
    Rule,
    SetMark,
    Source,
    SourceLocal,
    Tables,
    Verdict,
)
from pyk8s.kernel.ipvs.values import Entry, Front, Table
from pyk8s.kernel.ipvs.values import Marked as MarkedFront
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, Way


@dataclass(frozen=True, slots=True)
class Values:
    """What the kernel has of the mode: iptables chains with the built-in ones, sets by name, virtual servers, and the
    addresses of `kube-ipvs0` ("10.96.0.1/32")."""

    tables: Tables
    sets: Mapping[str, Content]
    servers: Table
    addresses: frozenset[str]


@dataclass(slots=True)
class _State:
    """A packet on its way, and the rules that it fitted."""

    source: str
    destination: str
    port: int
    protocol: str
    mark: int = 0
    masqueraded: bool = False
    steps: list[str] = field(default_factory=list)


def trace(values: Values, packet: Packet, ground: Ground) -> frozenset[Way]:
    """Every way that `packet` can go. Raises UnknownRule for a match or target that the mode does not use."""
    held = frozenset(each.partition("/")[0] for each in values.addresses)
    return frozenset(_Walk(values, replace(ground, local=ground.local | held)).ways(packet))


@dataclass(frozen=True, slots=True)
class _Walk:
    values: Values
    ground: Ground

    def ways(self, packet: Packet) -> Iterator[Way]:
        state = _State(packet.source, packet.destination, packet.port, packet.protocol)
        if self.ground.is_local(packet.source):
            yield from self._made_here(state)
        else:
            yield from self._came_in(state)

    def _made_here(self, state: _State) -> Iterator[Way]:
        if ended := self._through(state, ("mangle", "OUTPUT"), ("nat", "OUTPUT")):
            yield _way(ended, state)
            return
        key, entry = self._server(state)
        if entry is not None:
            yield from self._chosen(key, entry, state)
        elif ended := self._through(state, ("filter", "OUTPUT"), *self._inward(state)):
            yield _way(ended, state)
        else:
            yield self._unserved(state)

    def _came_in(self, state: _State) -> Iterator[Way]:
        local = self.ground.is_local(state.destination)
        onward = (("filter", "INPUT"),) if local else (("filter", "FORWARD"),)
        if ended := self._through(state, ("mangle", "PREROUTING"), ("nat", "PREROUTING"), *onward):
            yield _way(ended, state)
            return
        key, entry = self._server(state) if local else ("", None)
        if entry is not None:
            yield from self._chosen(key, entry, state)
        else:
            yield self._unserved(state)

    def _inward(self, state: _State) -> tuple[tuple[str, str], ...]:
        return (("filter", "INPUT"),) if self.ground.is_local(state.destination) else ()

    def _unserved(self, state: _State) -> Way:
        return Way(Fate("passes"), tuple(state.steps))

    def _server(self, state: _State) -> tuple[str, Entry | None]:
        """The virtual server that takes the packet: one of its mark before one of its destination."""
        family = 6 if ":" in state.destination else 4
        keys = (MarkedFront(state.mark, family), Front(state.protocol, state.destination, state.port))
        found = next(((str(key), self.values.servers[key]) for key in keys if key in self.values.servers), None)
        return found or ("", None)

    def _chosen(self, key: str, entry: Entry, state: _State) -> Iterator[Way]:
        at = f"ipvs: {key} {entry.server.scheduler}"
        places = [place for place, real in entry.reals.items() if real.weight]
        bound = [place for place in places if entry.server.persistence and str(place) in self.ground.seen]
        if not places:
            yield Way(Fate("rejected"), (*state.steps, at))
        for place in bound or places:
            there = replace(state, destination=place.address, port=place.port, steps=[*state.steps, at])
            there.steps.append(f"ipvs: {key} -> {place}")
            # A packet that came to the node and stays there leaves by no link.
            if not self.ground.is_local(place.address) or self.ground.is_local(state.source):
                self._through(there, ("nat", "POSTROUTING"))
            yield Way(Fate("goes", str(place), there.masqueraded), tuple(there.steps))

    def _through(self, state: _State, *chains: tuple[str, str]) -> str:
        """The verdict that ends the packet in one of the `chains`: "DROP" or "REJECT"; "" when it passes them all."""
        for table, chain in chains:
            if (verdict := self._chain(table, chain, state)) in ("DROP", "REJECT"):
                return verdict
        return ""

    def _chain(self, table: str, chain: str, state: _State) -> str:
        for rule in self.values.tables.get(table, {}).get(chain, ()):
            if not all(self._fits(match, state) for match in rule.matches):
                continue
            state.steps.append(f"{table}: -A {chain} {render_rule(rule)}")
            if verdict := self._target(table, rule, state):
                return "" if verdict == "RETURN" else verdict
        return ""

    def _target(self, table: str, rule: Rule, state: _State) -> str:
        match rule.target:
            case Jump(to):
                return self._chain(table, to, state)
            case Verdict(name):
                return name
            case Reject():
                return "REJECT"
            case SetMark(value, mask):
                state.mark = (state.mark & ~mask) ^ value
            case MarkBySet(name, directions):
                state.mark = self._member(name, directions, state) or 0
            case Masquerade():
                state.masqueraded = True
                return "ACCEPT"
            case other:
                raise UnknownRule(f"a target whose effect is not known: {other}")
        return ""

    def _fits(self, match: Match, state: _State) -> bool:
        match match:
            case Protocol(name):
                return name == state.protocol
            case Source(range_, negated):
                return (ip_address(state.source) in ip_network(range_)) != negated
            case DestinationLocal(negated):
                return self.ground.is_local(state.destination) != negated
            case SourceLocal(negated):
                return self.ground.is_local(state.source) != negated
            case Marked(value, mask, negated):
                return (state.mark & mask == value) != negated
            case Connection(states, negated):
                return ("NEW" in states) != negated
            case InSet(name, directions, negated):
                return (self._member(name, directions, state) is not None) != negated
        raise UnknownRule(f"a match whose effect is not known: {match}")

    def _member(self, name: str, directions: str, state: _State) -> int | None:
        """The mark of the packet's entry in the set `name`; None when it is not in there."""
        content = self.values.sets[name]
        end = state.source if directions.startswith("src") else state.destination
        front = member(end, state.protocol, state.port)
        match content.set.kind:
            case "bitmap:port":
                return content.members.get(str(state.port))
            case "hash:ip":
                return content.members.get(end)
            case "hash:ip,port":
                return content.members.get(front)
            case "hash:ip,port,ip":
                return content.members.get(f"{front},{state.source}")
        source = ip_address(state.source)
        ranges = (held.rpartition(",") for held in content.members)
        return next((0 for head, _, range_ in ranges if head == front and source in ip_network(range_)), None)


def _way(verdict: str, state: _State) -> Way:
    return Way(Fate("dropped" if verdict == "DROP" else "rejected"), tuple(state.steps))
