"""What a way between nodes is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from pyk8s.kernel.link.values import Link
from pyk8s.kernel.neighbour.values import Entry
from pyk8s.kernel.route.values import Route

Backend: TypeAlias = Literal["host-gw", "vxlan"]

BACKENDS: tuple[Backend, ...] = get_args(Backend)

PROTOCOL = 80
"""The number our routes carry (see /etc/iproute2/rt_protos): what bears it is ours to remove."""


@dataclass(frozen=True, slots=True)
class Under:
    """What one family's packets leave the node by: the node's own address, and its link's name and MTU in bytes."""

    address: str
    link: str
    mtu: int


@dataclass(frozen=True, slots=True)
class Settings:
    """How VXLAN is spoken here: the network's number, and the UDP port of all nodes."""

    vni: int = 1
    port: int = 4789


@dataclass(frozen=True, slots=True)
class Way:
    """The links, routes, neighbours and forwarding entries of a node that lead to the pods of all others.

    `mtu` is what pods may send at once, in bytes (0: not known); `vtep` the MAC under which others find this node's own
    VXLAN links, "" when it has none.
    """

    routes: tuple[Route, ...] = ()
    links: tuple[Link, ...] = ()
    entries: tuple[Entry, ...] = ()
    mtu: int = 0
    vtep: str = ""
