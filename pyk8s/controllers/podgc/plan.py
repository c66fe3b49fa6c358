"""Which pods to remove. Source: pkg/controller/podgc and KEP-2268 (non-graceful node shutdown)."""

from __future__ import annotations

from collections.abc import Sequence

from pyk8s.reconcile.fields import condition
from pyk8s.reconcile.objects import Node, Pod

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


def plan_ended(ended: Sequence[Pod], threshold: int) -> list[Pod]:
    """The pods that have ended and are over the `threshold` (0: no limit), the oldest first."""
    surplus = len(ended) - threshold
    if threshold <= 0 or surplus <= 0:
        return []
    waiting = [pod for pod in ended if not pod.metadata.deleting]
    waiting.sort(key=lambda pod: (pod.metadata.creation_timestamp, pod.metadata.name))
    return waiting[: max(0, surplus - (len(ended) - len(waiting)))]


def plan_stuck(pods: Sequence[Pod], node: Node | None) -> list[Pod]:
    """The pods being deleted that no kubelet will finish: without a node, or on one that is declared out of service."""
    leaving = [pod for pod in pods if pod.metadata.deleting]
    return leaving if node is None or is_out_of_service(node) else []


def is_out_of_service(node: Node) -> bool:
    """Whether a person has said that the node is shut down, and it is not ready."""
    ready = condition(node.status.conditions, "Ready")
    if ready is not None and ready.status == "True":
        return False
    return any(taint.key == OUT_OF_SERVICE for taint in node.spec.taints)
