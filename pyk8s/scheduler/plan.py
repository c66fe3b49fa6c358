"""Where a pod goes: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pyk8s.scheduler.columns import Mask
from pyk8s.scheduler.framework import Plugin
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


@dataclass(frozen=True, slots=True)
class Placement:
    """The pod goes to `node`."""

    node: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The pod goes nowhere: how many nodes for which reason, and the plugins that refused any."""

    nodes: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    refused_by: frozenset[str] = frozenset()

    @property
    def message(self) -> str:
        """As Kubernetes says it: "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable."."""
        if not self.nodes:
            return "no nodes available to schedule pods"
        told = ", ".join(sorted(f"{count} {reason}" for reason, count in self.reasons.items()))
        return f"0/{self.nodes} nodes are available: {told}."


def plan_placement(
    pod: PodTemplate, cluster: Snapshot, plugins: Sequence[Plugin], turn: int = 0
) -> Placement | Refusal:
    """The best node for `pod`, or why there is none. Of equally good nodes `turn` picks one."""
    fits = cluster.everywhere
    refused: list[tuple[Plugin, Mask]] = []
    for plugin in plugins:
        if plugin.mask is None:
            continue
        left = fits & plugin.mask(pod, cluster)
        gone = fits & ~left
        if gone.any():
            refused.append((plugin, gone))
            fits = left
    candidates = np.flatnonzero(fits)
    if not len(candidates):
        return _refusal(pod, cluster, refused)
    if len(candidates) > 1:
        candidates = _best(pod, cluster, plugins, fits, candidates)
    return Placement(cluster.rows.names[candidates[turn % len(candidates)]])


def _best(
    pod: PodTemplate, cluster: Snapshot, plugins: Sequence[Plugin], fits: Mask, candidates: np.ndarray
) -> np.ndarray:
    total = np.zeros(cluster.rows.size, dtype=np.float64)
    for plugin in plugins:
        if plugin.score is not None:
            total += plugin.weight * plugin.score(pod, cluster, fits)
    # Whole numbers, so that a difference in the last digits of a fraction does not decide.
    scores = np.floor(total[candidates])
    best: np.ndarray = candidates[scores == scores.max()]
    return best


def _refusal(pod: PodTemplate, cluster: Snapshot, refused: Sequence[tuple[Plugin, Mask]]) -> Refusal:
    reasons: dict[str, int] = {}
    for plugin, rows in refused:
        for reason, count in (plugin.reasons(pod, cluster, rows) if plugin.reasons else {}).items():
            reasons[reason] = reasons.get(reason, 0) + count
    return Refusal(len(cluster.rows), reasons, frozenset(plugin.name for plugin, _ in refused))
