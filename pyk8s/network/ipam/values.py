"""Ranges of addresses, and which is next. Source: host-local's documentation (containernetworking/plugins)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class PoolInvalid(ValueError):
    """A range that is no range: the text says which field, and why."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The addresses from `first` to `last` of `subnet`, both included, without the `gateway`."""

    subnet: Network
    first: Address
    last: Address
    gateway: Address

    @classmethod
    def of(cls, subnet: str, first: str = "", last: str = "", gateway: str = "") -> Pool:
        """The range those texts describe; the gateway is the first address of the subnet unless one is named.

        Network and broadcast address are never given out. Raises PoolInvalid.
        """
        try:
            network = ip_network(subnet)
        except ValueError as why:
            raise PoolInvalid(f"subnet: {why}") from why
        if network.num_addresses < 4:
            raise PoolInvalid(f"subnet: {network} is too small: at least 4 addresses are needed")
        lowest = network.network_address + 1
        highest = network.broadcast_address - (1 if network.version == 4 else 0)
        pool = cls(
            network,
            _within("rangeStart", first, network) or lowest,
            _within("rangeEnd", last, network) or highest,
            _within("gateway", gateway, network) or lowest,
        )
        if int(pool.first) > int(pool.last):
            raise PoolInvalid(f"rangeStart {pool.first} is after rangeEnd {pool.last}")
        return pool

    def __contains__(self, address: object) -> bool:
        """Whether `address` may be given out of this range."""
        return (
            isinstance(address, IPv4Address | IPv6Address)
            and address.version == self.subnet.version
            and int(self.first) <= int(address) <= int(self.last)
            and address != self.gateway
        )


def _within(field: str, text: str, network: Network) -> Address | None:
    if not text:
        return None
    try:
        address = ip_address(text)
    except ValueError as why:
        raise PoolInvalid(f"{field}: {why}") from why
    if address not in network:
        raise PoolInvalid(f"{field}: {address} is not in {network}")
    return address


def choose(pools: Sequence[Pool], taken: Set[Address], last: Address | None) -> tuple[Address, Pool] | None:
    """The next free address after `last`, wrapping round through all `pools`, with its range; None when all are taken.

    Going on from `last` instead of the lowest keeps an address that was just let go of unused for as long as possible.
    """
    start = next((index for index, pool in enumerate(pools) if last is not None and last in pool), None)
    spans: list[tuple[Pool, int, int]] = []
    if start is None or last is None:
        spans = [(pool, int(pool.first), int(pool.last)) for pool in pools]
    else:
        spans.append((pools[start], int(last) + 1, int(pools[start].last)))
        for offset in range(1, len(pools)):
            pool = pools[(start + offset) % len(pools)]
            spans.append((pool, int(pool.first), int(pool.last)))
        spans.append((pools[start], int(pools[start].first), int(last)))
    for pool, low, high in spans:
        kind = type(pool.gateway)
        for number in range(low, high + 1):
            address = kind(number)
            if address not in taken and address != pool.gateway:
                return address, pool
    return None
