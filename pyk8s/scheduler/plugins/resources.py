"""What the pods on a node ask for never adds up to more than the node has; emptier nodes are better.

Source: Kubernetes documentation, "Resource Management for Pods and Containers"; the score is that of the strategy
LeastAllocated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.framework import BEST, NODES, Event, Plugin
from pyk8s.scheduler.requests import CPU, MEMORY, PODS
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


def _enough(pod: PodTemplate, cluster: Snapshot) -> Iterator[tuple[str, Mask]]:
    """For each resource the pod needs, the nodes that have enough of it left."""
    for name, wanted in pod.requests.items():
        yield name, cluster.pods.used(name) + wanted <= cluster.nodes.allocatable(name)


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes that have enough left of everything."""
    fits = cluster.everywhere
    for _, enough in _enough(pod, cluster):
        fits = fits & enough
    return fits


def reasons(pod: PodTemplate, cluster: Snapshot, refused: Mask) -> Mapping[str, int]:
    """Each resource and how many nodes lack it; a node may lack several."""
    found = {}
    for name, enough in _enough(pod, cluster):
        if lacking := int((refused & ~enough).sum()):
            found["Too many pods" if name == PODS else f"Insufficient {name}"] = lacking
    return found


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """The share of cpu and memory that would be left, on average."""
    left = np.zeros(cluster.rows.size, dtype=np.float64)
    for name in (CPU, MEMORY):
        given = cluster.nodes.allocatable(name)
        free = given - cluster.pods.scored(name) - pod.scored.get(name, 0)
        left += BEST * np.maximum(free, 0) / np.maximum(given, 1)
    return left / 2


PLUGIN = Plugin("resources", (*NODES, Event.POD_GONE, Event.POD_UPDATED), mask, reasons, score, weight=1)
