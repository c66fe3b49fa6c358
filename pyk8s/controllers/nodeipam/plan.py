"""Which range of the cluster's pod addresses a node gets. Source: the node's `spec.podCIDR` in the API reference."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

Network = IPv4Network | IPv6Network


class RangesExhausted(Exception):
    """Every range of the cluster is given to some node."""


def choose(cluster: Network, mask: int, taken: Iterable[str]) -> str:
    """The first range of `mask` bits within `cluster` that overlaps none of `taken` (CIDR texts).

    Raises RangesExhausted.
    """
    step = 1 << (cluster.max_prefixlen - mask)
    start, count = int(cluster.network_address), 1 << (mask - cluster.prefixlen)
    blocked: set[int] = set()
    for text in taken:
        blocked.update(_overlapped(cluster, mask, text))
    free = next((index for index in range(count) if index not in blocked), None)
    if free is None:
        raise RangesExhausted(f"all {count} ranges of {cluster} with /{mask} are in use")
    return str(type(cluster)((start + free * step, mask)))


@lru_cache(maxsize=1 << 14)
def _overlapped(cluster: Network, mask: int, text: str) -> range:
    """The numbers of the cluster's ranges that the network `text` overlaps; every new node asks this of all others."""
    other = ip_network(text, strict=False)
    if other.version != cluster.version or not other.overlaps(cluster):
        return range(0)
    step = 1 << (cluster.max_prefixlen - mask)
    start, count = int(cluster.network_address), 1 << (mask - cluster.prefixlen)
    first = max(0, (int(other.network_address) - start) // step)
    last = min(count - 1, (int(other.broadcast_address) - start) // step)
    return range(first, last + 1)
