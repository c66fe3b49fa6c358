"""Which of the kernel's notices are news: links, routes and neighbours of ours that somebody has removed or switched.

Pure but for the call that it makes. What the agent does itself is told too; the round that follows finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from pyk8s.kernel.notice.values import LinkChanged, LinkGone, Missed, NeighbourGone, Notice, RouteGone
from pyk8s.network.ways.values import PROTOCOL


class Watch:
    """Calls `changed` when something of ours went."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._up: dict[str, bool] = {}
        self._indexes: frozenset[int] = frozenset()

    def follow(self, links: Collection[str], indexes: Collection[int]) -> None:
        """From now on the links `links` are ours, and the neighbours of the links numbered `indexes`."""
        self._up = {name: self._up.get(name, True) for name in links}
        self._indexes = frozenset(indexes)

    def told(self, notice: Notice) -> None:
        """The kernel says something."""
        if self._is_news(notice):
            self._changed()

    def _is_news(self, notice: Notice) -> bool:
        match notice:
            case LinkGone(name):
                return name in self._up
            case LinkChanged(name, up):
                before = self._up.get(name, up)
                if name in self._up:
                    self._up[name] = up
                return up != before
            case RouteGone(protocol):
                return protocol == PROTOCOL
            case NeighbourGone(index):
                return index in self._indexes
            case Missed():
                return True
