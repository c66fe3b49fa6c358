"""A change of a route as an rtnetlink message. Pure: bytes out, no socket.

Source of the numbers: the kernel's include/uapi/linux/rtnetlink.h; rtnetlink(7).
"""

from __future__ import annotations

import struct
from ipaddress import ip_network

from pyk8s.kernel.attributes import attribute, nested, packed, u32
from pyk8s.kernel.channel import CREATE, Request
from pyk8s.kernel.route.values import Put, Remove, Route

_NEW, _REMOVE, _REPLACE = 24, 25, 0x100
_TO, _DEVICE, _GATEWAY, _PRIORITY, _FROM, _METRICS, _TABLE = 1, 4, 5, 6, 7, 8, 15
_MTU, _ADVMSS = 2, 8
_UNIVERSE, _LINK, _NOWHERE = 0, 253, 255
_UNICAST, _ONLINK = 1, 0x4
_HEAD = struct.Struct("=BBBBBBBBI")


def put(action: Put, device: int) -> Request:
    """Set the route, by the link with the number `device` (0 lets the kernel find the gateway's)."""
    route = action.route
    scope = route.scope
    if scope is None:
        scope = _UNIVERSE if route.gateway or ":" in route.destination else _LINK
    parts = _parts(route, device)
    if route.gateway:
        parts.append(attribute(_GATEWAY, packed(route.gateway)))
    if route.source:
        parts.append(attribute(_FROM, packed(route.source)))
    metrics = [u32(kind, size) for kind, size in ((_MTU, route.mtu), (_ADVMSS, route.advmss)) if size]
    if metrics:
        parts.append(nested(_METRICS, *metrics))
    head = _head(route, scope, _UNICAST, _ONLINK if route.onlink else 0)
    return Request(_NEW, head + b"".join(parts), action, CREATE | _REPLACE)


def remove(action: Remove) -> Request:
    """Remove the route."""
    route = action.route
    return Request(_REMOVE, _head(route, _NOWHERE, 0, 0) + b"".join(_parts(route, 0)), action)


def _parts(route: Route, device: int) -> list[bytes]:
    network = ip_network(route.destination)
    parts = [u32(_TABLE, route.table)]
    if network.prefixlen:
        parts.append(attribute(_TO, network.network_address.packed))
    if device:
        parts.append(u32(_DEVICE, device))
    if route.metric:
        parts.append(u32(_PRIORITY, route.metric))
    return parts


def _head(route: Route, scope: int, kind: int, flags: int) -> bytes:
    network = ip_network(route.destination)
    family = 2 if network.version == 4 else 10
    table = route.table if route.table < 256 else 0
    return _HEAD.pack(family, network.prefixlen, 0, 0, table, route.protocol, scope, kind, flags)
