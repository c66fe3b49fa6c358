"""What a Deployment says about its rollout: counts, and the conditions Available, Progressing and ReplicaFailure.

Source: pkg/controller/deployment/progress.go and util (reasons and messages as people and tools know them).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pyk8s.api.objectmeta import parse_time, timestamp
from pyk8s.controllers.deployment.revisions import bounds
from pyk8s.controllers.deployment.rollout import Sets
from pyk8s.reconcile.fields import Condition, condition
from pyk8s.reconcile.objects import Deployment

COMPLETE: Final = "NewReplicaSetAvailable"
TIMED_OUT: Final = "ProgressDeadlineExceeded"
PAUSED: Final = "DeploymentPaused"
RESUMED: Final = "DeploymentResumed"
CREATED: Final = "NewReplicaSetCreated"
FOUND: Final = "FoundNewReplicaSet"
UPDATED: Final = "ReplicaSetUpdated"
UNLIMITED: Final = 2**31 - 1
FAILED_CREATE: Final = "ReplicaSetCreateError"


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of a status."""

    replicas: int
    updated: int
    ready: int
    available: int
    unavailable: int


def has_deadline(deployment: Deployment) -> bool:
    """Whether the rollout is held to a time; the largest 32-bit number means that it is not."""
    return deployment.spec.progress_deadline_seconds < UNLIMITED


def count(sets: Sets, sizes: Mapping[str, int]) -> Counts:
    """The counts over all ReplicaSets; `sizes` are those that they are just given."""
    asked = sum(sizes.get(one.metadata.name, one.spec.replicas) for one in sets.all)
    available = sum(one.status.available_replicas for one in sets.all)
    return Counts(
        replicas=sum(one.status.replicas for one in sets.all),
        updated=sets.new.status.replicas if sets.new is not None else 0,
        ready=sum(one.status.ready_replicas for one in sets.all),
        available=available,
        unavailable=max(0, asked - available),
    )


def is_complete(deployment: Deployment, counts: Counts) -> bool:
    """Whether every pod is of the newest revision and available."""
    return counts.updated == counts.replicas == counts.available == deployment.spec.replicas


def has_progressed(deployment: Deployment, counts: Counts) -> bool:
    """Whether more is done than the status last said."""
    held = deployment.status
    return (
        counts.updated > held.updated_replicas
        or counts.ready > held.ready_replicas
        or counts.available > held.available_replicas
        or counts.replicas - counts.updated < held.replicas - held.updated_replicas
    )


class Conditions:
    """The conditions of a status while they are worked out, in the order they have."""

    def __init__(self, held: Iterable[Condition], now: datetime) -> None:
        self._held = {one.type: one for one in held}
        self._now = timestamp(now)

    def get(self, type_: str) -> Condition | None:
        """The condition of that type, or None."""
        return self._held.get(type_)

    def set(self, type_: str, status: str, reason: str, message: str, *, again: bool = False) -> None:
        """Set a condition. One of the same status and reason stays as it is, unless it is said `again`."""
        held = self._held.get(type_)
        if held is not None and (held.status, held.reason) == (status, reason) and not again:
            return
        since = held.last_transition_time if held is not None and held.status == status else self._now
        self._held[type_] = Condition(type_, status, reason, message, since or self._now, self._now)

    def drop(self, type_: str) -> None:
        """There is no such condition."""
        self._held.pop(type_, None)

    def take_over(self, other: Condition) -> None:
        """Set a condition that another object has."""
        self.set(other.type, other.status, other.reason, other.message)

    def as_list(self) -> list[dict[str, Any]]:
        """As they stand in the status."""
        return [
            {
                "type": one.type,
                "status": one.status,
                "reason": one.reason,
                "message": one.message,
                "lastUpdateTime": one.last_update_time or self._now,
                "lastTransitionTime": one.last_transition_time or self._now,
            }
            for one in self._held.values()
        ]


def judge_availability(conditions: Conditions, deployment: Deployment, counts: Counts) -> None:
    """Set Available: whether enough pods are available."""
    _, unavailable = bounds(deployment)
    if counts.available >= deployment.spec.replicas - unavailable:
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
        conditions.set("Available", "True", reason, message)
    else:
        reason, message = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
        conditions.set("Available", "False", reason, message)


