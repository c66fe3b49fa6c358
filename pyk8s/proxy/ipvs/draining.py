"""Endpoints that nobody new is sent to and that wait for their last connections to end. Pure but for what it remembers.

Source: kube-proxy's graceful termination: weight 0, removed once no connection is left, or after 15 minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pyk8s.kernel.ipvs.values import (
    Action,
    AddReal,
    ChangeReal,
    Entry,
    Key,
    Load,
    Marked,
    Place,
    Real,
    Remove,
    RemoveReal,
    Server,
    Table,
    Transaction,
    plan,
)

LIMIT_SECONDS = 900.0
"""How long an endpoint may wait for its connections to end."""

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
"""When to look at a draining endpoint again: soon at first, and twice as late each time."""

DRAINS = frozenset({"tcp", "sctp"})
"""Protocols whose connections end. Those of the others go with their endpoint: the next packet goes elsewhere."""

RETIRED = Real(weight=0)


@dataclass(frozen=True, slots=True)
class Wait:
    """Since when an endpoint drains (seconds of the clock), and when it is to be looked at."""

    since: float
    next: float
    pause: float = FIRST_SECONDS


def drains(key: Key) -> bool:
    """Whether connections to a virtual server end by themselves."""
    return isinstance(key, Marked) or key.protocol in DRAINS


@dataclass(slots=True)
class Draining:
    """The endpoints that drain now, by virtual server, and the `retired` virtual servers: those nobody wants, which are
    there for their draining endpoints alone."""

    waits: dict[tuple[Key, Place], Wait] = field(default_factory=dict)
    retired: dict[Key, Server] = field(default_factory=dict)

    def held(self, planned: Table) -> dict[Key, Entry]:
        """What the kernel has when it was given `planned`, of the same virtual servers and the retired ones."""
        found = {**{key: Entry(server) for key, server in self.retired.items()}, **planned}
        for key, place in self.waits:
            if key in found:
                found[key] = Entry(found[key].server, {**found[key].reals, place: RETIRED})
        return found

    def plan(
        self, wanted: Table, had: Table, stays: Callable[[Key], bool], now: float
    ) -> tuple[Transaction, Transaction]:
        """What comes and what goes to turn `had` into `wanted`; who has connections that end by themselves is retired
        instead of removed, where the virtual server `stays` in reach of its clients."""
        coming: list[Action] = []
        going: list[Action] = []
        for action in plan(wanted, had):
            match action:
                case RemoveReal(key, place) if drains(key):
                    going += self._retire(key, place, had, now)
                case Remove(key) if drains(key) and had[key].reals and stays(key):
                    self.retired[key] = had[key].server
                    for place in had[key].reals:
                        going += self._retire(key, place, had, now)
                case RemoveReal() | Remove():
                    self._forget(action.key, action.place if isinstance(action, RemoveReal) else None)
                    going.append(action)
                case AddReal(key, place) | ChangeReal(key, place):
                    self._forget(key, place)
                    coming.append(action)
                case _:
                    coming.append(action)
        for key in wanted:
            self.retired.pop(key, None)
        return tuple(coming), tuple(going)

    def _retire(self, key: Key, place: Place, had: Table, now: float) -> Iterator[Action]:
        """Looked at at once: it may have no connections at all."""
        if had[key].reals[place] != RETIRED:
            yield ChangeReal(key, place, RETIRED)
        self.waits.setdefault((key, place), Wait(now, now))

    def _forget(self, key: Key, place: Place | None) -> None:
        for each in [held for held in self.waits if held[0] == key and place in (None, held[1])]:
            del self.waits[each]
        if place is None:
            self.retired.pop(key, None)

    def due(self, now: float) -> frozenset[Key]:
        """The virtual servers that have somebody to look at."""
        return frozenset(key for (key, _), wait in self.waits.items() if wait.next <= now)

    def end(self, loads: Mapping[Key, Mapping[Place, Load]], now: float) -> Transaction:
        """What is to go now of what is due, by the connections it has; one that `loads` does not know is gone."""
        removed: list[Action] = []
        for (key, place), wait in list(self.waits.items()):
            if wait.next > now:
                continue
            load = loads.get(key, {}).get(place)
            last = wait.since + LIMIT_SECONDS
            if load is not None and load.total and now < last:
                pause = min(2 * wait.pause, LONGEST_SECONDS)
                self.waits[key, place] = Wait(wait.since, min(now + wait.pause, last), pause)
                continue
            del self.waits[key, place]
            if load is not None:
                removed.append(RemoveReal(key, place))
        waiting = {key for key, _ in self.waits}
        for key in [key for key in self.retired if key not in waiting]:
            del self.retired[key]
            removed.append(Remove(key))
        return tuple(removed)

    def wanted_in(self, now: float) -> float | None:
        """Seconds until somebody is due; None when nobody drains."""
        return max(0.0, min(wait.next for wait in self.waits.values()) - now) if self.waits else None
