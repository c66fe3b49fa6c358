"""Which nodes a pod needs and which it likes, by their labels and names.

Source: Kubernetes documentation, "Assigning Pods to Nodes": terms are alternatives, the expressions of one must all
hold, and a term without any means no node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pyk8s.api.selectors import fulfils
from pyk8s.scheduler.columns import Mask, Score
from pyk8s.scheduler.framework import BEST, NODES, Plugin, because, remembered
from pyk8s.scheduler.objects import NodeSelectorTerm
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate


def _condition(requirement: dict[str, Any]) -> Callable[[str | None], bool]:
    return partial(fulfils, requirement.get("operator", ""), requirement.get("values") or ())


def _expression(requirement: dict[str, Any], cluster: Snapshot) -> Mask:
    return cluster.nodes.label(requirement.get("key", "")).where(_condition(requirement))


def _field(requirement: dict[str, Any], cluster: Snapshot) -> Mask:
    if requirement.get("key") != "metadata.name":
        return np.zeros(cluster.rows.size, dtype=np.bool_)
    return np.fromiter(map(_condition(requirement), cluster.rows.names), dtype=np.bool_, count=cluster.rows.size)


def term(one: NodeSelectorTerm, cluster: Snapshot) -> Mask:
    """The nodes that one term means."""
    masks = [_expression(requirement, cluster) for requirement in one.match_expressions or ()]
    masks += [_field(requirement, cluster) for requirement in one.match_fields or ()]
    if not masks:
        return np.zeros(cluster.rows.size, dtype=np.bool_)
    met: Mask = np.logical_and.reduce(masks)
    return met


def mask(pod: PodTemplate, cluster: Snapshot) -> Mask:
    """The nodes with the labels of the node selector, and of which a required term holds."""

    def find() -> Mask:
        fits = cluster.everywhere.copy()
        for key, value in pod.node_selector.items():
            fits &= cluster.nodes.label(key).where(lambda text, value=value: text == value)  # type: ignore[misc]
        if pod.required is not None:
            terms = [term(one, cluster) for one in pod.required]
            fits &= np.logical_or.reduce(terms) if terms else False
        return fits

    if not pod.node_selector and pod.required is None:
        return cluster.everywhere
    return remembered("affinity", pod, cluster, find)


def score(pod: PodTemplate, cluster: Snapshot, fits: Mask) -> Score:
    """Better with more weight of preferred terms that hold."""

    def find() -> Score:
        liked = np.zeros(cluster.rows.size, dtype=np.float64)
        for one in pod.preferred:
            # A preferred term without conditions means every node, unlike a required one.
            empty = not one.preference.match_expressions and not one.preference.match_fields
            liked += one.weight * (cluster.everywhere if empty else term(one.preference, cluster))
        return liked

    if not pod.preferred:
        return np.zeros(cluster.rows.size, dtype=np.float64)
    liked = remembered("preferred", pod, cluster, find)
    most = liked[fits].max()
    return BEST * liked / most if most else liked


PLUGIN = Plugin("affinity", NODES, mask, because("node(s) didn't match Pod's node affinity/selector"), score, weight=2)