def judge_pause(conditions: Conditions, deployment: Deployment) -> None:
    """Set Progressing when the rollout was paused or resumed; time does not count while it is paused."""
    if not has_deadline(deployment):
        return
    held = conditions.get("Progressing")
    if held is not None and held.reason == TIMED_OUT:
        return
    was_paused = held is not None and held.reason == PAUSED
    if deployment.spec.paused and not was_paused:
        conditions.set("Progressing", "Unknown", PAUSED, "Deployment is paused")
    elif not deployment.spec.paused and was_paused:
        conditions.set("Progressing", "Unknown", RESUMED, "Deployment is resumed")


def judge_progress(conditions: Conditions, deployment: Deployment, sets: Sets, counts: Counts, now: datetime) -> None:
    """Set Progressing: complete, under way, or out of time; and ReplicaFailure from the ReplicaSets."""
    if not has_deadline(deployment):
        conditions.drop("Progressing")
    else:
        held = conditions.get("Progressing")
        said_complete = counts.replicas == counts.updated and held is not None and held.reason == COMPLETE
        if not said_complete:
            _judge_movement(conditions, deployment, sets, counts, now)
    failures = [condition(one.status.conditions, "ReplicaFailure") for one in (sets.new, *sets.olds) if one]
    failure = next((one for one in failures if one is not None), None)
    if failure is None:
        conditions.drop("ReplicaFailure")
    else:
        conditions.take_over(failure)


def _judge_movement(conditions: Conditions, deployment: Deployment, sets: Sets, counts: Counts, now: datetime) -> None:
    name = f'ReplicaSet "{sets.new.metadata.name}"' if sets.new else f'Deployment "{deployment.metadata.name}"'
    if is_complete(deployment, counts):
        conditions.set("Progressing", "True", COMPLETE, f"{name} has successfully progressed.")
    elif has_progressed(deployment, counts):
        conditions.set("Progressing", "True", UPDATED, f"{name} is progressing.", again=True)
    elif deadline_in(conditions.get("Progressing"), deployment, now) == 0.0:
        conditions.set("Progressing", "False", TIMED_OUT, f"{name} has timed out progressing.")


def deadline_in(held: Condition | None, deployment: Deployment, now: datetime) -> float | None:
    """Seconds until a rollout that does not move counts as stuck, 0 when it does; None while none is under way."""
    seconds = deployment.spec.progress_deadline_seconds
    if held is None or not has_deadline(deployment) or held.reason in (COMPLETE, PAUSED):
        return None
    if held.reason == TIMED_OUT:
        return 0.0
    if not held.last_update_time:
        return float(seconds)
    limit = parse_time(held.last_update_time) + timedelta(seconds=seconds)
    return max(0.0, (limit - now).total_seconds())


def status_of(deployment: Deployment, counts: Counts, conditions: Conditions, collisions: int | None) -> dict[str, Any]:
    """The whole status, as it is written."""
    return {
        "observedGeneration": deployment.metadata.generation,
        "replicas": counts.replicas,
        "updatedReplicas": counts.updated,
        "readyReplicas": counts.ready,
        "availableReplicas": counts.available,
        "unavailableReplicas": counts.unavailable,
        **({"collisionCount": collisions} if collisions is not None else {}),
        "conditions": conditions.as_list(),
    }


def differs(deployment: Deployment, status: Mapping[str, Any], held: Sequence[dict[str, Any]]) -> bool:
    """Whether the status that the deployment carries, with conditions `held`, is another."""
    now = deployment.status
    return (
        now.observed_generation != status["observedGeneration"]
        or now.replicas != status["replicas"]
        or now.updated_replicas != status["updatedReplicas"]
        or now.ready_replicas != status["readyReplicas"]
        or now.available_replicas != status["availableReplicas"]
        or now.unavailable_replicas != status["unavailableReplicas"]
        or now.collision_count != status.get("collisionCount")
        or list(held) != status["conditions"]
    )
