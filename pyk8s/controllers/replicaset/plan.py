"""How many pods to make, which to delete, and what to say about them.

Source: pkg/controller/replicaset and pkg/controller/controller_utils.go (the order of deletion), KEP-2185 (ages are
compared by orders of magnitude), KEP-2255 (the cost of deletion as an annotation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log2
from typing import Any

from pyk8s.api.objectmeta import parse_time, timestamp
from pyk8s.reconcile.fields import Condition
from pyk8s.reconcile.objects import Pod, ReplicaSet
from pyk8s.reconcile.pods import available_in

BURST = 500
"""At most so many pods are made or deleted in one round."""


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many pods to make, and which to delete."""

    create: int = 0
    delete: tuple[Pod, ...] = ()


def plan_replicas(wanted: int, pods: Sequence[Pod], related: Iterable[Pod], now: datetime) -> Replicas:
    """What brings the active `pods` to `wanted`.

    `related` are the active pods of every ReplicaSet with the same owner: nodes that carry many of them give first.
    """
    missing = wanted - len(pods)
    if missing >= 0:
        return Replicas(create=min(missing, BURST))
    surplus = min(-missing, BURST)
    crowd = Counter(pod.spec.node_name for pod in related if pod.spec.node_name)
    ranked = sorted(pods, key=lambda pod: deletion_rank(pod, crowd.get(pod.spec.node_name, 0), now))
    return Replicas(delete=tuple(ranked[:surplus]))


PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


def deletion_rank(pod: Pod, crowd: int, now: datetime) -> tuple[Any, ...]:
    """Sorts pods by how little is lost with them, the least first. `crowd` counts related pods on its node.

    Without a node, pending, not ready, cheap to delete, on a crowded node, ready for a short time, restarted often,
    young; the uid decides between pods of about the same age, so that none is systematically kept.
    """
    ready = pod.ready
    is_ready = pod.is_ready
    ready_age = _magnitude(ready.last_transition_time if ready and is_ready else "", now)
    restarts = max((status.restart_count for status in pod.status.container_statuses), default=0)
    return (
        bool(pod.spec.node_name),
        PHASES.get(pod.status.phase, 1),
        is_ready,
        deletion_cost(pod),
        -crowd,
        ready_age,
        -restarts,
        _magnitude(pod.metadata.creation_timestamp, now),
        pod.metadata.uid,
    )


def deletion_cost(pod: Pod) -> int:
    """The pod's own say in what its deletion costs: a 32-bit number, 0 when it says nothing or nonsense."""
    text = pod.metadata.annotations.deletion_cost
    try:
        value = int(text)
    except ValueError:
        return 0
    return value if str(value) == text and -(2**31) <= value < 2**31 else 0


def _magnitude(since: str, now: datetime) -> int:
    """The order of magnitude of an age: -1 for none, else the base-2 logarithm of its seconds."""
    if not since:
        return -1
    seconds = (now - parse_time(since)).total_seconds()
    return int(log2(seconds)) if seconds >= 1 else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why pods could not be made or deleted: `reason` is FailedCreate or FailedDelete."""

    reason: str
    message: str


def plan_status(
    one: ReplicaSet, pods: Sequence[Pod], template: Mapping[str, Any], failure: Failure | None, now: datetime
) -> tuple[dict[str, Any], float | None]:
    """The status of `one` with the active `pods`, and seconds until time alone changes it (None: never).

    Source: KEP-less, the API reference of ReplicaSetStatus.
    """
    labels = ((template.get("metadata") or {}).get("labels") or {}).items()
    waits = [available_in(pod, one.spec.min_ready_seconds, now) for pod in pods]
    status: dict[str, Any] = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(labels <= pod.metadata.labels.items() for pod in pods),
        "readyReplicas": sum(wait is not None for wait in waits),
        "availableReplicas": sum(wait == 0.0 for wait in waits),
        "observedGeneration": one.metadata.generation,
    }
    if conditions := _conditions(one.status.conditions, failure, now):
        status["conditions"] = conditions
    return status, min((wait for wait in waits if wait), default=None)


def _conditions(held: Iterable[Condition], failure: Failure | None, now: datetime) -> list[dict[str, Any]]:
    kept = [one for one in held if one.type != "ReplicaFailure"]
    old = next((one for one in held if one.type == "ReplicaFailure"), None)
    result = [_as_dict(one) for one in kept]
    if failure is not None:
        same = old is not None and (old.status, old.reason) == ("True", failure.reason)
        result.append(
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": failure.reason,
                "message": failure.message,
                "lastTransitionTime": old.last_transition_time if same and old else timestamp(now),
            }
        )
    return result


def _as_dict(one: Condition) -> dict[str, Any]:
    fields = {
        "type": one.type,
        "status": one.status,
        "reason": one.reason,
        "message": one.message,
        "lastTransitionTime": one.last_transition_time,
    }
    return {key: value for key, value in fields.items() if value}


def differs(one: ReplicaSet, status: Mapping[str, Any]) -> bool:
    """Whether the status that `one` carries is another."""
    held = one.status
    return (
        held.replicas != status["replicas"]
        or held.fully_labeled_replicas != status["fullyLabeledReplicas"]
        or held.ready_replicas != status["readyReplicas"]
        or held.available_replicas != status["availableReplicas"]
        or held.observed_generation != status["observedGeneration"]
        or [_as_dict(one) for one in held.conditions] != list(status.get("conditions") or ())
    )
