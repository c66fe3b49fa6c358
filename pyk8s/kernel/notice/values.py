"""Notices of the kernel as values, read from the bytes of rtnetlink's multicast groups.

Source: rtnetlink(7), netlink(7); linux/rtnetlink.h, linux/if_link.h, linux/neighbour.h.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

GROUPS = 0x1 | 0x4 | 0x40 | 0x400
"""RTMGRP_LINK, RTMGRP_NEIGH, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE."""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link `name` is there, and up or not; told for anything that changes about it."""

    name: str
    up: bool


@dataclass(frozen=True, slots=True)
class LinkGone:
    """The link `name` is there no more."""

    name: str


@dataclass(frozen=True, slots=True)
class RouteGone:
    """A route that `protocol` had set is there no more."""

    protocol: int


@dataclass(frozen=True, slots=True)
class NeighbourGone:
    """A neighbour or forwarding entry of the link numbered `index` is there no more; whether it was to last, the kernel
    has forgotten when it tells."""

    index: int


@dataclass(frozen=True, slots=True)
class Missed:
    """There was more to tell than the socket could hold: anything may have changed."""


Notice: TypeAlias = LinkChanged | LinkGone | RouteGone | NeighbourGone | Missed

_HEADER = struct.Struct("=LHHLL")
_LINK = struct.Struct("=BBHiII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGHBOUR = struct.Struct("=BBHiHBB")
_ATTRIBUTE = struct.Struct("=HH")

_NEW_LINK, _DELETED_LINK, _DELETED_ROUTE, _DELETED_NEIGHBOUR = 16, 17, 25, 29
_IFLA_IFNAME = 3
_IFF_UP = 0x1
_AF_BRIDGE = 7


def read(data: bytes) -> Iterator[Notice]:
    """The notices in one datagram, in order; messages of other kinds, and what is cut off, are passed over."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _, _, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        yield from _read_one(kind, data[at + _HEADER.size : at + length])
        at += (length + 3) & ~3


def _read_one(kind: int, body: bytes) -> Iterator[Notice]:
    if kind in (_NEW_LINK, _DELETED_LINK) and len(body) >= _LINK.size:
        family, _, _, _, flags, _ = _LINK.unpack_from(body)
        name = _name(body)
        # A port that leaves its bridge is told of as a link of the bridge's family that is deleted.
        if kind == _DELETED_LINK and family != _AF_BRIDGE:
            yield LinkGone(name)
        elif kind == _NEW_LINK:
            yield LinkChanged(name, bool(flags & _IFF_UP))
    elif kind == _DELETED_ROUTE and len(body) >= _ROUTE.size:
        yield RouteGone(_ROUTE.unpack_from(body)[5])
    elif kind == _DELETED_NEIGHBOUR and len(body) >= _NEIGHBOUR.size:
        yield NeighbourGone(_NEIGHBOUR.unpack_from(body)[3])


def _name(body: bytes) -> str:
    at = _LINK.size
    while at + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if length < _ATTRIBUTE.size:
            return ""
        if kind == _IFLA_IFNAME:
            return body[at + _ATTRIBUTE.size : at + length].rstrip(b"\0").decode(errors="replace")
        at += (length + 3) & ~3
    return ""
