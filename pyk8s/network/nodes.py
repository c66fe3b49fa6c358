"""What a node has to know of the others: their pods' ranges, and where each is reached. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_network

import msgspec

VTEP = "pyk8s.dev/vtep-mac"
"""The annotation in which a node says under which MAC its VXLAN links are found; without it, it has none."""

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


class Metadata(msgspec.Struct, rename="camel"):
    """An object's name and version, and its annotations."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    annotations: dict[str, str] = {}


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
    """A node: where it is, which ranges its pods have, the MAC of its VXLAN links; all empty until they are known."""

    name: str
    addresses: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    vtep: str = ""

    def address_like(self, range_: str) -> str:
        """Its first address of the family of `range_`; "" when there is none."""
        return next((address for address in self.addresses if (":" in address) == (":" in range_)), "")


def view(node: NodeObject) -> Node:
    """The node as this room sees it: the ranges that are ranges, the internal addresses, a MAC that is one."""
    mac = node.metadata.annotations.get(VTEP, "")
    ranges = node.spec.pod_cidrs or [node.spec.pod_cidr]
    return Node(
        node.metadata.name,
        tuple(each.address for each in node.status.addresses if each.type == "InternalIP"),
        tuple(each for each in ranges if _is_range(each)),
        mac if MAC.fullmatch(mac) else "",
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
