"""The status of a pod, worked out anew from what is seen. Pure. Source: core/v1 PodStatus; Kubernetes documentation,
"Pod Lifecycle", phase and conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyk8s.kubelet.fields import Facts
from pyk8s.kubelet.lifecycle.outcome import outcome
from pyk8s.kubelet.resources import qos_class
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.status.containers import Json, container_status, incomplete, is_initialized, stamp
from pyk8s.kubelet.values import PodView, Seconds

OWN_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def pod_status(pod: Pod, seen: PodView, facts: Facts, now: Seconds, before: Sequence[Mapping[str, str]] = ()) -> Json:
    """The whole status; `before` are the conditions as they were told last, which keep their times while they hold."""
    ended = outcome(pod, seen, now)
    init = [container_status(pod, one, seen, now, is_init=True) for one in pod.spec.init_containers]
    main = [container_status(pod, one, seen, now, is_init=False) for one in pod.spec.containers]
    phase = ended.phase if ended is not None else _phase(pod, seen, main)
    status: Json = {
        # A static pod's file has no generation: a 0 would tell that its mirror's was never observed.
        "observedGeneration": pod.metadata.generation or None,
        "phase": phase,
        "qosClass": qos_class(pod),
        "hostIP": facts.host_ips[0] if facts.host_ips else "",
        "hostIPs": [{"ip": ip} for ip in facts.host_ips],
        "startTime": pod.status.start_time or stamp(now),
        "containerStatuses": main,
        "initContainerStatuses": init,
        "reason": ended.reason if ended is not None else "",
        "message": ended.message if ended is not None else "",
    }
    if facts.pod_ips:
        status |= {"podIP": facts.pod_ips[0], "podIPs": [{"ip": ip} for ip in facts.pod_ips]}
    held = {each["type"]: each for each in before} or {
        each.type: {"status": each.status, "lastTransitionTime": each.last_transition_time}
        for each in pod.status.conditions
    }
    status["conditions"] = [_timed(each, held, now) for each in _conditions(pod, seen, phase, init, main)]
    return {field: value for field, value in status.items() if value not in ("", [], None)}


def _phase(pod: Pod, seen: PodView, main: Sequence[Json]) -> str:
    """The phase of a pod that has not ended."""
    if pod.is_terminating and not seen.is_running and seen.containers:
        failed = any(one.failed for one in (seen.newest(each.name) for each in pod.spec.containers) if one is not None)
        return "Failed" if failed else "Succeeded"
    if not is_initialized(pod, seen):
        return "Pending"
    never = [each for each in main if "waiting" in each["state"] and not each["lastState"]]
    return "Pending" if never or not main else "Running"


def _conditions(pod: Pod, seen: PodView, phase: str, init: Sequence[Json], main: Sequence[Json]) -> list[Json]:
    sidecars = [each for each, one in zip(init, pod.spec.init_containers, strict=True) if one.is_sidecar]
    unready = [each["name"] for each in (*sidecars, *main) if not each["ready"]]
    containers: Json = {"type": "ContainersReady", "status": "True"}
    if phase in ("Succeeded", "Failed"):
        reason = "PodCompleted" if phase == "Succeeded" else "PodFailed"
        containers = {"type": "ContainersReady", "status": "False", "reason": reason}
    elif unready:
        message = f"containers with unready status: [{' '.join(unready)}]"
        containers = {"type": "ContainersReady", "status": "False", "reason": "ContainersNotReady", "message": message}
    ready = {**containers, "type": "Ready"}
    gates = {each.type: each.status for each in pod.status.conditions}
    missing = [each.condition_type for each in pod.spec.readiness_gates if gates.get(each.condition_type) != "True"]
    if ready["status"] == "True" and missing:
        said = "; ".join(
            f'corresponding condition of pod readiness gate "{each}" does not exist or is not True' for each in missing
        )
        ready = {"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": said}
    open_inits = incomplete(pod, seen)
    initialized: Json = {"type": "Initialized", "status": "True"}
    if open_inits and phase not in ("Succeeded",):
        message = f"containers with incomplete status: [{' '.join(open_inits)}]"
        initialized |= {"status": "False", "reason": "ContainersNotInitialized", "message": message}
    elif phase == "Succeeded":
        initialized["reason"] = "PodCompleted"
    sandbox = {"type": "PodReadyToStartContainers", "status": "True" if seen.sandbox is not None else "False"}
    return [sandbox, initialized, ready, containers, {"type": "PodScheduled", "status": "True"}]


def _timed(condition: Json, held: Mapping[str, Mapping[str, str]], now: Seconds) -> Json:
    """The condition with the time of its last change."""
    old = held.get(condition["type"])
    same = old is not None and old.get("status") == condition["status"] and old.get("lastTransitionTime")
    since = old["lastTransitionTime"] if same and old is not None else stamp(now)
    return {**condition, "lastTransitionTime": since}


def is_urgent(old: Json | None, new: Json) -> bool:
    """Whether somebody waits for this news: anything but the first word of a pod whose containers are being made."""
    if old is None:
        return new["phase"] != "Pending" or any(
            each["state"].get("waiting", {}).get("reason") not in ("ContainerCreating", "PodInitializing")
            for each in (*new.get("containerStatuses", ()), *new.get("initContainerStatuses", ()))
        )
    return True


def known_status(pod: Pod) -> Json:
    """As much of the status the API has as matters for what a patch must take away."""
    conditions = [
        {"type": each.type, "status": each.status, "reason": each.reason, "message": each.message}
        for each in pod.status.conditions
        if each.type in OWN_CONDITIONS
    ]
    return {"reason": pod.status.reason, "message": pod.status.message, "conditions": conditions}


def status_patch(old: Json, new: Json) -> Json:
    """The strategic merge patch that makes `new` of `old`: what is gone is null; the conditions of others stay."""
    patch: Json = {field: None for field, value in old.items() if value and field not in new and field != "startTime"}
    patch |= new
    before = {each["type"]: each for each in old.get("conditions", ())}
    patch["conditions"] = [
        {**{field: None for field in ("reason", "message") if before.get(each["type"], {}).get(field)}, **each}
        for each in new["conditions"]
    ]
    for field in ("podIPs", "hostIPs"):
        if field in new:
            # Merged by address, an address the pod had before it was started anew would stay, and stay first.
            patch[field] = [{"$patch": "replace"}, *new[field]]
    return patch
