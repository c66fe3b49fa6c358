"""What to do next for a pod: a pure function of the pod, of what is seen of it, and of the time.

Every action is idempotent and the plan is made anew after each event, so an action that is lost, doubled or
interrupted is healed by the next round. Source: Kubernetes documentation, "Pod Lifecycle", "Init Containers",
"Sidecar Containers", "Container Lifecycle Hooks".
"""

from __future__ import annotations

import hashlib

from pyk8s.kubelet.lifecycle.outcome import deadline, outcome, seconds_of
from pyk8s.kubelet.lifecycle.restart import crashes_after, is_restarted, start_at
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.values import (
    Action,
    CleanUp,
    ContainerView,
    EnsureImage,
    Finish,
    Kill,
    MakeSandbox,
    MountVolumes,
    PodView,
    RemoveContainer,
    RemoveSandbox,
    RunHook,
    Seconds,
    Start,
    StopSandbox,
    UnmountVolumes,
    Wait,
    Why,
    operation,
)

KEPT_INSTANCES = 2
"""Containers kept of each name: the newest, and the one before it for `logs --previous`."""

SHORTEST_GRACE = 2
"""Seconds a container has at least to stop when the time of the whole pod is over already."""


def plan_pod(pod: Pod | None, seen: PodView, now: Seconds, *, gone: bool = False) -> tuple[Action, ...]:
    """What to do next for `pod`, in order; () when it is as it should be.

    `gone` says that the API (or the folder of static pods) has it no more; None is a pod of which only what the
    runtime holds is known. An action whose operation is busy or held back is left out; a closing `Wait` says when
    time alone will change the answer.
    """
    plan = _Plan(seen, now)
    if pod is None or gone:
        _remove(plan, pod, gone=True)
    elif pod.is_terminating:
        _remove(plan, pod, gone=False)
    elif outcome(pod, seen, now) is not None:
        _end(plan, pod)
    else:
        _run(plan, pod)
        _collect(plan, pod)
    return plan.finished()


def spec_hash(container: Container) -> str:
    """What a running container must have been made from; of its fields only the image can change."""
    return hashlib.sha256(f"{container.name}\0{container.image}".encode()).hexdigest()[:16]


class _Plan:
    """Collects actions, leaving out what is busy or held back, and the next time that something is due."""

    def __init__(self, seen: PodView, now: Seconds) -> None:
        self.seen = seen
        self.now = now
        self.actions: list[Action] = []
        self.taken: set[str] = set(seen.busy)
        self.due: Seconds | None = None

    def add(self, action: Action) -> bool:
        """Plan `action`; False when it is under way or must wait."""
        name = operation(action)
        if name in self.taken or not self.is_free(name):
            return False
        self.taken.add(name)
        self.actions.append(action)
        return True

    def is_free(self, name: str) -> bool:
        """Whether nothing holds the operation `name` back at this time."""
        hold = self.seen.holds.get(name)
        return hold is None or self.is_due(hold.until)

    def is_due(self, when: Seconds) -> bool:
        """Whether `when` has come; else it is remembered as a time to plan again."""
        if when <= self.now:
            return True
        self.due = when if self.due is None else min(self.due, when)
        return False

    def finished(self) -> tuple[Action, ...]:
        """The plan."""
        return (*self.actions, Wait(self.due)) if self.due is not None else tuple(self.actions)


def _run(plan: _Plan, pod: Pod) -> None:
    """Bring the pod up and keep it so."""
    seen = plan.seen
    until = deadline(pod)
    if until is not None:
        plan.is_due(until)
    if not seen.volumes_ready or (seen.volumes_due is not None and plan.is_due(seen.volumes_due)):
        plan.add(MountVolumes())
    sandbox = seen.sandbox
    if sandbox is None:
        if _kill_strays(plan, pod):
            return
        plan.add(MakeSandbox(seen.sandboxes[0].attempt + 1 if seen.sandboxes else 0))
    else:
        _keep_well(plan, pod)
    _start(plan, pod)


