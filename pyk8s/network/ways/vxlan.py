"""vxlan: packets to other nodes' pods travel in UDP, through whatever network lies between the nodes.

Each node has a link of its own for it (a VTEP) for each family, whose address is the first of the node's range.
Nothing is learned from packets: under which MAC a node's VTEP is found stands in an annotation of its Node, and from
that follow the route through the VTEP, the neighbour entry of the route's gateway and the MAC's forwarding entry. A
node that has not said that it has a VTEP is reached directly, so that a cluster can change from one way to the other
node by node without a gap. Source: RFC 7348.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from ipaddress import IPv6Address, ip_network

from pyk8s.kernel.link.values import Link, Vxlan
from pyk8s.kernel.neighbour.values import Entry, Forwarding, Neighbour
from pyk8s.kernel.route.values import Route
from pyk8s.network.nodes import Node
from pyk8s.network.ways.hostgw import direct_routes, others
from pyk8s.network.ways.values import PROTOCOL, Settings, Under, Way

OVERHEAD = {4: 50, 6: 70}
"""Bytes that a packet grows by on its way: the outer IP header (20 or 40), UDP (8), VXLAN (8), the inner Ethernet
header (14)."""

PREFIXES = {4: "pyk8s.", 6: "pyk8s-v6."}
"""How the names of our VXLAN links begin; the network's number follows."""


def plan_vxlan(name: str, nodes: Iterable[Node], under: Mapping[int, Under], settings: Settings) -> Way:
    """The way of the node `name` to all other `nodes`."""
    listed = list(nodes)
    own = next((node for node in listed if node.name == name), Node(name))
    links = {
        family_of(range_): _vtep(own, range_, under[family_of(range_)], settings)
        for range_ in own.ranges
        if family_of(range_) in under
    }
    routes: list[Route] = []
    entries: list[Entry] = []
    for node in others(name, listed):
        for range_ in node.ranges:
            link, address = links.get(family_of(range_)), node.address_like(range_)
            if link is None or not node.vtep or not address:
                routes += direct_routes(node, range_)
                continue
            route = _route(range_, node.vtep, link.name)
            routes.append(route)
            entries += [Neighbour(link.name, route.gateway, node.vtep), Forwarding(link.name, node.vtep, address)]
    mtu = min((each.mtu - OVERHEAD[family] for family, each in under.items() if each.mtu), default=0)
    return Way(tuple(routes), tuple(links.values()), tuple(entries), mtu, mac_of_vtep(name) if links else "")


def family_of(range_: str) -> int:
    """4 or 6."""
    return 6 if ":" in range_ else 4


def mac_of_vtep(node: str) -> str:
    """The locally administered MAC of a node's VTEPs: it follows from the name, so that no restart changes it."""
    return ":".join(f"{byte:02x}" for byte in (0x0A, 0x5A, *sha256(node.encode()).digest()[:4]))


def is_vtep(link: Link) -> bool:
    """Whether a link is one of ours, of whatever network's number."""
    return link.kind == "vxlan" and link.name.startswith(tuple(PREFIXES.values()))


def _vtep(own: Node, range_: str, under: Under, settings: Settings) -> Link:
    family = family_of(range_)
    return Link(
        f"{PREFIXES[family]}{settings.vni}",
        "vxlan",
        mtu=under.mtu - OVERHEAD[family] if under.mtu else 0,
        mac=mac_of_vtep(own.name),
        addresses=(f"{_first(range_)}/{32 if family == 4 else 128}",),
        vxlan=Vxlan(settings.vni, under.address, settings.port),
    )


def _route(range_: str, mac: str, device: str) -> Route:
    """The way to a range through the VTEP with that MAC.

    IPv4: by the VTEP's own address, taken to be on the link. IPv6: by the link-local address that follows from the MAC,
    as the kernel takes no gateway to be on the link to whose address another route leads already.
    """
    if family_of(range_) == 6:
        return Route(range_, link_local(mac), device, protocol=PROTOCOL)
    return Route(range_, _first(range_), device, protocol=PROTOCOL, onlink=True)


def link_local(mac: str) -> str:
    """The IPv6 address that follows from a MAC. Source: RFC 4291, appendix A."""
    first, *rest = (int(byte, 16) for byte in mac.split(":"))
    return str(IPv6Address(bytes((0xFE, 0x80, 0, 0, 0, 0, 0, 0, first ^ 2, *rest[:2], 0xFF, 0xFE, *rest[2:]))))


def _first(range_: str) -> str:
    return str(ip_network(range_).network_address)
