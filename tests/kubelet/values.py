"""Pods and views that plans are tested with: one base, which a case changes in one thing."""

from dataclasses import replace

from pyk8s.kubelet.plan import spec_hash
from pyk8s.kubelet.spec import pod_of
from pyk8s.kubelet.values import ContainerView, Health, PodView, SandboxView

NOON = 1_700_000_000.0
UID = "uid-1"


def make_pod(*containers, metadata=None, status=None, **spec):
    """A pod; containers are names or dicts, "web" alone when none is given."""
    made = [{"name": one, "image": f"{one}:1"} if isinstance(one, str) else one for one in containers or ("web",)]
    meta = {"name": "p", "namespace": "default", "uid": UID, **(metadata or {})}
    return pod_of({"metadata": meta, "spec": {"containers": made, **spec}, "status": status or {}})


def init(name, **fields):
    """An init container."""
    return {"name": name, "image": f"{name}:1", **fields}


POD = make_pod()
SANDBOX = SandboxView("s0", UID, "p", "default", 0, True, NOON - 100, ("10.0.0.1",))


def running(name="web", attempt=0, pod=POD, **changes):
    """A container that runs in the sandbox."""
    container = pod.container(name)
    view = ContainerView(
        id=f"{name}-{attempt}",
        sandbox_id="s0",
        uid=UID,
        name=name,
        attempt=attempt,
        state="running",
        created_at=NOON - 90 + attempt,
        started_at=NOON - 90 + attempt,
        image=f"{name}:1",
        image_id=f"sha256:{name}",
        spec_hash=spec_hash(container) if container is not None else "",
    )
    return replace(view, **changes)


def exited(name="web", attempt=0, code=0, ago=0.0, pod=POD, **changes):
    """A container that ended `ago` seconds before noon."""
    made = running(name, attempt, pod)
    reason = "Error" if code else "Completed"
    ended = replace(made, state="exited", exit_code=code, reason=reason, finished_at=NOON - ago)
    return replace(ended, **changes)


def view(*containers, **changes):
    """What is seen: a sandbox that is ready, volumes that are there, the images of all, healthy containers."""
    health = {one.id: Health(started=True, ready=True) for one in containers if one.state == "running"}
    base = {
        "sandboxes": (SANDBOX,),
        "containers": tuple(containers),
        "volumes_ready": True,
        "images": frozenset({"web", "other", "init", "side", "second"}),
        "health": health,
    }
    return PodView(**{**base, **changes})
