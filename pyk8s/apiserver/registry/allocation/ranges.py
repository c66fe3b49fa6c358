"""Which free name to try: high ones by chance, low ones last, as those are what people ask for by name.

Pure. Source: KEP-3070 (static and dynamic bands of service addresses), KEP-3682 (the same for node ports).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from random import Random

GUESSES = 16
"""Random picks before every name is looked at in turn."""


@dataclass(frozen=True, slots=True)
class Band:
    """Numbers from `first` to `last`, of which the lower `static` ones are left to those who ask for one by name."""

    first: int
    last: int
    static: int

    def __contains__(self, number: int) -> bool:
        return self.first <= number <= self.last

    def candidates(self, is_taken: Callable[[int], bool], random: Random) -> Iterator[int]:
        """Free numbers to try in turn, each once or twice: random high ones, then all high ones, then the low ones."""
        low = min(self.first + self.static, self.last + 1)
        if low <= self.last:
            for _ in range(GUESSES):
                number = random.randint(low, self.last)
                if not is_taken(number):
                    yield number
        for number in (*range(low, self.last + 1), *range(self.first, low)):
            if not is_taken(number):
                yield number


def address_band(network: IPv4Network | IPv6Network) -> Band:
    """The addresses of services: all but the network's own and, of IPv4, the broadcast address."""
    size = network.num_addresses
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - (network.version == 4)
    return Band(first, last, 0 if size < 16 else min(max(16, size // 16), 256))


def port_band(first: int, last: int) -> Band:
    """The node ports."""
    size = last - first + 1
    return Band(first, last, 0 if size < 32 else min(max(16, size // 32), 128))
