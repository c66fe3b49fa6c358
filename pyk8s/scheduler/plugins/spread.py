"""Pods that belong together are spread over nodes, zones, or whatever a label says.

Source: Kubernetes documentation, "Pod Topology Spread Constraints", with KEP-3022 (minDomains), KEP-3094 (policies) and
KEP-3243 (matchLabelKeys). Pods without constraints of their own are spread with those of the same controller, softly.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log

import numpy as np

from pyk8s.scheduler.columns import Amount, Mask, Score
from pyk8s.scheduler.framework import BEST, NODES, Event, Plugin
from pyk8s.scheduler.plugins import affinity, taints
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate, Spread

BY_DEFAULT = (("kubernetes.io/hostname", 3), ("topology.kubernetes.io/zone", 5))
"""(label, max skew) that replicas are spread by when nothing is said. Source: the documentation's internal defaults."""


def _counting(one: Spread, pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes whose pods count: those that the pod could go to, as far as its policies say, with every label."""
    counting = cluster.everywhere.copy()
    for other in pod.spread:
        if other.hard == one.hard:
            counting &= cluster.nodes.label(other.key).values >= 0
    if one.honor_affinity:
        counting &= affinity.mask(pod, cluster)
    if one.honor_taints:
        counting &= taints.mask(pod, cluster)
    return counting


def _by_domain(values: Amount, tally: Amount, counting: Mask) -> tuple[Amount, int, int]:
    """For each row the pods in its domain, the least any domain has, and how many domains there are."""
    counting = counting & (values >= 0)
    size = int(values.max(initial=-1)) + 2
    totals = np.bincount(values[counting], weights=tally[counting], minlength=size).astype(np.int64)
    there = np.bincount(values[counting], minlength=size) > 0
    least = int(totals[there].min()) if there.any() else 0
    of_row: Amount = totals[values]  # -1, no label, reads the last element, which is no domain
    return of_row, least, int(there.sum())


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes where the pod would leave no domain too far ahead of the one with the fewest."""
    fits = cluster.everywhere
    for one in pod.spread:
        if one.hard:
            fits = fits & _allows(one, pod, cluster)
    return fits


def _allows(one: Spread, pod: PodTemplate, cluster: Snapshot) -> Mask:
    values = cluster.nodes.label(one.key).values
    tally = cluster.tally(("namespace", pod.namespace), one.selector)
    there, least, domains = _by_domain(values, tally, _counting(one, pod, cluster))
    if domains < one.min_domains:
        least = 0
    joins = one.selector.matches(pod.labels)
    allowed: Mask = (values >= 0) & (there + joins - least <= one.max_skew)
    return allowed


def reasons(pod: PodTemplate, cluster: Snapshot, refused: Mask) -> Mapping[str, int]:
    """Nodes without the label, and nodes whose domain is too far ahead."""
    labelled = cluster.everywhere.copy()
    for one in pod.spread:
        if one.hard:
            labelled &= cluster.nodes.label(one.key).values >= 0
    text = "node(s) didn't match pod topology spread constraints"
    counts = {
        f"{text} (missing required label)": int((refused & ~labelled).sum()),
        text: int((refused & labelled).sum()),
    }
    return {reason: count for reason, count in counts.items() if count}


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """Better in domains with fewer pods that belong together."""
    cost = np.zeros(cluster.rows.size, dtype=np.float64)
    if pod.spread:
        for one in pod.spread:
            if not one.hard:
                tally = cluster.tally(("namespace", pod.namespace), one.selector)
                cost += _cost(one.key, one.max_skew, tally, _counting(one, pod, cluster), cluster)
    elif pod.owner:
        tally = cluster.tally(("owner", pod.owner))
        for key, max_skew in BY_DEFAULT:
            cost += _cost(key, max_skew, tally, cluster.everywhere, cluster)
    most, least = cost[fits].max(), cost[fits].min()
    return BEST * (most + least - cost) / most if most else np.full(cluster.rows.size, BEST)


def _cost(key: str, max_skew: int, tally: Amount, counting: Mask, cluster: Snapshot) -> Score:
    values = cluster.nodes.label(key).values
    there, _, domains = _by_domain(values, tally, counting)
    if not domains:
        return np.zeros(cluster.rows.size, dtype=np.float64)
    # A label with few values, such as a zone, weighs less than one with many, such as a host name.
    return np.asarray(there * log(domains + 2) + (max_skew - 1), dtype=np.float64)


WOKEN_BY = (*NODES, Event.POD_PLACED, Event.POD_UPDATED, Event.POD_GONE)

PLUGIN = Plugin("spread", WOKEN_BY, mask, reasons, score, weight=2)
