"""A port of the node can be taken once."""

from __future__ import annotations

from pyk8s.scheduler.columns import Mask
from pyk8s.scheduler.framework import NODES, Event, Plugin, because
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes where all host ports of the pod are free."""
    free = cluster.everywhere
    for port in pod.ports:
        free = free & ~cluster.pods.taken(port)
    return free


REASON = "node(s) didn't have free ports for the requested pod ports"

PLUGIN = Plugin("ports", (*NODES, Event.POD_GONE), mask, because(REASON))
