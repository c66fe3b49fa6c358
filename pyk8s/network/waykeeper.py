"""Brings a node's links and routes to the pods of other nodes to what the Nodes ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pyk8s.kernel.errors import Absent, KernelError
from pyk8s.kernel.link.values import Link, Remove, plan_link
from pyk8s.kernel.neighbour import values as neighbours
from pyk8s.kernel.route import values as routes
from pyk8s.network.config import Config
from pyk8s.network.ground import Ground
from pyk8s.network.keeper import BRIDGE
from pyk8s.network.nodes import Node
from pyk8s.network.scene import look
from pyk8s.network.ways.values import PROTOCOL, Backend, Way
from pyk8s.network.ways.vxlan import is_vtep

LINGER_SECONDS = 2.0
"""How long a way's links stay when another way is taken: others may not have heard yet, and still send through them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a round: the MAC that others shall find this node's VXLAN links under ("" for none), the names and
    numbers of the links that everything hangs on, in how many seconds there is something left to do (None: no more),
    and what could not be set."""

    vtep: str = ""
    links: frozenset[str] = frozenset()
    indexes: frozenset[int] = frozenset()
    again: float | None = None
    failures: tuple[KernelError, ...] = ()


class WayKeeper:
    """Remembers what is left of a way that was given up, until it can go."""

    def __init__(self, settings: Config) -> None:
        self._settings = settings
        self._left: dict[str, float] = {}
        """Since when links are left over."""

    def bring(self, nodes: Sequence[Node], backend: Backend, ground: Ground, *, now: float) -> Outcome:
        """The way to all other `nodes`; `now` are seconds, of which only differences mean anything.

        What cannot be set is told in the outcome: between nodes on two links no route can be set before each has heard
        of the other's VXLAN link, which nobody would ever tell if that were the end of the round. Raises KernelError
        when the kernel cannot be asked, and RangesClash.
        """
        scene = look(self._settings, nodes, backend, ground)
        way = scene.way
        failures = tuple(bring_way(way, scene.seen, ground))
        watched = {BRIDGE, *(link.name for link in way.links), *(each.link for each in scene.under.values())}
        indexes = [ground.links.index(link.name) for link in way.links]
        # While something fails nothing is taken back: others may still reach this node by what there was.
        again = None if failures else self._clear(way, scene.own, scene.seen, ground, now)
        vtep = scene.own.vtep if failures and not (indexes and all(indexes)) else way.vtep
        return Outcome(vtep, frozenset(watched), frozenset(filter(None, indexes)), again, failures)

    def _clear(self, way: Way, own: Node, seen: Mapping[str, Link], ground: Ground, now: float) -> float | None:
        """Remove the links of a way that is no longer taken, once nobody can think that they are there; in how many
        seconds to look again, None when nothing is left."""
        wanted = {link.name for link in way.links}
        stale = {name for name, link in seen.items() if is_vtep(link) and name not in wanted}
        # Others go by the annotation: while it stands, they still send through what it names.
        self._left = {name: now if own.vtep and not wanted else self._left.get(name, now) for name in stale}
        due = [name for name, since in self._left.items() if now - since >= LINGER_SECONDS]
        for name in due:
            with suppress(Absent):
                ground.links.run((Remove(name),))
            del self._left[name]
        return min((since + LINGER_SECONDS - now for since in self._left.values()), default=None)


def bring_way(way: Way, seen: Mapping[str, Link], ground: Ground) -> list[KernelError]:
    """The links of the way, who is behind them, and last the routes, so that no packet leads nowhere; one of these that
    cannot be set does not keep the others from being set. What could not.
    """
    failures: list[KernelError] = []
    for link in way.links:
        try:
            ground.links.run(plan_link(link, seen.get(link.name)))
        except KernelError as why:
            failures.append(why)
    if way.links:
        failures += _bring_entries(way, ground)
    for action in routes.plan(way.routes, ground.routes.observe(), PROTOCOL):
        try:
            ground.routes.run((action,))
        except KernelError as why:
            failures.append(why)
    return failures


def _bring_entries(way: Way, ground: Ground) -> Iterator[KernelError]:
    try:
        observed = ground.neighbours.observe([link.name for link in way.links])
    except KernelError as why:  # one of the links could not be made
        yield why
        return
    for entry in neighbours.plan(way.entries, observed):
        try:
            ground.neighbours.run((entry,))
        except KernelError as why:
            yield why
