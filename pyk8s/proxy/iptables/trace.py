"""Walks iptables rules as the kernel would, in every way that chance allows; refuses a rule it does not know.

Pure: it takes the tables as values, planned or read from a kernel. A first packet of a new connection enters nat
PREROUTING (or nat OUTPUT when the node made it), is routed, passes the filter table and leaves by nat POSTROUTING,
unless it came from elsewhere and stays on the node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from pyk8s.kernel.iptables.text import render_rule
from pyk8s.kernel.iptables.values import (
    Chance,
    Connection,
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    Jump,
    Marked,
    Masquerade,
    Match,
    Protocol,
    Reject,
    Remember,
    Rule,
    SeenWithin,
    SetMark,
    Source,
    SourceLocal,
    Tables,
    Target,
    Verdict,
)
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, Way, place, split_place


@dataclass(frozen=True, slots=True)
class _State:
    """A packet on its way, and the rules that it fitted."""

    source: str
    destination: str
    port: int
    protocol: str
    mark: int = 0
    translated: bool = False
    masqueraded: bool = False
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _End:
    """A chain was left by a verdict: "ACCEPT", "DROP", "REJECT", "RETURN"; "" at its end."""

    state: _State
    verdict: str = ""


_ENDS = {"DROP": Fate("dropped"), "REJECT": Fate("rejected")}


def trace(tables: Tables, packet: Packet, ground: Ground) -> frozenset[Way]:
    """Every way that `packet` can go through the nat and filter tables of one family. Raises UnknownRule."""
    return frozenset(_Walk(tables, ground).ways(packet))


@dataclass(frozen=True, slots=True)
class _Walk:
    tables: Tables
    ground: Ground

    def ways(self, packet: Packet) -> Iterator[Way]:
        start = _State(packet.source, packet.destination, packet.port, packet.protocol)
        made_here = self.ground.is_local(packet.source)
        for first in self._chain("nat", "OUTPUT" if made_here else "PREROUTING", start):
            chains = ["OUTPUT"] if made_here else []
            if self.ground.is_local(first.state.destination):
                chains.append("INPUT")
            elif not made_here:
                chains.append("FORWARD")
            for passed in self._filtered(chains, first.state):
                if passed.verdict in _ENDS:
                    yield Way(_ENDS[passed.verdict], passed.state.steps)
                    continue
                if not made_here and self.ground.is_local(passed.state.destination):
                    yield _way(passed.state)
                    continue
                for last in self._chain("nat", "POSTROUTING", passed.state):
                    yield _way(last.state)

    def _filtered(self, chains: list[str], state: _State) -> Iterator[_End]:
        if not chains:
            yield _End(state)
            return
        for end in self._chain("filter", chains[0], state):
            if end.verdict in _ENDS:
                yield end
            else:
                yield from self._filtered(chains[1:], end.state)

    def _chain(self, table: str, chain: str, state: _State, number: int = 0) -> Iterator[_End]:
        """Every way through `chain` from rule `number` on."""
        rules = self.tables[table][chain]
        for at in range(number, len(rules)):
            outcomes = {self._fits(match, state, table) for match in rules[at].matches}
            if False in outcomes:
                continue
            if None in outcomes:  # chance: it may fit, and it may not
                yield from self._chain(table, chain, state, at + 1)
            passed = replace(state, steps=(*state.steps, f"{table}: -A {chain} {render_rule(rules[at])}"))
            yield from self._target(table, chain, at, rules[at], passed)
            return
        yield _End(state)

    def _target(self, table: str, chain: str, number: int, rule: Rule, state: _State) -> Iterator[_End]:
        match rule.target:
            case Jump(to):
                for end in self._chain(table, to, state):
                    if end.verdict in ("", "RETURN"):
                        yield from self._chain(table, chain, end.state, number + 1)
                    else:
                        yield end
            case Verdict() | Reject() | Dnat() | Masquerade():
                yield _ended(rule.target, state)
            case SetMark(value, mask):
                marked = replace(state, mark=(state.mark & ~mask) ^ value)
                yield from self._chain(table, chain, marked, number + 1)
            case None:
                yield from self._chain(table, chain, state, number + 1)

    def _fits(self, match: Match, state: _State, table: str) -> bool | None:
        """Whether the packet fulfils `match`; None when chance decides."""
        match match:
            case Protocol(name):
                return name == state.protocol
            case DestinationPort(name, port):
                return (name, port) == (state.protocol, state.port)
            case Source(range_, negated):
                return (ip_address(state.source) in ip_network(range_)) != negated
            case Destination(range_, negated):
                return (ip_address(state.destination) in ip_network(range_)) != negated
            case DestinationLocal(negated):
                return self.ground.is_local(state.destination) != negated
            case SourceLocal(negated):
                return self.ground.is_local(state.source) != negated
            case Marked(value, mask, negated):
                return (state.mark & mask == value) != negated
            case Chance(probability):
                return True if probability == 1 else None
            case SeenWithin(name, _):
                return self._remembers(table, name)
            case Remember():
                return True
            case Connection(states, negated):
                now = {"NEW"} | ({"DNAT"} if state.translated else set())
                return bool(now & set(states)) != negated
        raise UnknownRule(f"a match whose effect is not known: {match}")

    def _remembers(self, table: str, name: str) -> bool:
        """Whether the source was sent to the endpoint of the chain `name` before: lists are called like chains."""
        targets = [rule.target for rule in self.tables[table].get(name, ())]
        return any(isinstance(target, Dnat) and target.to in self.ground.seen for target in targets)


def _ended(target: Target, state: _State) -> _End:
    match target:
        case Verdict(name):
            return _End(state, name)
        case Reject():
            return _End(state, "REJECT")
        case Dnat(to):
            address, port = split_place(to)
            return _End(replace(state, destination=address, port=port, translated=True), "ACCEPT")
        case Masquerade():
            return _End(replace(state, masqueraded=True), "ACCEPT")
    raise UnknownRule(f"a target that ends no walk: {target}")


def _way(state: _State) -> Way:
    if not state.translated:
        return Way(Fate("passes"), state.steps)
    return Way(Fate("goes", place(state.destination, state.port), state.masqueraded), state.steps)
