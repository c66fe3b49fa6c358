"""Tables, chains, sets, maps, rules and elements as values. Source of every word: nft(8).

Everything here lies in the one table that its reader or writer was opened for: no value names table or family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["ip", "ip6"]

Field: TypeAlias = Literal["saddr", "daddr", "l4proto", "dport"]
"""A part of a packet, or of a key: source, destination, transport protocol, destination port."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """`meta l4proto`: "tcp", "udp", "sctp"."""

    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """`saddr`: the packet comes from the range ("10.244.0.0/16") or address."""

    range: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Destination:
    """`daddr`: the packet goes to the range or address."""

    range: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SourceLocal:
    """`fib saddr type local`: the source is an address of this machine."""

    negated: bool = False


@dataclass(frozen=True, slots=True)
class DestinationLocal:
    """`fib daddr type local`: the destination is an address of this machine."""

    negated: bool = False


@dataclass(frozen=True, slots=True)
class In:
    """The `fields` of the packet, in this order, are an element of the set."""

    fields: tuple[Field, ...]
    set: str


@dataclass(frozen=True, slots=True)
class Remember:
    """`update @set { saddr }`: put the source into a set that forgets with time; always matches."""

    set: str


@dataclass(frozen=True, slots=True)
class Unmarked:
    """`mark and bit == 0`: none of these bits is set in the packet's mark."""

    bits: int


@dataclass(frozen=True, slots=True)
class New:
    """`ct state new`: the first packet of a connection."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """`ct state invalid`: a packet that fits no connection, though it should."""


@dataclass(frozen=True, slots=True)
class Translated:
    """`ct status dnat`: the destination of this connection was replaced."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Something in a rule of the kernel that none of the others says, as nft's JSON has it: somebody else wrote it."""

    text: str


