"""A pod that names its node goes there and nowhere else."""

from __future__ import annotations

import numpy as np

from pyk8s.scheduler.columns import Mask
from pyk8s.scheduler.framework import NODES, Plugin, because
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """Every node, unless the pod names one."""
    if not pod.node_name:
        return cluster.everywhere
    named = np.zeros(cluster.rows.size, dtype=np.bool_)
    row = cluster.rows.find(pod.node_name)
    if row >= 0:
        named[row] = True
    return named


PLUGIN = Plugin("nodename", NODES, mask, because("node(s) didn't match the requested node name"))
