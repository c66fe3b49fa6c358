"""Rules as the kernel's own expressions: what loads into registers, compares and decides. Pure.

Source: linux/netfilter/nf_tables.h. The expressions are those that nft makes of the same words, so that it can show
them; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import assert_never

from pyk8s.kernel.nftables.attributes import (
    FAMILIES,
    PROTOCOLS,
    address,
    attribute,
    nested,
    number,
    text,
    value,
    verdict,
)
from pyk8s.kernel.nftables.values import (
    ClearMark,
    Destination,
    DestinationLocal,
    Dnat,
    DnatBy,
    Family,
    Field,
    Foreign,
    Goto,
    In,
    Invalid,
    Jump,
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

FIRST, WORDS = 1, 8
"""The first register, of 16 bytes; the first of those that are one word, which lies where FIRST begins."""

_L4PROTO, _MARK = 16, 3
_LOCAL = (2).to_bytes(4, "little")
_NOTHING = bytes(4)
_SIZES: dict[Family, int] = {"ip": 4, "ip6": 16}
_OFFSETS: dict[Family, dict[str, int]] = {"ip": {"saddr": 12, "daddr": 16}, "ip6": {"saddr": 8, "daddr": 24}}

Pairs = tuple[tuple[int, Place | str], ...]
MapOf = Callable[[Pairs], tuple[str, int]]
"""Makes a map of a rule's own, from drawn numbers to places or chains, and returns its name and number."""


def _expression(name: str, *inner: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *inner))


def _meta(key: int, register: int = FIRST) -> bytes:
    return _expression("meta", number(2, key), number(1, register))


def _payload(base: int, offset: int, length: int, register: int = FIRST) -> bytes:
    return _expression("payload", number(1, register), number(2, base), number(3, offset), number(4, length))


def _compare(held: bytes, *, equal: bool = True) -> bytes:
    return _expression("cmp", number(1, FIRST), number(2, 0 if equal else 1), value(3, held))


def _bits(mask: bytes, flip: bytes) -> bytes:
    length = len(mask)
    return _expression("bitwise", number(1, FIRST), number(2, FIRST), number(3, length), value(4, mask), value(5, flip))


def _word(bits: int) -> bytes:
    return bits.to_bytes(4, "little")


def _connection(key: int, bits: int) -> bytes:
    load = _expression("ct", number(2, key), number(1, FIRST))
    return load + _bits(_word(bits), _NOTHING) + _compare(_NOTHING, equal=False)


def _type_of_address(flag: int, *, negated: bool) -> bytes:
    load = _expression("fib", number(3, flag), number(2, 3), number(1, FIRST))
    return load + _compare(_LOCAL, equal=not negated)


def _lookup(name: str, *, to: int | None = None, number_of: int | None = None) -> bytes:
    parts = [text(1, name), number(2, FIRST)]
    if to is not None:
        parts.append(number(3, to))
    if number_of is not None:
        parts.append(number(4, number_of))
    return _expression("lookup", *parts)


def _within(field: str, said: str, family: Family, *, negated: bool) -> bytes:
    """Compare an address with a range: its whole bytes alone, when it ends between two."""
    network = ip_network(said, strict=False)
    offset, length = _OFFSETS[family][field], network.prefixlen
    wanted = address(str(network.network_address))
    if length and length % 8 == 0:
        size = length // 8
        return _payload(1, offset, size) + _compare(wanted[:size], equal=not negated)
    mask = network.netmask.packed
    load = _payload(1, offset, _SIZES[family]) + _bits(mask, bytes(len(mask)))
    return load + _compare(wanted, equal=not negated)


def _load(fields: tuple[Field, ...], family: Family) -> bytes:
    """The fields side by side, each from a whole word on."""
    held, register = b"", WORDS
    for each in fields:
        at = FIRST if register == WORDS else register
        if each == "l4proto":
            held += _meta(_L4PROTO, at)
            register += 1
        elif each == "dport":
            held += _payload(2, 2, 2, at)
            register += 1
        else:
            held += _payload(1, _OFFSETS[family][each], _SIZES[family], at)
            register += _SIZES[family] // 4
    return held


