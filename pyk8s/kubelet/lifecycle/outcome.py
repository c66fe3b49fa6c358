"""Whether a pod has ended, and how. Source: Kubernetes documentation, "Pod Lifecycle", pod phase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pyk8s.kubelet.lifecycle.restart import is_restarted
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import PodView, Seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pod ended; `reason` and `message` are empty when its containers' own ends say it all."""

    phase: Literal["Succeeded", "Failed"]
    reason: str = ""
    message: str = ""


def seconds_of(text: str) -> Seconds:
    """The moment an RFC 3339 text names; 0 for an empty or broken one."""
    try:
        return datetime.fromisoformat(text).timestamp() if text else 0.0
    except ValueError:
        return 0.0


def deadline(pod: Pod) -> Seconds | None:
    """When the pod must have ended by its activeDeadlineSeconds; None when nothing is said or it has not started."""
    limit, started = pod.spec.active_deadline_seconds, seconds_of(pod.status.start_time)
    return started + limit if limit is not None and started else None


def outcome(pod: Pod, seen: PodView, now: Seconds) -> Outcome | None:
    """How the pod ended; None while it has not. What the API once recorded as an end stays one."""
    recorded = pod.status.phase
    if recorded in ("Succeeded", "Failed"):
        return Outcome("Succeeded" if recorded == "Succeeded" else "Failed", pod.status.reason, pod.status.message)
    if seen.rejected is not None:
        return Outcome("Failed", seen.rejected.reason, seen.rejected.message)
    until = deadline(pod)
    if until is not None and now >= until:
        return Outcome("Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
    return _by_containers(pod, seen)


def _by_containers(pod: Pod, seen: PodView) -> Outcome | None:
    policy = pod.spec.restart_policy
    for init in pod.spec.init_containers:
        last = seen.current(init.name) or seen.newest(init.name)
        if last is None or last.state != "exited" or init.is_sidecar:
            continue
        if last.failed and not is_restarted(init, policy, last, is_init=True):
            return Outcome("Failed")
    failed = False
    for container in pod.spec.containers:
        last = seen.newest(container.name)
        if last is None or last.state != "exited" or is_restarted(container, policy, last):
            return None
        failed = failed or last.failed
    return Outcome("Failed" if failed else "Succeeded") if pod.spec.containers else None
