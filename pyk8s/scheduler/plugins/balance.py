"""Nodes are better when cpu and memory are used up evenly, so that neither is left over.

Source: the idea of kube-scheduler's NodeResourcesBalancedAllocation: the smaller the deviation of the shares, the
better.
"""

from __future__ import annotations

import numpy as np

from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.framework import BEST, Plugin
from pyk8s.scheduler.requests import CPU, MEMORY
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """Better with shares of cpu and memory that would be nearer to each other."""
    cpu, memory = (_share(name, pod, cluster) for name in (CPU, MEMORY))
    # The standard deviation of two numbers is half of what lies between them.
    return BEST * (1 - np.abs(cpu - memory) / 2)


def _share(name: str, pod: PodTemplate, cluster: Snapshot) -> Score:
    taken = cluster.pods.scored(name) + pod.scored.get(name, 0)
    return np.minimum(taken / np.maximum(cluster.nodes.allocatable(name), 1), 1.0)


PLUGIN = Plugin("balance", score=score, weight=1)