def _kill_strays(plan: _Plan, pod: Pod) -> bool:
    """Stop what still runs in a sandbox that is dead; True while there is any."""
    strays = [one for one in plan.seen.containers if one.state in ("running", "unknown")]
    for one in strays:
        plan.add(Kill(one.name, one.id, "no sandbox", pod.spec.termination_grace_period_seconds))
    return bool(strays)


def _keep_well(plan: _Plan, pod: Pod) -> None:
    """Kill the containers that are not to go on, run the hooks of those that just started."""
    for container in (*pod.spec.init_containers, *pod.spec.containers):
        one = plan.seen.current(container.name)
        if one is None or one.state not in ("running", "unknown"):
            continue
        why = _why_kill(container, one, plan.seen)
        if why is not None:
            plan.add(Kill(container.name, one.id, why, _grace(pod, container, why)))
        elif container.lifecycle.post_start is not None and one.id not in plan.seen.hooked:
            plan.add(RunHook(container.name, one.id))


def _why_kill(container: Container, one: ContainerView, seen: PodView) -> Why | None:
    if one.state == "unknown":
        return "unknown"
    if one.id in seen.hook_failed:
        return "hook"
    health = seen.health.get(one.id)
    if health is not None and health.failed:
        return health.failed
    if one.spec_hash and one.spec_hash != spec_hash(container):
        return "changed"
    return None


def _grace(pod: Pod, container: Container, why: Why) -> int:
    """Seconds to stop in: a probe may have its own."""
    probe = {"liveness": container.liveness_probe, "startup": container.startup_probe}.get(why)
    if probe is not None and probe.termination_grace_period_seconds is not None:
        return probe.termination_grace_period_seconds
    return pod.spec.termination_grace_period_seconds


def _start(plan: _Plan, pod: Pod) -> None:
    """Start the next container that is due; get the images of all that could be next."""
    started = False
    sandbox = plan.seen.sandbox
    for container in _startable(plan, pod):
        last = plan.seen.newest(container.name)
        if last is not None and last.state == "running" and sandbox is not None and last.sandbox_id == sandbox.id:
            continue
        if not plan.is_due(start_at(last)) or not plan.is_free(f"container/{container.name}"):
            continue
        if container.name not in plan.seen.images:
            plan.add(EnsureImage(container.name))
        elif sandbox is not None and plan.seen.volumes_ready and not started:
            attempt = last.attempt + 1 if last is not None else 0
            started = plan.add(Start(container.name, sandbox.id, attempt, crashes_after(last)))


def _startable(plan: _Plan, pod: Pod) -> list[Container]:
    """The containers that are to be started now, in order; those that wait for others to start or end are not."""
    seen = plan.seen
    initialized = any(seen.current(one.name) is not None for one in pod.spec.containers)
    found: list[Container] = []
    for init in pod.spec.init_containers:
        one = seen.current(init.name)
        if not (one is not None and one.state == "exited" and not one.failed) or init.is_sidecar:
            if init.is_sidecar or not initialized:
                found += _unless_running(init, one)
            if not initialized and not (init.is_sidecar and _is_started(init, one, seen)):
                return found
    for container in pod.spec.containers:
        one = seen.current(container.name)
        if one is None or one.state != "running":
            last = seen.newest(container.name)
            ended = last is not None and last.state == "exited"
            if not ended or (last is not None and is_restarted(container, pod.spec.restart_policy, last)):
                found.append(container)
            if f"container/{container.name}" in seen.busy:
                break  # one after the other: the next waits until this one has started
        elif container.lifecycle.post_start is not None and one.id not in seen.hooked | seen.hook_failed:
            break
    return found


def _unless_running(container: Container, one: ContainerView | None) -> list[Container]:
    return [] if one is not None and one.state == "running" else [container]


