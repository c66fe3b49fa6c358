"""What a node's silence and conditions lead to: conditions, taints, and when which pod has to go.

Source: the Kubernetes concept pages "Node status", "Taints and tolerations" (the table of condition taints), and
KEP-589 (leases as heartbeats).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyk8s.api.objectmeta import parse_time, timestamp
from pyk8s.reconcile.fields import condition
from pyk8s.reconcile.objects import Node, Pod, Taint, Toleration

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
OURS = {
    NOT_READY,
    UNREACHABLE,
    UNSCHEDULABLE,
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
}
"""Taints that this controller adds and removes; all others are people's."""
PRESSURE = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
HEARTBEAT_CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
TOO_MANY = 0.55
"""The share of silent nodes above which nobody is evicted."""


def ready_status(node: Node) -> str:
    """True, False or Unknown: what the node's Ready condition says; Unknown when it has none."""
    ready = condition(node.status.conditions, "Ready")
    return ready.status if ready is not None else "Unknown"


def too_many_silent(silent: int, nodes: int) -> bool:
    """Whether so many nodes are silent together that evicting would do more harm than waiting."""
    return nodes > 0 and silent / nodes > TOO_MANY


def plan_conditions(node: Node, now: datetime) -> list[dict[str, Any]] | None:
    """The conditions of a node that has fallen silent, as a strategic patch; None when they say so already."""
    changed = []
    stamp = timestamp(now)
    for type_ in HEARTBEAT_CONDITIONS:
        held = condition(node.status.conditions, type_)
        if held is None:
            reason, message = "NodeStatusNeverUpdated", "Kubelet never posted node status."
        elif held.status != "Unknown":
            reason, message = "NodeStatusUnknown", "Kubelet stopped posting node status."
        else:
            continue
        new = {"type": type_, "status": "Unknown", "reason": reason, "message": message, "lastTransitionTime": stamp}
        # When it was last heard stays; one that never was has its creation.
        new["lastHeartbeatTime"] = (held.last_heartbeat_time if held else "") or node.metadata.creation_timestamp
        changed.append({key: value for key, value in new.items() if value})
    return changed or None


def plan_taints(node: Node, *, evicting: bool, now: datetime) -> list[Taint] | None:
    """The taints the node shall have, or None when it has them.

    `evicting` says whether pods may be driven from it now. A taint that stays keeps the time it was added at.
    """
    wanted: list[tuple[str, str]] = []
    ready = ready_status(node)
    if ready != "True":
        key = UNREACHABLE if ready == "Unknown" else NOT_READY
        wanted.append((key, "NoSchedule"))
        if evicting:
            wanted.append((key, "NoExecute"))
    for type_, key in PRESSURE.items():
        held = condition(node.status.conditions, type_)
        if held is not None and held.status == "True":
            wanted.append((key, "NoSchedule"))
    if node.spec.unschedulable:
        wanted.append((UNSCHEDULABLE, "NoSchedule"))
    there = {(taint.key, taint.effect): taint for taint in node.spec.taints}
    kept = [taint for taint in node.spec.taints if taint.key not in OURS or (taint.key, taint.effect) in wanted]
    added = [Taint(key, effect, time_added=timestamp(now)) for key, effect in wanted if (key, effect) not in there]
    result = kept + added
    return result if result != list(node.spec.taints) else None


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration bears with a taint. Source: the API reference of Toleration."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return bool(toleration.key) and toleration.value == taint.value


@dataclass(frozen=True, slots=True)
class Eviction:
    """When a pod has to leave its node: `at` is None when it need not."""

    at: datetime | None = None


def plan_eviction(pod: Pod, taints: Iterable[Taint], now: datetime) -> Eviction:
    """When `pod` has to leave a node with these taints: at once for one it does not tolerate, else when the shortest
    of its tolerations has run since the taint was added or the pod came, whichever was later."""
    latest: datetime | None = None
    for taint in taints:
        if taint.effect != "NoExecute":
            continue
        matching = [one for one in pod.spec.tolerations if tolerates(one, taint)]
        if not matching:
            return Eviction(now)
        limits = [one.toleration_seconds for one in matching if one.toleration_seconds is not None]
        if not limits:
            continue
        at = _started(pod, taint, now) + timedelta(seconds=max(0, min(limits)))
        latest = at if latest is None else min(latest, at)
    return Eviction(latest)


def _started(pod: Pod, taint: Taint, now: datetime) -> datetime:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    came = scheduled.last_transition_time if scheduled else pod.metadata.creation_timestamp
    times = [parse_time(text) for text in (taint.time_added, came) if text]
    return max(times, default=now)


def plan_not_ready(pods: Iterable[Pod]) -> list[Pod]:
    """The pods of a dead node that still count as ready."""
    return [pod for pod in pods if pod.is_ready and not pod.is_terminal]


def as_patch(taints: Sequence[Taint]) -> list[dict[str, str]]:
    """Taints as they stand in a node's spec."""
    rows = []
    for taint in taints:
        row = {"key": taint.key, "effect": taint.effect, "value": taint.value, "timeAdded": taint.time_added}
        rows.append({key: value for key, value in row.items() if value})
    return rows
