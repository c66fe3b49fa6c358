"""Rules, chains and changes of them as values. Source of every option: iptables(8) and iptables-extensions(8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

BUILT_IN: dict[str, frozenset[str]] = {
    "nat": frozenset({"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"}),
    "filter": frozenset({"INPUT", "FORWARD", "OUTPUT"}),
    "mangle": frozenset({"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}),
    "raw": frozenset({"PREROUTING", "OUTPUT"}),
}
"""The chains the kernel calls by itself; they can be neither made nor removed."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """`-p`: "tcp", "udp", "sctp"."""

    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """`-s`: the packet comes from the range ("10.244.0.0/16")."""

    range: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """`-d`: the packet goes to the range."""

    range: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class In:
    """`-i`: the packet came in by this link."""

    link: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Out:
    """`-o`: the packet will leave by this link."""

    link: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class DestinationPort:
    """`--dport`; it needs a Protocol before it, whose name it repeats."""

    protocol: str
    port: int


@dataclass(frozen=True, slots=True)
class DestinationLocal:
    """`-m addrtype --dst-type LOCAL`: the destination is an address of this machine."""

    negated: bool = False


@dataclass(frozen=True, slots=True)
class SourceLocal:
    """`-m addrtype --src-type LOCAL`: the source is an address of this machine."""

    negated: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """`-m mark`: the packet's mark under `mask` is `value`."""

    value: int
    mask: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Chance:
    """`-m statistic --mode random`: so often, in (0, 1]."""

    probability: float


@dataclass(frozen=True, slots=True)
class SeenWithin:
    """`-m recent --rcheck --seconds --reap`: this source was remembered under `name` within `seconds`."""

    name: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Remember:
    """`-m recent --set`: remember this source under `name`; always matches."""

    name: str


@dataclass(frozen=True, slots=True)
class Connection:
    """`-m conntrack --ctstate`: the connection is in one of these states (NEW, ESTABLISHED, RELATED, INVALID, DNAT)."""

    states: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InSet:
    """`-m set --match-set`: what the packet says of its `directions` ("dst,dst": address and port) is in the set."""

    name: str
    directions: str = "dst,dst"
    negated: bool = False


