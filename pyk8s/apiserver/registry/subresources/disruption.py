"""How many pods of a PodDisruptionBudget may go now. Pure. Source: KEP-85; pkg/controller/disruption/disruption.go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyk8s.api.intorstring import scaled
from pyk8s.api.objectmeta import Object, is_being_deleted, is_condition_true, parse_time, timestamp
from pyk8s.api.selectors import from_object

FORGOTTEN_AFTER = timedelta(minutes=2)
"""After so long an evicted pod that is still there counts as staying."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The numbers of a budget: pods that are healthy, that must be, that should be there, that may go."""

    healthy: int
    desired: int
    expected: int

    @property
    def allowed(self) -> int:
        """How many may go now."""
        return max(0, self.healthy - self.desired)


def applies(budget: Object, pod: Object) -> bool:
    """Whether the budget protects this pod."""
    selector = (budget.get("spec") or {}).get("selector")
    return from_object(selector).matches(pod["metadata"].get("labels"))


def is_healthy(pod: Object) -> bool:
    """Whether the pod counts: ready and not on its way out."""
    return is_condition_true(pod, "Ready") and not is_being_deleted(pod)


def disrupted(budget: Object, pods: Sequence[Object], now: datetime) -> dict[str, str]:
    """The pods that were evicted of late and are still there, with the time of that."""
    held: Mapping[str, str] = (budget.get("status") or {}).get("disruptedPods") or {}
    here = {pod["metadata"]["name"] for pod in pods if not is_being_deleted(pod)}
    return {name: at for name, at in held.items() if name in here and now - parse_time(at) < FORGOTTEN_AFTER}


def plan_budget(budget: Object, pods: Sequence[Object], expected: int, now: datetime) -> Budget:
    """The numbers for the pods that the budget protects, of which `expected` should be there."""
    spec: Mapping[str, Any] = budget.get("spec") or {}
    gone = disrupted(budget, pods, now)
    healthy = sum(1 for pod in pods if is_healthy(pod) and pod["metadata"]["name"] not in gone)
    if "maxUnavailable" in spec:
        desired = max(0, expected - scaled(spec["maxUnavailable"], expected, round_up=True))
    else:
        desired = scaled(spec.get("minAvailable", 1), expected, round_up=True)
    return Budget(healthy, desired, expected)


def status_after(budget: Object, numbers: Budget, pods: Sequence[Object], evicted: str, now: datetime) -> Object:
    """The budget's status once the pod named `evicted` is on its way out."""
    status = budget.get("status") or {}
    return {
        **status,
        "observedGeneration": budget["metadata"].get("generation", 0),
        "disruptedPods": {**disrupted(budget, pods, now), evicted: timestamp(now)},
        "currentHealthy": numbers.healthy,
        "desiredHealthy": numbers.desired,
        "expectedPods": numbers.expected,
        "disruptionsAllowed": max(0, numbers.allowed - 1),
    }


def may_go_unready(budget: Object, numbers: Budget) -> bool:
    """Whether a pod that runs but is not ready may go whatever the budget says. Source: KEP-3017."""
    policy = (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") or "IfHealthyBudget"
    return policy == "AlwaysAllow" or (numbers.healthy >= numbers.desired and numbers.desired > 0)
