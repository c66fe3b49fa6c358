"""What a node has to know of the others: their pods' ranges and the address each is reached at. Pure.

This is "host-gw": a route for each other node, through that node. Other ways to travel plan from the same view.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_network

import msgspec

from pyk8s.kernel.route.values import Route

PROTOCOL = 80
"""The number our routes carry (see /etc/iproute2/rt_protos): what bears it is ours to remove."""


class Metadata(msgspec.Struct, rename="camel"):
    """An object's name and version."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class NodeSpec(msgspec.Struct):
    """The ranges of a node's pods."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: list[str] = msgspec.field(default_factory=list, name="podCIDRs")


class NodeAddress(msgspec.Struct):
    """One address of a node, and what kind it is: "InternalIP", "Hostname", …"""

    type: str
    address: str


class NodeStatus(msgspec.Struct):
    """The addresses of a node."""

    addresses: list[NodeAddress] = []


class NodeObject(msgspec.Struct):
    """What is read of a Node."""

    metadata: Metadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


decode = msgspec.json.Decoder(NodeObject).decode
"""A Node's JSON bytes as a NodeObject; raises msgspec.DecodeError."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node: where it is, and which ranges its pods have; both empty until they are known."""

    name: str
    addresses: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()


def view(node: NodeObject) -> Node:
    """The node as this room sees it: the ranges that are ranges, the internal addresses."""
    ranges = node.spec.pod_cidrs or [node.spec.pod_cidr]
    return Node(
        node.metadata.name,
        tuple(each.address for each in node.status.addresses if each.type == "InternalIP"),
        tuple(each for each in ranges if _is_range(each)),
    )


def plan_routes(name: str, nodes: Iterable[Node]) -> tuple[Route, ...]:
    """The routes that the node `name` needs to reach the pods of all other `nodes`."""
    return tuple(
        Route(range_, gateway, protocol=PROTOCOL)
        for node in sorted(nodes, key=lambda each: each.name)
        if node.name != name
        for range_ in node.ranges
        for gateway in _first(address for address in node.addresses if (":" in address) == (":" in range_))
    )


def addresses_of(nodes: Iterable[Node]) -> frozenset[str]:
    """Every address of every node."""
    return frozenset(address for node in nodes for address in node.addresses)


def clash(name: str, nodes: Collection[Node]) -> str:
    """The name of another node that claims a range of `name`'s, or "": two nodes that answer for one address."""
    own = next((node for node in nodes if node.name == name), Node(name))
    for node in nodes:
        if node.name != name and any(_overlap(mine, theirs) for mine in own.ranges for theirs in node.ranges):
            return node.name
    return ""


def _overlap(one: str, other: str) -> bool:
    return (":" in one) == (":" in other) and ip_network(one).overlaps(ip_network(other))


def _is_range(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _first(addresses: Iterable[str]) -> tuple[str, ...]:
    for address in addresses:
        return (address,)
    return ()
