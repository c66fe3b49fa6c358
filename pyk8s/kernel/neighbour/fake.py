"""Neighbours held in dictionaries."""

from __future__ import annotations

import errno
from collections.abc import Collection, Mapping

from pyk8s.kernel.errors import refused
from pyk8s.kernel.link.values import Link
from pyk8s.kernel.neighbour.values import Entry, Put, Transaction, key

Place = tuple[type, tuple[str, str]]


class FakeNeighbours:
    """Runs transactions on entries; `links` are the links of each namespace, whose going takes their entries along."""

    def __init__(self, links: Mapping[str, Mapping[str, Link]]) -> None:
        self._links = links
        self.spaces: dict[str, dict[Place, Entry]] = {}

    def observe(self, devices: Collection[str], netns: str = "") -> tuple[Entry, ...]:
        """The lasting entries of those of the links `devices` that there are."""
        there = self._links[netns]
        held = self._space(netns).values()
        return tuple(entry for entry in held if entry.device in devices and entry.device in there)

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction`; raises Absent for a link that is not there."""
        space = self._space(netns)
        for action in transaction:
            entry = action.entry
            if isinstance(action, Put):
                if entry.device not in self._links[netns]:
                    raise refused(action, errno.ENODEV)
                space[type(entry), key(entry)] = entry
            else:
                space.pop((type(entry), key(entry)), None)

    def _space(self, netns: str) -> dict[Place, Entry]:
        return self.spaces.setdefault(netns, {})
