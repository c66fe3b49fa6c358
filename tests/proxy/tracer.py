"""Walks rules as the kernel would, in every way that chance allows; refuses a rule it does not know."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

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
    Protocol,
    Reject,
    Remember,
    SeenWithin,
    SetMark,
    Source,
    SourceLocal,
    Tables,
    Verdict,
)
from tests.proxy.flows import NODE_ADDRESSES, Fate, Packet


@dataclass(frozen=True)
class State:
    """A packet on its way."""

    source: str
    destination: str
    port: int
    mark: int = 0
    translated: bool = False
    masqueraded: bool = False
    remembered: frozenset[str] = frozenset()


@dataclass(frozen=True)
class End:
    """A chain was left by a verdict: "ACCEPT", "DROP", "REJECT", "RETURN"; "" at its end."""

    state: State
    verdict: str = ""


def is_local(address: str) -> bool:
    return address in NODE_ADDRESSES or address.startswith("127.")


def trace(tables: Tables, packet: Packet, *, remembered: frozenset[str] = frozenset()) -> frozenset[Fate]:
    """Every fate that `packet` can meet. `remembered` are the affinities that its source has."""
    start = State(packet.source, packet.destination, packet.port, remembered=remembered)
    return frozenset(_fates(tables, start, made_here=is_local(packet.source)))


def _fates(tables: Tables, start: State, *, made_here: bool) -> Iterator[Fate]:
    for first in _walk(tables, "nat", "OUTPUT" if made_here else "PREROUTING", start):
        chains = ["OUTPUT"] if made_here else []
        if is_local(first.state.destination):
            chains.append("INPUT")
        elif not made_here:
            chains.append("FORWARD")
        fate = next((end for end in _filtered(tables, chains, first.state)), None)
        if fate is not None:
            yield Fate(fate)
            continue
        for last in _walk(tables, "nat", "POSTROUTING", first.state):
            state = last.state
            if state.translated:
                yield Fate("goes", f"{state.destination}:{state.port}", state.masqueraded)
            else:
                yield Fate("passes")


def _filtered(tables: Tables, chains: list[str], state: State) -> Iterator[str]:
    for chain in chains:
        for end in _walk(tables, "filter", chain, state):
            if end.verdict in ("DROP", "REJECT"):
                yield {"DROP": "dropped", "REJECT": "rejected"}[end.verdict]


def _walk(tables: Tables, table: str, chain: str, state: State) -> Iterator[End]:
    """Every way through `chain` from its first rule on."""
    yield from _from_rule(tables, table, chain, 0, state)


def _from_rule(tables: Tables, table: str, chain: str, number: int, state: State) -> Iterator[End]:
    rules = tables[table][chain]
    if number == len(rules):
        yield End(state)
        return
    rule = rules[number]
    outcomes = {_fits(match, state) for match in rule.matches}
    if False in outcomes:
        yield from _from_rule(tables, table, chain, number + 1, state)
        return
    if None in outcomes:  # chance: it may fit, and it may not
        yield from _from_rule(tables, table, chain, number + 1, state)
    match rule.target:
        case Jump(to):
            for end in _walk(tables, table, to, state):
                if end.verdict in ("", "RETURN"):
                    yield from _from_rule(tables, table, chain, number + 1, end.state)
                else:
                    yield end
        case Verdict(name):
            yield End(state, name)
        case Reject():
            yield End(state, "REJECT")
        case SetMark(value, mask):
            marked = replace(state, mark=(state.mark & ~mask) ^ value)
            yield from _from_rule(tables, table, chain, number + 1, marked)
        case Dnat(to):
            address, _, port = to.rpartition(":")
            yield End(replace(state, destination=address, port=int(port), translated=True), "ACCEPT")
        case Masquerade():
            yield End(replace(state, masqueraded=True), "ACCEPT")
        case other:
            raise AssertionError(f"a target that no kernel walk knows: {other}")


def _fits(match, state: State) -> bool | None:
    """Whether the packet fulfils `match`; None when chance decides."""
    match match:
        case Protocol(name) | DestinationPort(name, _) if name != "tcp":
            return False
        case Protocol():
            return True
        case DestinationPort(_, port):
            return state.port == port
        case Source(range_, negated):
            return (ip_address(state.source) in ip_network(range_)) != negated
        case Destination(range_, negated):
            return (ip_address(state.destination) in ip_network(range_)) != negated
        case DestinationLocal(negated):
            return is_local(state.destination) != negated
        case SourceLocal(negated):
            return is_local(state.source) != negated
        case Marked(value, mask, negated):
            return (state.mark & mask == value) != negated
        case Chance(probability):
            return True if probability == 1 else None
        case SeenWithin(name, _):
            return name in state.remembered
        case Remember():
            return True
        case Connection(states, negated):
            now = {"NEW"} | ({"DNAT"} if state.translated else set())
            return bool(now & set(states)) != negated
    raise AssertionError(f"a match that no kernel walk knows: {match}")
