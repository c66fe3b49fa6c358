"""Walks a table of nftables as the kernel would, in every way that chance allows; refuses a rule it does not know.

Pure: it takes the table as a value, planned or read from a kernel. A first packet of a new connection meets the base
chains of prerouting (or output, when the node made it) by priority, is routed, meets those of input or forward, and
those of postrouting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Literal, TypeAlias

from pyk8s.kernel.nftables.text import render_element, render_rule
from pyk8s.kernel.nftables.values import (
    ClearMark,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Element,
    Family,
    Field,
    Goto,
    Held,
    In,
    Invalid,
    Jump,
    Key,
    Look,
    Masquerade,
    Match,
    New,
    Place,
    Protocol,
    Reject,
    Remember,
    Rule,
    SetMark,
    Source,
    SourceLocal,
    Spread,
    Target,
    Translated,
    Unmarked,
    Verdict,
)
from pyk8s.proxy.packet import Fate, Ground, Packet, UnknownRule, Way, place

Outcome: TypeAlias = Literal["", "accept", "drop", "reject", "return"]
"""How a chain was left; "" at its end."""


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


_End: TypeAlias = tuple[_State, Outcome]
_ENDS: dict[str, Fate] = {"drop": Fate("dropped"), "reject": Fate("rejected")}


def trace(held: Held, packet: Packet, ground: Ground) -> frozenset[Way]:
    """Every way that `packet` can go through the table. Raises UnknownRule."""
    return frozenset(_Walk(held, ground, "ip" if packet.family == 4 else "ip6").ways(packet))


@dataclass(frozen=True, slots=True)
class _Walk:
    held: Held
    ground: Ground
    family: Family

    def ways(self, packet: Packet) -> Iterator[Way]:
        start = _State(packet.source, packet.destination, packet.port, packet.protocol)
        made_here = self.ground.is_local(packet.source)
        for state, outcome in self._hook("output" if made_here else "prerouting", start):
            if outcome in _ENDS:
                yield Way(_ENDS[outcome], state.steps)
                continue
            for passed, end in self._routed(state, made_here):
                if end in _ENDS:
                    yield Way(_ENDS[end], passed.steps)
                    continue
                delivered = self.ground.is_local(passed.destination) and not made_here
                for last, _ in [(passed, "")] if delivered else self._hook("postrouting", passed):
                    yield _way(last)

    def _routed(self, state: _State, made_here: bool) -> Iterator[_End]:
        if self.ground.is_local(state.destination):
            return self._hook("input", state)
        return iter([(state, "")]) if made_here else self._hook("forward", state)

    def _hook(self, at: str, state: _State) -> Iterator[_End]:
        """Every way through the base chains at one hook: an accepted packet goes on to the next chain."""
        chains = [each for each in self.held.chains.values() if each.hook is not None and each.hook.at == at]
        names = [each.name for each in sorted(chains, key=lambda each: each.hook.priority if each.hook else 0)]
        return self._chains(names, state)

    def _chains(self, names: list[str], state: _State) -> Iterator[_End]:
        if not names:
            yield state, ""
            return
        for passed, outcome in self._chain(names[0], state):
            if outcome in _ENDS:
                yield passed, outcome
            else:
                yield from self._chains(names[1:], passed)

    def _chain(self, chain: str, state: _State, number: int = 0) -> Iterator[_End]:
        """Every way through `chain` from rule `number` on."""
        rules = self.held.rules[chain]
        for at in range(number, len(rules)):
            rule = rules[at]
            if not all(self._fits(match, state) for match in rule.matches):
                continue
            yield from self._meets(rule, at, self._seen(state, rule))
            return
        yield state, ""

    def _seen(self, state: _State, rule: Rule) -> _State:
        step = f"{rule.chain}: {render_rule(rule, self.family)}"
        return replace(state, steps=(*state.steps, step))

    def _meets(self, rule: Rule, number: int, state: _State) -> Iterator[_End]:
        """What becomes of a packet that fits `rule`, the one at `number` of its chain."""
        match rule.target:
            case SetMark(bits):
                yield from self._chain(rule.chain, replace(state, mark=state.mark | bits), number + 1)
            case ClearMark(bits):
                yield from self._chain(rule.chain, replace(state, mark=state.mark & ~bits), number + 1)
            case Look(fields, name):
                element = self.held.elements[name].get(_key(fields, state))
                data = element.data if element is not None else None
                if element is None or not isinstance(data, Goto | Jump | Verdict):
                    yield from self._chain(rule.chain, state, number + 1)
                else:
                    yield from self._decided(data, rule, number, _found(state, element))
            case Spread(chains):
                for chain in chains:
                    yield from self._chain(chain, state)
            case Dnat(places):
                for each in places:
                    yield _sent(state, each), "accept"
            case DnatBy(fields, name):
                element = self.held.elements[name].get(_key(fields, state))
                if element is None or not isinstance(element.data, tuple):
                    yield from self._chain(rule.chain, state, number + 1)
                else:
                    yield _sent(_found(state, element), element.data), "accept"
            case None:
                yield from self._chain(rule.chain, state, number + 1)
            case target:
                yield from self._decided(target, rule, number, state)

    def _decided(self, target: Target, rule: Rule, number: int, state: _State) -> Iterator[_End]:
        match target:
            case Goto(chain):
                yield from self._chain(chain, state)
            case Jump(chain):
                for end, outcome in self._chain(chain, state):
                    if outcome in ("", "return"):
                        yield from self._chain(rule.chain, end, number + 1)
                    else:
                        yield end, outcome
            case Verdict(name):
                yield state, name
            case Reject():
                yield state, "reject"
            case Masquerade():
                yield replace(state, masqueraded=True), "accept"
            case _:
                raise UnknownRule(f"a target whose effect is not known: {target}")

    def _fits(self, match: Match, state: _State) -> bool:
        """Whether the packet fulfils `match`."""
        match match:
            case Protocol(name):
                return name == state.protocol
            case Source(range_, negated):
                return (ip_address(state.source) in ip_network(range_)) != negated
            case Destination(range_, negated):
                return (ip_address(state.destination) in ip_network(range_)) != negated
            case SourceLocal(negated):
                return self.ground.is_local(state.source) != negated
            case DestinationLocal(negated):
                return self.ground.is_local(state.destination) != negated
            case In(fields, name):
                return _key(fields, state) in self.held.elements[name] or self._remembers(name)
            case Unmarked(bits):
                return not state.mark & bits
            case Translated():
                return state.translated
            case New() | Remember():
                return True
            case Invalid():
                return False
        raise UnknownRule(f"a match whose effect is not known: {match}")

    def _remembers(self, name: str) -> bool:
        """Whether the source was sent before to the endpoint whose chain fills the set."""
        for rules in self.held.rules.values():
            if any(Remember(name) in rule.matches for rule in rules):
                targets = [rule.target for rule in rules]
                return any(
                    place(*each) in self.ground.seen for to in targets if isinstance(to, Dnat) for each in to.places
                )
        return False


def _key(fields: tuple[Field, ...], state: _State) -> Key:
    values: dict[Field, str | int] = {
        "saddr": state.source,
        "daddr": state.destination,
        "l4proto": state.protocol,
        "dport": state.port,
    }
    return tuple(values[each] for each in fields)


def _found(state: _State, element: Element) -> _State:
    return replace(state, steps=(*state.steps, render_element(element)))


def _sent(state: _State, to: Place) -> _State:
    return replace(state, destination=to[0], port=to[1], translated=True)


def _way(state: _State) -> Way:
    if not state.translated:
        return Way(Fate("passes"), state.steps)
    return Way(Fate("goes", place(state.destination, state.port), state.masqueraded), state.steps)
