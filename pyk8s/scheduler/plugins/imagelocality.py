"""Nodes are better when they have the pod's images already; an image that every node has counts for most.

Source: the idea of kube-scheduler's ImageLocality, with its thresholds.
"""

from __future__ import annotations

import numpy as np

from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.framework import BEST, Plugin, remembered
from pyk8s.scheduler.nodes import tagged
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate

SMALLEST = 23 * 1024 * 1024
LARGEST = 1000 * 1024 * 1024
"""Bytes: having less is worth nothing, having more (a container) is worth no more."""


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """Better with more bytes of the images there, each counted by the share of nodes that have it."""

    def find() -> Score:
        bytes_there = np.zeros(cluster.rows.size, dtype=np.float64)
        for image in pod.images:
            sizes = cluster.nodes.image(tagged(image))
            for row, size in sizes.items():
                bytes_there[row] += size * len(sizes) / max(1, len(cluster.rows))
        most = LARGEST * max(1, pod.containers)
        return BEST * (np.clip(bytes_there, SMALLEST, most) - SMALLEST) / (most - SMALLEST)

    return remembered("imagelocality", pod, cluster, find)


PLUGIN = Plugin("imagelocality", score=score, weight=1)