def expressions(rule: Rule, family: Family, map_of: MapOf) -> bytes:
    """All of `rule`; `map_of` makes the maps that belong to it alone."""
    held = b"".join(_match(each, family) for each in rule.matches)
    return held if rule.target is None else held + b"".join(_target(rule.target, family, map_of))


def _match(match: Match, family: Family) -> bytes:
    match match:
        case Protocol(name):
            return _meta(_L4PROTO) + _compare(bytes((PROTOCOLS[name],)))
        case Source(range_, negated):
            return _within("saddr", range_, family, negated=negated)
        case Destination(range_, negated):
            return _within("daddr", range_, family, negated=negated)
        case SourceLocal(negated):
            return _type_of_address(1, negated=negated)
        case DestinationLocal(negated):
            return _type_of_address(2, negated=negated)
        case In(fields, name):
            return _load(fields, family) + _lookup(name)
        case Remember(name):
            parts = text(1, name), number(3, 1), number(4, FIRST)
            return _load(("saddr",), family) + _expression("dynset", *parts)
        case Unmarked(bits):
            return _meta(_MARK) + _bits(_word(bits), _NOTHING) + _compare(_NOTHING)
        case New():
            return _connection(0, 8)
        case Invalid():
            return _connection(0, 1)
        case Translated():
            return _connection(2, 0x20)
        case Foreign(said):
            raise ValueError(f"a rule of somebody else cannot be written: {said}")
    assert_never(match)


def _target(target: Target, family: Family, map_of: MapOf) -> Iterator[bytes]:
    match target:
        case Verdict() | Jump() | Goto():
            yield _expression("immediate", number(1, 0), nested(2, verdict(target)))
        case Reject(reset):
            code = 3 if family == "ip" else 4
            yield _expression("reject", number(1, 1 if reset else 0), attribute(2, bytes((0 if reset else code,))))
        case Masquerade():
            yield _expression("masq", number(1, 0x10))
        case SetMark(bits):
            yield _meta(_MARK) + _bits(_word(0xFFFFFFFF ^ bits), _word(bits))
            yield _expression("meta", number(2, _MARK), number(3, FIRST))
        case ClearMark(bits):
            yield _meta(_MARK) + _bits(_word(0xFFFFFFFF ^ bits), _NOTHING)
            yield _expression("meta", number(2, _MARK), number(3, FIRST))
        case Look(fields, name):
            yield _load(fields, family) + _lookup(name, to=0)
        case Spread(chains):
            name, own = map_of(tuple(enumerate(chains)))
            yield _drawn(len(chains)) + _lookup(name, to=0, number_of=own)
        case Dnat(((where, port),)):
            yield _expression("immediate", number(1, FIRST), value(2, address(where)))
            yield _expression("immediate", number(1, FIRST + 1), value(2, port.to_bytes(2, "big")))
            yield _translate(family, FIRST + 1)
        case Dnat(places):
            name, own = map_of(tuple(enumerate(places)))
            yield _drawn(len(places)) + _lookup(name, to=FIRST, number_of=own) + _mapped(family)
        case DnatBy(fields, name):
            yield _load(fields, family) + _lookup(name, to=FIRST) + _mapped(family)
        case _:
            assert_never(target)


def _drawn(below: int) -> bytes:
    return _expression("numgen", number(1, FIRST), number(2, below), number(3, 1), number(4, 0))


def _translate(family: Family, port: int) -> bytes:
    return _expression("nat", number(1, 1), number(2, FAMILIES[family]), number(3, FIRST), number(5, port))


def _mapped(family: Family) -> bytes:
    return _translate(family, WORDS + _SIZES[family] // 4)
