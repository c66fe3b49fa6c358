"""Taints keep pods away that do not tolerate them.

Source: Kubernetes documentation, "Taints and Tolerations".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.framework import BEST, NODES, Plugin, remembered
from pyk8s.scheduler.objects import Taint, Toleration
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate

AWAY = ("NoSchedule", "NoExecute")
"""The effects that keep pods away; PreferNoSchedule only makes a node worse."""


def tolerates(tolerations: Sequence[Toleration], taint: Taint) -> bool:
    """Whether one of `tolerations` bears with `taint`."""
    return any(_bears(one, taint) for one in tolerations)


def _bears(toleration: Toleration, taint: Taint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    match toleration.operator:
        case "Exists":
            return True
        case "Gt" | "Lt":  # KEP-5471: numbers are compared
            return _compares(toleration, taint)
        case _:
            return bool(toleration.key) and toleration.value == taint.value


def _compares(toleration: Toleration, taint: Taint) -> bool:
    try:
        have, bound = int(taint.value), int(toleration.value)
    except ValueError:
        return False
    return have > bound if toleration.operator == "Gt" else have < bound


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes without a taint that the pod does not tolerate."""

    def find() -> Mask:
        free = np.ones(cluster.rows.size, dtype=np.bool_)
        for taint, tainted in cluster.nodes.taints:
            if taint.effect in AWAY and not tolerates(pod.tolerations, taint):
                free &= ~tainted
        return free

    return remembered("taints", pod, cluster, find)


def reasons(pod: PodTemplate, cluster: Snapshot, refused: Mask) -> Mapping[str, int]:
    """One taint for each refused node."""
    found: dict[str, int] = {}
    left = refused.copy()
    for taint, tainted in cluster.nodes.taints:
        if taint.effect not in AWAY or tolerates(pod.tolerations, taint):
            continue
        here = left & tainted
        text = f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}"
        if here.any():
            found[text] = found.get(text, 0) + int(here.sum())
            left &= ~here
    return found


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """Better with fewer taints that would prefer the pod elsewhere."""
    unwanted = np.zeros(cluster.rows.size, dtype=np.float64)
    for taint, tainted in cluster.nodes.taints:
        if taint.effect == "PreferNoSchedule" and not tolerates(pod.tolerations, taint):
            unwanted += tainted
    most = unwanted[fits].max()
    return BEST - BEST * unwanted / most if most else np.full(cluster.rows.size, BEST)


PLUGIN = Plugin("taints", NODES, mask, reasons, score, weight=3)
