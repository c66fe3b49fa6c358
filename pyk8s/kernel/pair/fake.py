"""Pairs held in dictionaries."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pyk8s.kernel.link.fake import FakeLinks


class FakePairs:
    """The pairs of the first namespace of `links`; the namespaces `unseen` have no file."""

    def __init__(self, links: FakeLinks, unseen: Collection[str] = ()) -> None:
        self._links = links
        self._unseen = frozenset(unseen)

    def fit(self, names: Collection[str], mtu: int) -> frozenset[str]:
        """Give both ends of the pairs `names` the `mtu`; which of them have it now."""
        here, fitted = self._links.spaces[""], set()
        for name in names:
            peer = here[name].peer if name in here else None
            if peer is not None and peer.netns and peer.netns not in self._unseen:
                there = self._links.spaces[peer.netns]
                here[name] = replace(here[name], mtu=mtu)
                there[peer.name] = replace(there[peer.name], mtu=mtu)
                fitted.add(name)
        return frozenset(fitted)
