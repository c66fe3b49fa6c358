"""Ranges of addresses, and which is next. Source: host-local's documentation (containernetworking/plugins)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import combinations
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


class PoolInvalid(ValueError):
    """A range that is no range: the text says which field, and why."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The addresses from `first` to `last` of `subnet`, both included, without the `gateway` and those `excluded`."""

    subnet: Network
    first: Address
    last: Address
    gateway: Address
    excluded: tuple[Network, ...] = ()

    @classmethod
    def of(cls, subnet: str, first: str = "", last: str = "", gateway: str = "", exclude: Iterable[str] = ()) -> Pool:
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
            _gateway(gateway, network) or lowest,
            tuple(_excluded(each, network) for each in exclude),
        )
        if int(pool.first) > int(pool.last):
            raise PoolInvalid(f"rangeStart {pool.first} is after rangeEnd {pool.last}")
        return pool

    def spans(self, address: object) -> bool:
        """Whether `address` lies between the first and the last, though it may be one that is never given out."""
        return (
            isinstance(address, IPv4Address | IPv6Address)
            and address.version == self.subnet.version
            and int(self.first) <= int(address) <= int(self.last)
        )

    def __contains__(self, address: object) -> bool:
        """Whether `address` may be given out of this range."""
        return self.spans(address) and address != self.gateway and not any(address in each for each in self.excluded)

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _excluded(text: str, network: Network) -> Network:
    try:
        found = ip_network(text)
    except ValueError as why:
        raise PoolInvalid(f"exclude: {why}") from why
    if found.version != network.version or not network.overlaps(found):
        raise PoolInvalid(f"exclude: {found} is not in {network}")
    return found


def _gateway(text: str, network: Network) -> Address | None:
    """The gateway of a range may lie outside its subnet: then it needs a route of its own."""
    if not text:
        return None
    try:
        address = ip_address(text)
    except ValueError as why:
        raise PoolInvalid(f"gateway: {why}") from why
    if address.version != network.version:
        raise PoolInvalid(f"gateway: {address} is not of the family of {network}")
    return address


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


def check_sets(sets: Sequence[Sequence[Pool]]) -> None:
    """Raise PoolInvalid for sets that no address can be given out of without doubt: an empty one, one of two families,
    ranges that overlap within a set or between two."""
    for number, pools in enumerate(sets):
        if not pools:
            raise PoolInvalid(f"ranges[{number}] is empty: name a subnet")
        if len({pool.subnet.version for pool in pools}) > 1:
            raise PoolInvalid(f"ranges[{number}] mixes IPv4 and IPv6: give each family a set of its own")
    placed = [(f"ranges[{number}]", pool) for number, pools in enumerate(sets) for pool in pools]
    for (place, pool), (other_place, other) in combinations(placed, 2):
        if pool.spans(other.first) or other.spans(pool.first):
            raise PoolInvalid(f"{pool} of {place} overlaps with {other} of {other_place}")


def choose(pools: Sequence[Pool], taken: Set[Address], last: Address | None) -> tuple[Address, Pool] | None:
    """The next free address after `last`, wrapping round through all `pools`, with its range; None when all are taken.

    Going on from `last` instead of the lowest keeps an address that was just let go of unused for as long as possible.
    """
    start = next((index for index, pool in enumerate(pools) if last is not None and pool.spans(last)), None)
    parts: list[tuple[Pool, int, int]] = []
    if start is None or last is None:
        parts = [(pool, int(pool.first), int(pool.last)) for pool in pools]
    else:
        parts.append((pools[start], int(last) + 1, int(pools[start].last)))
        for offset in range(1, len(pools)):
            pool = pools[(start + offset) % len(pools)]
            parts.append((pool, int(pool.first), int(pool.last)))
        parts.append((pools[start], int(pools[start].first), int(last)))
    for pool, low, high in parts:
        if (found := _first_free(pool, low, high, taken)) is not None:
            return found, pool
    return None


def _first_free(pool: Pool, low: int, high: int, taken: Set[Address]) -> Address | None:
    kind = type(pool.gateway)
    number = low
    while number <= high:
        address = kind(number)
        hole = next((each for each in pool.excluded if address in each), None)
        if hole is not None:
            number = int(hole.broadcast_address)  # a hole of 2^64 addresses is stepped over at once
        elif address not in taken and address != pool.gateway:
            return address
        number += 1
    return None
