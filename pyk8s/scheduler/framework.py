"""What a plugin is, and how plugins decide together: each looks at all nodes at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate

T = TypeVar("T")

BEST = 100.0
"""The score of a node that could not be better; the worst has 0."""


class Event(StrEnum):
    """What happens in the cluster that may make room for a pod that was refused."""

    NODE_ADDED = "NodeAdded"
    NODE_UPDATED = "NodeUpdated"
    POD_PLACED = "PodPlaced"
    POD_UPDATED = "PodUpdated"
    POD_GONE = "PodGone"


NODES = (Event.NODE_ADDED, Event.NODE_UPDATED)
"""What wakes the pods that were refused because of what nodes are."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One aspect of where pods may go and where they are best.

    `mask` says which rows may take the pod. `reasons` counts, for rows that it refused and nobody else before it, why.
    `score` gives every row a number from 0 to BEST, of which only rows that `fits` matter; it counts `weight` times.
    `woken_by` are the events after which a pod that the plugin refused is worth another look.
    """

    name: str
    woken_by: tuple[Event, ...] = ()
    mask: Callable[[PodTemplate, Snapshot], Mask] | None = None
    reasons: Callable[[PodTemplate, Snapshot, Mask], Mapping[str, int]] | None = None
    score: Callable[[PodTemplate, Snapshot, Mask], Score] | None = None
    weight: int = 1


def remembered(name: str, pod: PodTemplate, cluster: Snapshot, find: Callable[[], T]) -> T:
    """What `find` finds from the template and the nodes alone, found once for each version of the nodes."""
    held = pod.memo.get(name)
    if held is not None and held[0] == cluster.version:
        return held[1]  # type: ignore[return-value]
    found = find()
    pod.memo[name] = (cluster.version, found)
    return found


def because(text: str) -> Callable[[PodTemplate, Snapshot, Mask], Mapping[str, int]]:
    """The reasons of a plugin that has only one."""

    def reasons(pod: PodTemplate, cluster: Snapshot, refused: Mask) -> Mapping[str, int]:
        return {text: int(refused.sum())}

    return reasons
