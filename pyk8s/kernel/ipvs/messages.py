"""Virtual and real servers as the attributes of IPVS' netlink messages. Pure. Source: linux/ip_vs.h."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TypeAlias

from pyk8s.kernel.attributes import (
    address,
    attribute,
    attributes,
    be16,
    big,
    nested,
    number,
    packed,
    string,
    text,
    u16,
    u32,
)
from pyk8s.kernel.ipvs.values import (
    Action,
    Add,
    AddReal,
    Change,
    ChangeReal,
    Entry,
    Front,
    Key,
    Load,
    Marked,
    Place,
    Real,
    Remove,
    RemoveReal,
    Server,
    SetTimeouts,
)

ADD, CHANGE, REMOVE, GET, ADD_REAL, CHANGE_REAL, REMOVE_REAL, GET_REAL, FLUSH = 1, 2, 3, 4, 5, 6, 7, 8, 17
SET_TIMEOUTS, GET_TIMEOUTS = 12, 13
"""Commands."""

_SERVER, _REAL, _TCP, _CLOSING, _UDP = 1, 2, 4, 5, 6
_AF, _PROTOCOL, _ADDRESS, _PORT, _MARK, _SCHEDULER, _FLAGS, _TIMEOUT, _MASK = 1, 2, 3, 4, 5, 6, 7, 8, 9
_STATS64, _IN_PACKETS = 12, 2
_R_ADDRESS, _R_PORT, _R_METHOD, _R_WEIGHT, _R_UPPER, _R_LOWER = 1, 2, 3, 4, 5, 6
_R_ACTIVE, _R_INACTIVE, _R_PERSISTENT, _R_FAMILY = 7, 8, 9, 11

_FAMILIES = {4: 2, 6: 10}
_PROTOCOLS = {"tcp": 6, "udp": 17, "sctp": 132}
_NAMES = {held: name for name, held in _PROTOCOLS.items()}
_METHODS = ("masq", "local", "tunnel", "route")
_PERSISTENT = 0x1
_FLAG_BITS = {"ops": 0x4, "flag-1": 0x8, "flag-2": 0x10, "flag-3": 0x20}
_OURS = _PERSISTENT | sum(_FLAG_BITS.values())


def head(command: int) -> bytes:
    """What begins each message: the command and the version spoken."""
    return bytes((command, 1, 0, 0))


def payload(action: Action) -> bytes:
    """The message that carries out `action`."""
    match action:
        case Add(key, server):
            return head(ADD) + nested(_SERVER, _key(key), _server(key.family, server))
        case Change(key, server):
            return head(CHANGE) + nested(_SERVER, _key(key), _server(key.family, server))
        case Remove(key):
            return head(REMOVE) + nested(_SERVER, _key(key))
        case AddReal(key, place, real):
            return head(ADD_REAL) + nested(_SERVER, _key(key)) + nested(_REAL, _place(place), _real(real))
        case ChangeReal(key, place, real):
            return head(CHANGE_REAL) + nested(_SERVER, _key(key)) + nested(_REAL, _place(place), _real(real))
        case RemoveReal(key, place):
            return head(REMOVE_REAL) + nested(_SERVER, _key(key)) + nested(_REAL, _place(place))
        case SetTimeouts(tcp, closing, udp):
            return head(SET_TIMEOUTS) + u32(_TCP, tcp) + u32(_CLOSING, closing) + u32(_UDP, udp)
    return head(FLUSH)


def read_timeouts(data: bytes) -> SetTimeouts:
    """What the answer to GET_TIMEOUTS tells."""
    held = dict(attributes(data[4:]))
    return SetTimeouts(*(number(held.get(each)) for each in (_TCP, _CLOSING, _UDP)))


def reals_of(key: Key) -> bytes:
    """A question for the real servers of one virtual server."""
    return head(GET_REAL) + nested(_SERVER, _key(key))


@lru_cache(maxsize=64)
def _key(key: Key) -> bytes:
    family = u16(_AF, _FAMILIES[key.family])
    if isinstance(key, Marked):
        return family + u32(_MARK, key.mark)
    if key.protocol not in _PROTOCOLS:
        raise ValueError(f"{key}: IPVS knows tcp, udp and sctp")
    return family + u16(_PROTOCOL, _PROTOCOLS[key.protocol]) + _address(_ADDRESS, key.address) + be16(_PORT, key.port)


@lru_cache(maxsize=64)
def _server(family: int, server: Server) -> bytes:
    flags = sum(bit for name, bit in _FLAG_BITS.items() if name in server.flags)
    flags |= _PERSISTENT if server.persistence else 0
    # Each client by its whole address: a mask of 32 ones, or the length of an IPv6 prefix.
    mask = b"\xff\xff\xff\xff" if family == 4 else struct.pack("=I", 128)
    return (
        text(_SCHEDULER, server.scheduler)
        + attribute(_FLAGS, struct.pack("=II", flags, _OURS))
        + u32(_TIMEOUT, server.persistence)
        + attribute(_MASK, mask)
    )


def _place(place: Place) -> bytes:
    family = u16(_R_FAMILY, _FAMILIES[place.family])
    return _address(_R_ADDRESS, place.address) + be16(_R_PORT, place.port) + family


@lru_cache(maxsize=64)
def _real(real: Real) -> bytes:
    return (
        u32(_R_METHOD, _METHODS.index(real.method)) + u32(_R_WEIGHT, real.weight) + u32(_R_UPPER, 0) + u32(_R_LOWER, 0)
    )


def _address(kind: int, held: str) -> bytes:
    return attribute(kind, packed(held).ljust(16, b"\0"))


def read_server(data: bytes) -> tuple[Key, Server]:
    """The virtual server that a message of a list tells."""
    held = dict(attributes(dict(attributes(data[4:]))[_SERVER]))
    family = 6 if number(held[_AF]) == _FAMILIES[6] else 4
    bits = number(held.get(_FLAGS, b"")[:4])
    flags = frozenset(name for name, bit in _FLAG_BITS.items() if bits & bit)
    seconds = number(held.get(_TIMEOUT)) if bits & _PERSISTENT else 0
    server = Server(string(held.get(_SCHEDULER)), seconds, flags)
    if mark := number(held.get(_MARK)):
        return Marked(mark, family), server
    protocol = _NAMES.get(number(held.get(_PROTOCOL)), "")
    return Front(protocol, _read_address(held[_ADDRESS], family), big(held.get(_PORT))), server


Told: TypeAlias = tuple[Place, Real, Load]
"""A real server and the connections it has."""


def read_packets(data: bytes) -> int:
    """How many packets came to the virtual server that a message of a list tells."""
    held = dict(attributes(dict(attributes(data[4:]))[_SERVER]))
    return number(dict(attributes(held.get(_STATS64, b""))).get(_IN_PACKETS))


def read_real(data: bytes, family: int) -> Told:
    """The real server that a message of a list tells; `family` is its virtual server's, for kernels that say none."""
    held = dict(attributes(dict(attributes(data[4:]))[_REAL]))
    own = {2: 4, 10: 6}.get(number(held.get(_R_FAMILY)), family)
    place = Place(_read_address(held[_R_ADDRESS], own), big(held.get(_R_PORT)))
    real = Real(number(held.get(_R_WEIGHT)), _METHODS[number(held.get(_R_METHOD)) & 0x3])  # type: ignore[arg-type]
    counts = (number(held.get(each)) for each in (_R_ACTIVE, _R_INACTIVE, _R_PERSISTENT))
    return place, real, Load(*counts)


def _read_address(data: bytes, family: int) -> str:
    return address(data[: 4 if family == 4 else 16])


def entry(server: Server, told: list[Told]) -> Entry:
    """A virtual server with what was told of its real ones."""
    return Entry(server, {place: real for place, real, _ in told}, {place: load for place, _, load in told})
