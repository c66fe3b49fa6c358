"""A transaction as the messages that the kernel takes. Pure. Source: linux/netfilter/nf_tables.h."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias, cast

from pyk8s.kernel.nftables.attributes import (
    FAMILIES,
    HOOKS,
    TYPES,
    VERDICT,
    attribute,
    comment,
    head,
    key,
    nested,
    number,
    text,
    value,
    verdict,
    word,
)
from pyk8s.kernel.nftables.expressions import Pairs, expressions
from pyk8s.kernel.nftables.values import (
    Action,
    Add,
    Chain,
    Data,
    Delete,
    Element,
    Family,
    Flush,
    Goto,
    Map,
    Rule,
    Set,
    Table,
    Transaction,
    shape,
)

Message: TypeAlias = tuple[int, int, bytes, int]
"""Kind, flags, body, and the number of the action that it belongs to."""

REQUEST, CREATE, APPEND = 0x1, 0x400, 0x800
NEW_TABLE, DEL_TABLE, NEW_CHAIN, DEL_CHAIN, NEW_RULE, DEL_RULE = 0, 2, 3, 5, 6, 8
NEW_SET, DEL_SET, NEW_ELEMENT, DEL_ELEMENT = 9, 11, 12, 14
_ANONYMOUS, _CONSTANT, _MAP, _TIMEOUT, _EVAL = 0x1, 0x2, 0x8, 0x10, 0x20
_INTEGER, _ACCEPT = 4, 1
_LENGTHS = {"ipv4_addr": 4, "ipv6_addr": 16, "inet_proto": 1, "inet_service": 2}

_OWN = "__map%d"
"""The kernel puts a number of its own into the name of a map that belongs to a rule."""

_SOURCES = 65535
"""Sources that a set keeps at most: what nft takes when nothing is said."""

LONGEST = 60_000
"""Bytes of elements in one message: the length of an attribute has 16 bits."""


def encode(transaction: Transaction, family: Family, table: str) -> Iterator[Message]:
    """The messages of `transaction`, in order."""
    return _Encoder(transaction, family, table).messages()


Part: TypeAlias = tuple[int, int, bytes]
"""A message before it is known to which action it belongs."""


class _Encoder:
    """One transaction while it is written: sets are numbered, so that a rule can name one that is made with it."""

    def __init__(self, transaction: Transaction, family: Family, table: str) -> None:
        self._transaction = transaction
        self._family = family
        self._head = struct.pack("=BBH", FAMILIES[family], 0, 0) + text(1, table)
        self._numbers = 0

    def messages(self) -> Iterator[Message]:
        at = 0
        for (verb, of), group in groupby(self._transaction, _kind):
            actions = list(group)
            if of is None:
                for place, action in enumerate(actions, at):
                    yield from ((*part, place) for part in self._message(action))
            else:
                kind, flags = (NEW_ELEMENT, CREATE) if verb is Add else (DEL_ELEMENT, 0)
                where = self._head + text(2, of)
                for body, place in _packed(actions, whole=verb is Add):
                    yield kind, REQUEST | flags, where + body, at + place
            at += len(actions)

    def _message(self, action: Action) -> Iterator[Part]:
        match action:
            case Add(Table()):
                yield NEW_TABLE, REQUEST | CREATE, self._head + number(2, 0)
            case Delete(Table()):
                yield DEL_TABLE, REQUEST, self._head
            case Add(Chain() as chain):
                yield NEW_CHAIN, REQUEST | CREATE, self._head + _chain(chain)
            case Delete(Chain(name)):
                yield DEL_CHAIN, REQUEST, self._head + text(3, name)
            case Flush(Chain(name)):
                yield DEL_RULE, REQUEST, self._head + text(2, name)
            case Add(Set() | Map() as held):
                yield NEW_SET, REQUEST | CREATE, self._head + self._set(held)
            case Delete(Set(name) | Map(name)):
                yield DEL_SET, REQUEST, self._head + text(2, name)
            case Flush(Set(name) | Map(name)):
                yield DEL_ELEMENT, REQUEST, self._head + text(2, name)
            case Add(Rule() as rule):
                yield from self._rule(rule)

    def _rule(self, rule: Rule) -> Iterator[Part]:
        own: list[Part] = []

        def map_of(pairs: Pairs) -> tuple[str, int]:
            self._numbers += 1
            own.extend(self._own_map(pairs, self._numbers))
            return _OWN, self._numbers

        made = expressions(rule, self._family, map_of)
        yield from own
        body = text(2, rule.chain) + nested(4, made) + comment(7, rule.comment)
        yield NEW_RULE, REQUEST | CREATE | APPEND, self._head + body

    def _own_map(self, pairs: Pairs, own: int) -> Iterator[Part]:
        """A map of a rule's own, from drawn numbers."""
        places = [data for _, data in pairs if isinstance(data, tuple)]
        kind, length = self._data("place" if places else "verdict")
        made = (
            text(2, _OWN), number(3, _ANONYMOUS | _CONSTANT | _MAP), number(4, _INTEGER), number(5, 4),
            number(6, kind), number(7, length), nested(9, number(1, len(pairs))), number(10, own), _orders(1, 0),
        )  # fmt: skip
        yield NEW_SET, REQUEST | CREATE, self._head + b"".join(made)
        elements = b"".join(
            nested(1, value(1, drawn.to_bytes(4, "little")), _led(Goto(to) if isinstance(to, str) else to))
            for drawn, to in pairs
        )
        yield NEW_ELEMENT, REQUEST | CREATE, self._head + text(2, _OWN) + number(4, own) + nested(3, elements)

    def _set(self, held: Set | Map) -> bytes:
        types = shape(held, self._family).types
        several = len(types) > 1
        length = sum((_LENGTHS[each] + 3) & ~3 for each in types) if several else _LENGTHS[types[0]]
        self._numbers += 1
        flags = _MAP if isinstance(held, Map) else _TIMEOUT | _EVAL if held.seconds else 0
        parts = [text(2, held.name), number(3, flags), number(4, _joined(types)), number(5, length)]
        if isinstance(held, Map):
            kind, size = self._data(held.to)
            parts += [number(6, kind), number(7, size)]
        elif held.seconds:
            parts += [nested(9, number(1, _SOURCES)), attribute(11, struct.pack("!Q", held.seconds * 1000))]
        parts += [number(10, self._numbers), _orders(0 if several else 2, 0)]
        if isinstance(held, Map) and held.counted:
            parts.append(nested(17, text(1, "counter"), nested(2)))
        return b"".join(parts)

    def _data(self, to: str) -> tuple[int, int]:
        """The type and length of what a map leads to."""
        if to == "verdict":
            return VERDICT, 16
        kind = "ipv4_addr" if self._family == "ip" else "ipv6_addr"
        return _joined((kind, "inet_service")), _LENGTHS[kind] + 4


