"""Pods that wait for a node: those to be tried next, those that wait out a backoff, and those that fitted nowhere.

A pod that was refused is tried again when something happens that may help it, which the plugins that refused it name;
not sooner than its backoff allows, and after `retry_unschedulable` seconds in any case. Time is handed in, in seconds
of one clock.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pyk8s.aio.backoff import Schedule
from pyk8s.scheduler.config import Config
from pyk8s.scheduler.framework import Event, Plugin
from pyk8s.scheduler.objects import Pod
from pyk8s.scheduler.template import PodTemplate


class Area(Enum):
    """Where a pod waits."""

    ACTIVE = "active"
    BACKOFF = "backoff"
    UNSCHEDULABLE = "unschedulable"
    TRYING = "trying"


@dataclass(slots=True, eq=False)
class Waiting:
    """A pod that has no node yet."""

    pod: Pod
    template: PodTemplate
    order: int
    area: Area = Area.ACTIVE
    attempts: int = 0
    tried: float = 0.0
    refused_by: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """namespace/name."""
        return self.pod.key

    @property
    def priority(self) -> int:
        """Higher goes first."""
        return self.pod.spec.priority or 0


class Queue:
    """Every pod that waits, each in one area. Pods of higher priority come first, then those that came first."""

    def __init__(self, plugins: Iterable[Plugin], config: Config) -> None:
        self._woken = {event: {one.name for one in plugins if event in one.woken_by} for event in Event}
        self._backoff = Schedule(config.first_backoff, 2.0, config.longest_backoff, 0.0)
        self._retry = config.retry_unschedulable
        self._order = itertools.count()
        self._pods: dict[str, Waiting] = {}
        self._active: list[tuple[int, int, Waiting]] = []
        self._backing_off: list[tuple[float, int, Waiting]] = []
        self._unschedulable: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._pods)

    def __contains__(self, key: str) -> bool:
        return key in self._pods

    def put(self, pod: Pod, template: PodTemplate) -> None:
        """Take a pod in, or what is new about one that waits: when it asks for something else it is tried at once."""
        held = self._pods.get(pod.key)
        if held is None or held.pod.metadata.uid != pod.metadata.uid:
            if held is not None:
                self.remove(pod.key)
            held = self._pods[pod.key] = Waiting(pod, template, next(self._order))
            self._activate(held)
            return
        changed = held.template is not template or held.priority != (pod.spec.priority or 0)
        held.pod, held.template = pod, template
        if changed and held.area is not Area.TRYING:
            self._activate(held)

    def remove(self, key: str) -> None:
        """Forget a pod; nothing happens when it does not wait."""
        gone = self._pods.pop(key, None)
        if gone is not None:
            self._unschedulable.pop(key, None)
            gone.area = Area.TRYING  # what the heaps still hold of it is passed over

    def pop(self) -> Waiting | None:
        """The pod to try now; it stays known until it is removed or comes back by `refuse` or `fail`."""
        while self._active:
            _, order, one = heapq.heappop(self._active)
            if one.area is Area.ACTIVE and one.order == order:
                one.area = Area.TRYING
                one.attempts += 1
                return one
        return None

    def refuse(self, one: Waiting, refused_by: frozenset[str], now: float) -> None:
        """It fits nowhere: wait until something happens."""
        if self._pods.get(one.key) is one:
            one.area, one.refused_by, one.tried = Area.UNSCHEDULABLE, refused_by, now
            self._unschedulable[one.key] = one

    def fail(self, one: Waiting, now: float) -> None:
        """It could not be bound: try again after a backoff."""
        if self._pods.get(one.key) is one:
            one.tried = now
            self._wait_out(one)

    def wake(self, event: Event, now: float) -> None:
        """Something happened: those that were refused by a plugin that cares are tried again."""
        caring = self._woken[event]
        for one in [one for one in self._unschedulable.values() if not one.refused_by or one.refused_by & caring]:
            self._retry_soon(one, now)

    def tick(self, now: float) -> None:
        """Make active what has waited long enough."""
        while self._backing_off and self._backing_off[0][0] <= now:
            _, _, one = heapq.heappop(self._backing_off)
            if one.area is Area.BACKOFF:
                self._activate(one)
        # They were put in one after the other: the first has waited longest.
        while self._unschedulable:
            one = next(iter(self._unschedulable.values()))
            if one.tried + self._retry > now:
                break
            self._activate(one)

    def deadline(self) -> float | None:
        """When `tick` has something to do next; None when never."""
        times = [self._backing_off[0][0]] if self._backing_off else []
        if self._unschedulable:
            times.append(next(iter(self._unschedulable.values())).tried + self._retry)
        return min(times, default=None)

    def _retry_soon(self, one: Waiting, now: float) -> None:
        if self._until(one) <= now:
            self._activate(one)
        else:
            self._wait_out(one)

    def _until(self, one: Waiting) -> float:
        return one.tried + self._backoff.delay(one.attempts)

    def _activate(self, one: Waiting) -> None:
        self._unschedulable.pop(one.key, None)
        one.area, one.order = Area.ACTIVE, next(self._order) if one.attempts else one.order
        heapq.heappush(self._active, (-one.priority, one.order, one))

    def _wait_out(self, one: Waiting) -> None:
        self._unschedulable.pop(one.key, None)
        one.area = Area.BACKOFF
        heapq.heappush(self._backing_off, (self._until(one), next(self._order), one))
