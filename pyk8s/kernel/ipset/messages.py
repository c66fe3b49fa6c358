"""Sets and members as the attributes of ipset's netlink messages. Pure. Source: linux/netfilter/ipset/ip_set.h."""

from __future__ import annotations

from typing import Literal, cast, get_args

from pyk8s.kernel.attributes import (
    NETWORK_ORDER,
    address,
    attribute,
    attributes,
    be16,
    be32,
    big,
    nested,
    packed,
    string,
    text,
    u8,
)
from pyk8s.kernel.ipset.values import Add, Kind, Member, Parts, Set, split

CREATE, DESTROY, FLUSH, LIST, ADD, REMOVE, TYPE = 2, 3, 4, 7, 9, 10, 13
"""Commands."""

SUBSYSTEM = 6 << 8
"""ipset among the parts of netfilter."""

_PROTOCOL, _NAME, _TYPE, _REVISION, _FAMILY, _DATA, _MEMBERS = 1, 2, 3, 4, 5, 7, 8
_IP, _PORT, _PORT_TO, _PROTO, _FLAGS = 1, 4, 5, 7, 8
_LIMIT, _IP2, _CIDR2, _MARK = 19, 20, 21, 27
_VERSION = 6
_WITH_MARKS = 1 << 6

FAMILIES = {0: 0, 4: 2, 6: 10}
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58, "sctp": 132}
_NAMES = {number: name for name, number in PROTOCOLS.items()}
_PROTOCOL_BYTES = {name: u8(_PROTO | NETWORK_ORDER, number) for name, number in PROTOCOLS.items()}


def head(family: int) -> bytes:
    """What begins each message: the family's number, and the version spoken."""
    return bytes((FAMILIES[family], 0, 0, 0)) + u8(_PROTOCOL, _VERSION)


def name(held: str, family: int = 4) -> bytes:
    """A message about the set named so."""
    return head(family) + text(_NAME, held)


def kind(held: Set) -> bytes:
    """A question for the revisions of a kind."""
    return head(held.family) + text(_TYPE, held.kind) + u8(_FAMILY, FAMILIES[held.family])


def revision(payload: bytes) -> int:
    """The newest revision that the answer to such a question names."""
    return big(dict(attributes(payload[4:])).get(_REVISION))


def creation(held: Set, newest: int) -> bytes:
    """A message that makes a set."""
    data = be32(_FLAGS | NETWORK_ORDER, _WITH_MARKS) if held.marks else b""
    if held.kind == "bitmap:port":
        data += be16(_PORT | NETWORK_ORDER, 0) + be16(_PORT_TO | NETWORK_ORDER, 65535)
    else:
        data += be32(_LIMIT | NETWORK_ORDER, held.limit)
    family = u8(_FAMILY, FAMILIES[held.family])
    return name(held.name, held.family) + text(_TYPE, held.kind) + u8(_REVISION, newest) + family + nested(_DATA, data)


def entry(held: Set, written: Member, mark: int = 0) -> bytes:
    """A message that puts a member in, or takes it out."""
    data = _front(written) if held.kind == "hash:ip,port" else _entry(split(held.kind, written))
    if mark:
        data += attribute(_MARK | NETWORK_ORDER, mark.to_bytes(4, "big") + b"\xff\xff\xff\xff")
    return name(held.name, held.family) + nested(_DATA, data)


def addition(action: Add) -> bytes:
    """A message that puts a member in."""
    return entry(action.set, action.member, action.mark)


def _front(written: Member) -> bytes:
    """What most members are, without a detour: an address, a protocol and a port."""
    try:
        held, rest = written.split(",")
        protocol, port = rest.split(":")
        return _address(_IP, held) + _PROTOCOL_BYTES[protocol] + be16(_PORT | NETWORK_ORDER, int(port))
    except (ValueError, KeyError, OSError, OverflowError):
        return _entry(split("hash:ip,port", written))  # which says what is wrong


def _entry(parts: Parts) -> bytes:
    data = _address(_IP, parts.address) if parts.address else b""
    if parts.protocol:
        if parts.protocol not in PROTOCOLS:
            raise ValueError(f"{parts.protocol!r} is no protocol that sets of ports know")
        data += u8(_PROTO | NETWORK_ORDER, PROTOCOLS[parts.protocol])
    if parts.protocol or not parts.address:
        data += be16(_PORT | NETWORK_ORDER, parts.port)
    if parts.second:
        data += _address(_IP2, parts.second)
        if parts.prefix:
            data += u8(_CIDR2 | NETWORK_ORDER, parts.prefix)
    return data


def _address(number: int, held: str) -> bytes:
    return nested(number, attribute((2 if ":" in held else 1) | NETWORK_ORDER, packed(held)))


def read_name(payload: bytes) -> str:
    """The name of the set that a message of a list is about."""
    return string(dict(attributes(payload[4:])).get(_NAME))


def read_set(payload: bytes) -> Set | None:
    """The set that a message of a list describes; None when it only goes on with one, or the kind is none of ours."""
    held = dict(attributes(payload[4:]))
    data = dict(attributes(held.get(_DATA, b"")))
    written = string(held.get(_TYPE))
    if written not in get_args(Kind):
        return None
    family = cast("Literal[0, 4, 6]", {2: 4, 10: 6}.get(big(held.get(_FAMILY)), 0))
    marks = bool(big(data.get(_FLAGS)) & _WITH_MARKS)
    return Set(string(held.get(_NAME)), cast(Kind, written), family, marks, big(data.get(_LIMIT)) or 65536)


def read_members(payload: bytes, kind: Kind) -> dict[Member, int]:
    """The members, with their marks, that a message of a list tells of a set of this kind."""
    held = dict(attributes(payload[4:]))
    return dict(_read_entry(kind, each) for _, each in attributes(held.get(_MEMBERS, b"")))


def _read_entry(kind: Kind, payload: bytes) -> tuple[Member, int]:
    held = dict(attributes(payload))
    mark = big(held.get(_MARK, b"")[:4])
    if kind == "bitmap:port":
        return str(big(held.get(_PORT))), mark
    words = [_read_address(held[_IP])]
    if kind != "hash:ip":
        number = big(held.get(_PROTO))
        words.append(f"{_NAMES.get(number, number)}:{big(held.get(_PORT))}")
    if _IP2 in held:
        second = _read_address(held[_IP2])
        words.append(f"{second}/{_prefix(held.get(_CIDR2), second)}" if kind == "hash:ip,port,net" else second)
    return ",".join(words), mark


def _prefix(payload: bytes | None, held: str) -> int:
    return big(payload) or (128 if ":" in held else 32)


def _read_address(payload: bytes) -> str:
    return address(next(value for _, value in attributes(payload)))