def _is_started(container: Container, one: ContainerView | None, seen: PodView) -> bool:
    """Whether a sidecar is up so far that what comes after it may start."""
    if one is None or one.state != "running":
        return False
    if container.lifecycle.post_start is not None and one.id not in seen.hooked:
        return False
    health = seen.health.get(one.id)
    return container.startup_probe is None or (health is not None and health.started)


def _end(plan: _Plan, pod: Pod) -> None:
    """The pod has ended: stop what is left of it, keep its ended containers for their logs."""
    if _stop_containers(plan, pod, pod.spec.termination_grace_period_seconds, "finished"):
        return
    _stop_rest(plan)
    _collect(plan, pod)


def _remove(plan: _Plan, pod: Pod | None, *, gone: bool) -> None:
    """Stop everything, tell the API, and forget the pod once the API has."""
    seen = plan.seen
    grace = pod.grace_seconds if pod is not None else max([one.grace_seconds for one in seen.containers], default=30)
    if _stop_containers(plan, pod, grace, "terminating"):
        return
    if not _stop_rest(plan):
        return
    if not gone:
        plan.add(Finish())
        return
    for sandbox in seen.sandboxes:
        plan.add(RemoveSandbox(sandbox.id))
    if not seen.sandboxes and not seen.containers:
        plan.add(CleanUp())


def _stop_containers(plan: _Plan, pod: Pod | None, grace: int, why: Why) -> bool:
    """Stop the containers together, then the sidecars one by one, last first. True while one is still there."""
    seen = plan.seen
    if any(name.startswith("container/") for name in seen.busy - _kills(seen)):
        return True
    sidecars = [one.name for one in pod.spec.init_containers if one.is_sidecar] if pod is not None else []
    running = [one for one in seen.containers if one.state in ("running", "unknown")]
    others = [one for one in running if one.name not in sidecars]
    if others:
        for one in others:
            plan.add(Kill(one.name, one.id, why, grace))
        return True
    for name in reversed(sidecars):
        for one in running:
            if one.name == name:
                plan.add(Kill(name, one.id, why, _time_left(plan, pod, grace)))
                return True
    return False


def _kills(seen: PodView) -> frozenset[str]:
    """The operations under way on containers that still run: their stopping, as far as a plan can tell."""
    return frozenset(f"container/{one.name}" for one in seen.containers if one.state in ("running", "unknown"))


def _time_left(plan: _Plan, pod: Pod | None, grace: int) -> int:
    """Seconds left of the pod's whole grace, which the sidecars share with the containers before them."""
    until = seconds_of(pod.metadata.deletion_timestamp) if pod is not None else 0.0
    return min(grace, max(SHORTEST_GRACE, int(until - plan.now))) if until else grace


def _stop_rest(plan: _Plan) -> bool:
    """Stop the sandboxes and take the volumes away; True when both is done."""
    seen = plan.seen
    for sandbox in seen.sandboxes:
        if sandbox.ready:
            plan.add(StopSandbox(sandbox.id))
            break
    if not seen.volumes_gone:
        plan.add(UnmountVolumes())
    return seen.volumes_gone and not any(one.ready for one in seen.sandboxes) and not seen.busy & {"sandbox", "volumes"}


def _collect(plan: _Plan, pod: Pod) -> None:
    """Remove what nobody will ask for again: instances before the last two, sandboxes that hold none of those."""
    seen = plan.seen
    kept: set[str] = set()
    count: dict[str, int] = {}
    for one in seen.containers:
        count[one.name] = count.get(one.name, 0) + 1
        ended = one.state in ("exited", "created")
        if ended and count[one.name] > KEPT_INSTANCES and f"container/{one.name}" not in seen.busy:
            plan.add(RemoveContainer(one.id, one.name, one.attempt))
        else:
            kept.add(one.sandbox_id)
    for sandbox in seen.sandboxes[1:]:
        if not sandbox.ready and sandbox.id not in kept and seen.sandbox is not None:
            plan.add(RemoveSandbox(sandbox.id))