Match: TypeAlias = (
    Protocol
    | Source
    | Destination
    | SourceLocal
    | DestinationLocal
    | In
    | Remember
    | Unmarked
    | New
    | Invalid
    | Translated
    | Foreign
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """accept, drop or return."""

    name: Literal["accept", "drop", "return"]


@dataclass(frozen=True, slots=True)
class Jump:
    """Go through the rules of another chain, and come back when none of them decided."""

    chain: str


@dataclass(frozen=True, slots=True)
class Goto:
    """Go through the rules of another chain instead of those that follow."""

    chain: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Answer with an ICMP error (port unreachable), or with a TCP reset."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Masquerade:
    """`masquerade fully-random`: leave with the address of the outgoing link and a port that nobody else picks."""


@dataclass(frozen=True, slots=True)
class SetMark:
    """`mark set mark or bits`."""

    bits: int


@dataclass(frozen=True, slots=True)
class ClearMark:
    """`mark set mark and not bits`."""

    bits: int


@dataclass(frozen=True, slots=True)
class Look:
    """`vmap`: the verdict that the map has for these `fields` of the packet; none: go on."""

    fields: tuple[Field, ...]
    map: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Go to one of several chains, all with equal chance."""

    chains: tuple[str, ...]


Place: TypeAlias = tuple[str, int]
"""An address and a port."""


@dataclass(frozen=True, slots=True)
class Dnat:
    """Send it to one of the places, all with equal chance."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class DnatBy:
    """Send it to the place that the map has for these `fields` of the packet; none: go on."""

    fields: tuple[Field, ...]
    map: str


Target: TypeAlias = Verdict | Jump | Goto | Reject | Masquerade | SetMark | ClearMark | Look | Spread | Dnat | DnatBy

ACCEPT, DROP, RETURN = Verdict("accept"), Verdict("drop"), Verdict("return")


@dataclass(frozen=True, slots=True)
class Table:
    """The table itself."""


At: TypeAlias = Literal["prerouting", "input", "forward", "output", "postrouting"]
"""Where a packet is when the kernel calls a chain."""


@dataclass(frozen=True, slots=True)
class Hook:
    """Where the kernel calls a chain by itself; a lower `priority` comes earlier."""

    type: Literal["filter", "nat"]
    at: At
    priority: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A list of rules; without a `hook` it is run when another one leads to it."""

    name: str
    hook: Hook | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Elements with keys of these fields. With `seconds` the packets themselves add sources, which are kept so long."""

    name: str
    key: tuple[Field, ...]
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Map:
    """What each key leads to: a verdict, or a place. When `counted`, each element counts the packets that met it."""

    name: str
    key: tuple[Field, ...]
    to: Literal["verdict", "place"] = "verdict"
    counted: bool = False


Key: TypeAlias = tuple[str | int, ...]
"""Values for the fields of a set or map, in their order."""

Data: TypeAlias = Goto | Jump | Verdict | Place | None
"""What a key of a map leads to; None in a set."""


@dataclass(frozen=True, slots=True)
class Element:
    """One key of a set or map, with what it leads to."""

    of: str
    key: Key
    data: Data = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """In `chain`, a packet that fulfils all `matches` meets `target`; without one, the matches have their effects."""

    chain: str
    matches: tuple[Match, ...] = ()
    target: Target | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Add:
    """Make it; a table, chain, set, map or element that is there already and the same is left as it is."""

    thing: Table | Chain | Set | Map | Rule | Element


@dataclass(frozen=True, slots=True)
class Flush:
    """Take all rules out of the chain, or all elements out of the set or map."""

    thing: Chain | Set | Map


@dataclass(frozen=True, slots=True)
class Delete:
    """Take it away: a chain that nothing leads to, a set or map that no rule asks; the table with all it holds."""

    thing: Table | Chain | Set | Map | Element


Action: TypeAlias = Add | Flush | Delete
Transaction: TypeAlias = tuple[Action, ...]
"""What is done as a whole, in this order, or not at all."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a table holds: chains and sets by name, the rules of each chain, the elements of each set and map."""

    chains: Mapping[str, Chain] = field(default_factory=dict)
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    sets: Mapping[str, Set | Map] = field(default_factory=dict)
    elements: Mapping[str, Mapping[Key, Element]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a set or map is made for, as far as the kernel tells: the `types` of its key, `to` what it leads ("" for a
    set), and for how many `seconds` it keeps what packets add."""

    types: tuple[str, ...]
    to: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """What can be said of a table without reading every rule: `chains` with their hook and the number of their rules,
    `sets` (and maps) with their shape and the number of their elements. `exists`: there is such a table."""

    chains: Mapping[str, tuple[Hook | None, int]] = field(default_factory=dict)
    sets: Mapping[str, tuple[Shape, int]] = field(default_factory=dict)
    exists: bool = True


NO_TABLE = Survey(exists=False)


_TYPES: Mapping[Field, str] = {"l4proto": "inet_proto", "dport": "inet_service"}


def shape(thing: Set | Map, family: Family) -> Shape:
    """The shape that the kernel will tell of `thing`."""
    address = "ipv4_addr" if family == "ip" else "ipv6_addr"
    types = tuple(_TYPES.get(each, address) for each in thing.key)
    if isinstance(thing, Map):
        return Shape(types, "verdict" if thing.to == "verdict" else f"{address} . inet_service")
    return Shape(types, seconds=thing.seconds)


def leads_to(target: Target | Data) -> tuple[str, ...]:
    """The chains that a target, or an element of a map, leads to."""
    match target:
        case Jump(chain) | Goto(chain):
            return (chain,)
        case Spread(chains):
            return chains
    return ()


def asks(rule: Rule) -> tuple[str, ...]:
    """The sets and maps that `rule` asks."""
    named = [each.set for each in rule.matches if isinstance(each, In | Remember)]
    if isinstance(rule.target, Look | DnatBy):
        named.append(rule.target.map)
    return tuple(named)
