"""Sends a packet of the table so often that every fate it can have is seen."""

from pyk8s.proxy.packet import Fate, Packet
from tests.proxy.world import World

TRIES = 40
"""Connections to see both endpoints of two: the chance to miss one is 2 in 10^12."""


def see(world: World, packet: Packet, expected: frozenset[Fate]) -> frozenset[Fate]:
    """What becomes of `packet`: until all that is `expected` was seen, or something else was."""
    seen: set[Fate] = set()
    for _ in range(TRIES if len(expected) > 1 else 3):
        seen.add(world.connect(packet))
        if not seen < expected and (len(expected) > 1 or seen != expected):
            break
    return frozenset(seen)