Match: TypeAlias = (
    Protocol
    | Source
    | Destination
    | In
    | Out
    | DestinationPort
    | DestinationLocal
    | SourceLocal
    | Marked
    | Chance
    | SeenWithin
    | Remember
    | Connection
    | InSet
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """ACCEPT, DROP or RETURN."""

    name: Literal["ACCEPT", "DROP", "RETURN"]


@dataclass(frozen=True, slots=True)
class Jump:
    """Go through the rules of another chain, and come back when none of them decided."""

    chain: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Answer with an ICMP error, or a TCP packet with "tcp-reset"; a rule with that must match the protocol."""

    kind: str = "icmp-port-unreachable"


@dataclass(frozen=True, slots=True)
class Masquerade:
    """Leave with the address of the outgoing link; `random` picks source ports that two packets cannot both pick."""

    random: bool = False


@dataclass(frozen=True, slots=True)
class Dnat:
    """Send it to `to`, "10.244.1.5:8080"."""

    to: str


@dataclass(frozen=True, slots=True)
class SetMark:
    """`--set-xmark value/mask`: clear the bits of `mask`, then flip those of `value`; ORs when the two are equal."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class MarkBySet:
    """`-j SET --map-set --map-mark`: take the mark that the set gives to what the packet says; in the mangle table."""

    name: str
    directions: str = "dst,dst"


Target: TypeAlias = Verdict | Jump | Reject | Masquerade | Dnat | SetMark | MarkBySet

ACCEPT, DROP, RETURN = Verdict("ACCEPT"), Verdict("DROP"), Verdict("RETURN")


@dataclass(frozen=True, slots=True)
class Rule:
    """A packet that fulfils all `matches` meets `target`; without a target the rule only has its matches' effects."""

    matches: tuple[Match, ...] = ()
    target: Target | None = None
    comment: str = ""


Chains: TypeAlias = Mapping[str, tuple[Rule, ...]]
"""Chains by name."""

Tables: TypeAlias = Mapping[str, Chains]
"""Chains by table and name."""


@dataclass(frozen=True, slots=True)
class Put:
    """The chain holds exactly these rules; it is made when it is not there."""

    table: str
    chain: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Remove:
    """Empty and remove the chain; nothing else in the table may jump to it afterwards."""

    table: str
    chain: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a rule before the one at `position` (1 is the first)."""

    table: str
    chain: str
    rule: Rule
    position: int = 1


@dataclass(frozen=True, slots=True)
class Append:
    """Put a rule after all others."""

    table: str
    chain: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Delete:
    """Take away the rule at `position` (1 is the first)."""

    table: str
    chain: str
    position: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take away the first rule that is equal to this one."""

    table: str
    chain: str
    rule: Rule


Action: TypeAlias = Put | Remove | Insert | Append | Delete | Withdraw
Transaction: TypeAlias = tuple[Action, ...]


def plan(desired: Tables, known: Tables) -> Transaction:
    """What turns the chains of `known` into those of `desired`: chains only, none of them built in.

    New and changed chains first, then the ones nobody wants. A long chain in which little changed is edited in place.
    """
    actions: list[Action] = []
    for table, chains in desired.items():
        before = known.get(table, {})
        for name, rules in chains.items():
            held = before.get(name)
            if held != rules:
                actions += edit(table, name, held, rules)
    for table, chains in known.items():
        after = desired.get(table, {})
        actions += [Remove(table, name) for name in chains if name not in after]
    return tuple(actions)


EDIT_AT_LEAST = 64
"""Rules in a chain from which on a small change is written as an edit: below, the whole chain is as cheap."""


def edit(table: str, chain: str, held: tuple[Rule, ...] | None, wanted: tuple[Rule, ...]) -> Transaction:
    """What turns `held` rules of one chain (None: there is no chain) into the `wanted` ones."""
    if held is None or len(wanted) < EDIT_AT_LEAST:
        return (Put(table, chain, wanted),)
    start = 0
    while start < min(len(held), len(wanted)) and held[start] == wanted[start]:
        start += 1
    end = 0
    while end < min(len(held), len(wanted)) - start and held[-1 - end] == wanted[-1 - end]:
        end += 1
    gone, new = len(held) - start - end, wanted[start : len(wanted) - end]
    if gone + len(new) > len(wanted) // 4:
        return (Put(table, chain, wanted),)
    deletions = [Delete(table, chain, start + 1)] * gone
    insertions = [Insert(table, chain, rule, start + 1 + offset) for offset, rule in enumerate(new)]
    return (*deletions, *insertions)


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be said of a table without reading every rule: how many each chain has, and the `built_in` chains."""

    counts: Mapping[str, int]
    built_in: Chains


def plan_jumps(wanted: Mapping[tuple[str, str], tuple[Rule, ...]], observed: Tables, *, first: bool) -> Transaction:
    """Let built-in chains jump to ours: the `wanted` rules, by (table, built-in chain), where no rule jumps there yet.

    They are put before all other rules when `first`, in their order, else after them.
    """
    actions: list[Action] = []
    for (table, chain), rules in wanted.items():
        held = jumps(observed.get(table, {}).get(chain, ()))
        missing = [rule for rule in rules if isinstance(rule.target, Jump) and rule.target.chain not in held]
        if first:
            actions += [Insert(table, chain, rule) for rule in reversed(missing)]
        else:
            actions += [Append(table, chain, rule) for rule in missing]
    return tuple(actions)


def jumps(rules: Iterable[Rule]) -> frozenset[str]:
    """The chains that `rules` jump to."""
    return frozenset(rule.target.chain for rule in rules if isinstance(rule.target, Jump))
