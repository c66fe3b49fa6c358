"""Nodes that are cordoned take no new pods, but for those that tolerate it."""

from __future__ import annotations

from pyk8s.scheduler.columns import Mask
from pyk8s.scheduler.framework import NODES, Plugin, because
from pyk8s.scheduler.objects import Taint
from pyk8s.scheduler.plugins.taints import tolerates
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate

CORDONED = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
"""The taint that stands for spec.unschedulable. Source: Kubernetes documentation, "Taints and Tolerations"."""


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes that are not cordoned; all of them for a pod that tolerates it."""
    if tolerates(pod.tolerations, CORDONED):
        return cluster.everywhere
    return ~cluster.nodes.unschedulable


PLUGIN = Plugin("unschedulable", NODES, mask, because("node(s) were unschedulable"))
