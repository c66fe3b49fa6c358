"""Routes as values."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

STATIC = 4
"""The protocol number of routes set by hand (RTPROT_STATIC)."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route: packets for `destination` ("10.244.1.0/24"; "0.0.0.0/0" or "::/0" is all) go to `gateway` by `device`.

    An empty gateway means the destination is on the link; an empty device lets the kernel find the gateway's.
    `protocol` says who set it: routes of other protocols are never touched. `source` is the preferred source address.
    `onlink` takes the gateway to be on the device's link, whatever the device's addresses say.
    `metric`, `mtu` and `advmss` (bytes) are the kernel's when 0, and `scope` when None.
    """

    destination: str
    gateway: str = ""
    device: str = ""
    source: str = ""
    protocol: int = STATIC
    table: int = 254
    metric: int = 0
    mtu: int = 0
    advmss: int = 0
    scope: int | None = None
    onlink: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """Set the route, in place of any for the same destination."""

    route: Route


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the route."""

    route: Route


Action: TypeAlias = Put | Remove
Transaction: TypeAlias = tuple[Action, ...]


def plan(desired: Iterable[Route], observed: Collection[Route], protocol: int) -> Transaction:
    """What makes the routes of `protocol` exactly the `desired` ones; routes of other protocols stay.

    A desired route without device or source matches an observed one that has some.
    """
    wishes = {route.destination: route for route in desired}
    own = {route.destination: route for route in observed if route.protocol == protocol}
    gone = tuple(Remove(route) for destination, route in own.items() if destination not in wishes)
    new = tuple(Put(wish) for wish in wishes.values() if not _fulfils(own.get(wish.destination), wish))
    return gone + new


def _fulfils(seen: Route | None, wish: Route) -> bool:
    return (
        seen is not None
        and seen.gateway == wish.gateway
        and wish.device in ("", seen.device)
        and wish.source in ("", seen.source)
        and wish.table == seen.table
        and wish.onlink == seen.onlink
    )