def _kind(action: Action) -> tuple[type[Action], str | None]:
    thing = action.thing
    return type(action), thing.of if isinstance(thing, Element) else None


def _chain(chain: Chain) -> bytes:
    if chain.hook is None:
        return text(3, chain.name)
    hook = nested(4, number(1, HOOKS.index(chain.hook.at)), number(2, chain.hook.priority))
    return text(3, chain.name) + hook + number(5, _ACCEPT) + text(7, chain.hook.type)


def _packed(actions: Sequence[Action], *, whole: bool) -> Iterator[tuple[bytes, int]]:
    """Elements in as many lists as it takes, and the place of each list's first one."""
    held: list[bytes] = []
    size = first = 0
    for place, action in enumerate(actions):
        made = _element(cast(Element, action.thing), whole=whole)
        if size + len(made) > LONGEST:
            yield nested(3, *held), first
            held, size, first = [], 0, place
        held.append(made)
        size += len(made)
    yield nested(3, *held), first


def _element(element: Element, *, whole: bool) -> bytes:
    held = value(1, key(element.key))
    if whole:
        if element.data is not None:
            held += _led(element.data)
        if element.comment:
            held += comment(6, element.comment)
    return head(1, len(held)) + held


def _led(data: Data) -> bytes:
    """What an element leads to."""
    return value(2, word(data[0]) + word(data[1])) if isinstance(data, tuple) else _decided(data)


@lru_cache(maxsize=1 << 12)
def _decided(data: Data) -> bytes:
    return nested(2, verdict(data))


def _joined(kinds: Iterable[str]) -> int:
    """The type of a concatenation: six bits for each."""
    found = 0
    for kind in kinds:
        found = found << 6 | TYPES[kind]
    return found


def _orders(of_keys: int, of_data: int) -> bytes:
    """User data of a set that nft reads: the byte orders of key and data (1: the machine's, 2: the network's)."""
    return attribute(13, struct.pack("=BBIBBI", 0, 4, of_keys, 1, 4, of_data))
