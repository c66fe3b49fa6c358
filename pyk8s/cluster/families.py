"""Which addresses a cluster has: of IPv4, of IPv6 or of both, and out of which ranges. Pure.

The IPv6 ranges are unique local ones, of which every cluster has a /48 of its own without asking anybody.
Source: RFC 4193 (the 40 bits after fd00::/8 are a site's own).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["ipv4", "ipv6", "dual"]

FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6", "dual")

SERVICES4, PODS4 = "10.96.0.0/16", "10.244.0.0/16"

NODE_MASKS = {4: 24, 6: 64}
"""How long the prefix of one node's pods is, by family."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """The networks of a cluster's nodes, services and pods, one of each family; of two, IPv4 comes first."""

    subnets: tuple[str, ...]
    services: tuple[str, ...]
    pods: tuple[str, ...]


def plan_ranges(family: Family, subnet: str, id_: str) -> Ranges:
    """The ranges of a cluster of that `family`: `subnet` is the /24 of its nodes ("" when it has no IPv4), `id_` its
    ten hex digits."""
    prefix = f"fd{id_[0:2]}:{id_[2:6]}:{id_[6:10]}"
    four = ((subnet, SERVICES4, PODS4),) if has4(family) else ()
    six = ((_canonical(f"{prefix}::/64"), _canonical(f"{prefix}:1::/112"), _canonical(f"{prefix}:100::/56")),)
    subnets, services, pods = zip(*four, *(six if has6(family) else ()), strict=True)
    return Ranges(subnets, services, pods)


def has4(family: Family) -> bool:
    """Whether a cluster of that family has IPv4 addresses."""
    return family != "ipv6"


def has6(family: Family) -> bool:
    """Whether a cluster of that family has IPv6 addresses."""
    return family != "ipv4"


def version(address: str) -> Literal[4, 6]:
    """The family of an address or range, as a number."""
    return 6 if ":" in address else 4


def loopback(address: str) -> str:
    """The host's own address of the same family as `address`."""
    return "::1" if version(address) == 6 else "127.0.0.1"


def bracketed(address: str) -> str:
    """An address as it stands before a port. Source: RFC 3986, section 3.2.2."""
    return f"[{address}]" if ":" in address else address


def _canonical(text: str) -> str:
    return str(ip_network(text))
