"""The status of containers, as the API has it. Pure. Source: core/v1 ContainerStatus; Kubernetes documentation, "Pod
Lifecycle", container states."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeAlias

from pyk8s.kubelet.lifecycle.restart import crashes_after, delay, is_restarted, start_at
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.values import ContainerView, PodView, Seconds

Json: TypeAlias = dict[str, Any]


def stamp(when: Seconds) -> str | None:
    """A time as the API writes it; None for none."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def container_status(pod: Pod, container: Container, seen: PodView, now: Seconds, *, is_init: bool) -> Json:
    """The status of one container: its state, the one before, and how often it was started again."""
    instances = seen.instances(container.name)
    newest = instances[0] if instances else None
    before = instances[1] if len(instances) > 1 else None
    waiting = _waiting(pod, container, newest, seen, now, is_init=is_init)
    last: ContainerView | None
    if waiting is not None:
        state: Json = {"waiting": waiting}
        last = newest if newest is not None and newest.state == "exited" else before
    else:
        assert newest is not None
        state, last = _state(newest), before
    status: Json = {
        "name": container.name,
        "state": state,
        "lastState": {"terminated": terminated(last)} if last is not None and last.state == "exited" else {},
        "ready": _is_ready(container, newest, seen, is_init=is_init),
        "restartCount": newest.attempt if newest is not None else 0,
        "image": container.image,
        "imageID": newest.image_id if newest is not None else "",
        "started": _is_started(newest, seen),
    }
    if newest is not None:
        status["containerID"] = f"containerd://{newest.id}"
    return status


def _waiting(
    pod: Pod, container: Container, newest: ContainerView | None, seen: PodView, now: Seconds, *, is_init: bool
) -> Json | None:
    """Why the container is waiting to be started; None when it runs, or has ended and stays so."""
    if newest is not None and newest.state in ("running", "unknown"):
        return None
    if newest is not None and newest.state == "exited":
        restarted = is_restarted(container, pod.spec.restart_policy, newest, is_init=is_init)
        if not restarted or pod.is_terminating:
            return None
    for name in (f"container/{container.name}", f"image/{container.name}"):
        hold = seen.holds.get(name)
        if hold is not None:
            return {"reason": hold.reason, "message": hold.message}
    if newest is not None and newest.state == "exited":
        if start_at(newest) > now:
            seconds = delay(crashes_after(newest))
            what = f"container={container.name} pod={pod.metadata.name}_{pod.metadata.namespace}({pod.metadata.uid})"
            return {"reason": "CrashLoopBackOff", "message": f"back-off {_duration(seconds)} restarting failed {what}"}
        return None
    if not is_init and pod.spec.init_containers and not is_initialized(pod, seen):
        return {"reason": "PodInitializing"}
    return {"reason": "PodInitializing" if is_init and _waits_for_others(pod, container, seen) else "ContainerCreating"}


def _waits_for_others(pod: Pod, container: Container, seen: PodView) -> bool:
    """Whether an init container before this one has not done its part."""
    for one in pod.spec.init_containers:
        if one.name == container.name:
            return False
        if not _has_done(one, seen):
            return True
    return False


def _has_done(container: Container, seen: PodView) -> bool:
    newest = seen.newest(container.name)
    if newest is None:
        return False
    if container.is_sidecar:
        health = seen.health.get(newest.id)
        return newest.state == "running" and health is not None and health.started
    return newest.state == "exited" and newest.exit_code == 0


def is_initialized(pod: Pod, seen: PodView) -> bool:
    """Whether every init container has done its part."""
    if any(seen.newest(one.name) is not None for one in pod.spec.containers):
        return True
    return all(_has_done(one, seen) for one in pod.spec.init_containers)


def incomplete(pod: Pod, seen: PodView) -> list[str]:
    """The init containers that have not done their part."""
    return (
        [] if is_initialized(pod, seen) else [one.name for one in pod.spec.init_containers if not _has_done(one, seen)]
    )


def _state(view: ContainerView) -> Json:
    if view.state == "exited":
        return {"terminated": terminated(view)}
    if view.state == "running":
        return {"running": {"startedAt": stamp(view.started_at)}}
    reason = "ContainerStatusUnknown"
    return {"terminated": {"reason": reason, "exitCode": 137, "message": "The container could not be located"}}


def terminated(view: ContainerView) -> Json:
    """How a container ended."""
    made: Json = {
        "exitCode": view.exit_code,
        "reason": view.reason or ("Error" if view.exit_code else "Completed"),
        "startedAt": stamp(view.started_at),
        "finishedAt": stamp(view.finished_at),
        "containerID": f"containerd://{view.id}",
    }
    if view.message:
        made["message"] = view.message
    return {field: value for field, value in made.items() if value is not None}


def _is_ready(container: Container, newest: ContainerView | None, seen: PodView, *, is_init: bool) -> bool:
    if newest is None:
        return False
    if is_init and not container.is_sidecar:
        return newest.state == "exited" and newest.exit_code == 0
    health = seen.health.get(newest.id)
    return newest.state == "running" and health is not None and health.ready


def _is_started(newest: ContainerView | None, seen: PodView) -> bool:
    if newest is None or newest.state != "running":
        return False
    health = seen.health.get(newest.id)
    return health is not None and health.started


def _duration(seconds: float) -> str:
    """40 is "40s", 80 is "1m20s", 300 is "5m0s"."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
