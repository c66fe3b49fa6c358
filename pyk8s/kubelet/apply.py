"""The actions of a plan carried out, each by the hand for what it acts on."""

from __future__ import annotations

from collections.abc import Callable

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import PODS
from pyk8s.kubelet.errors import PodError, RuntimeTrouble
from pyk8s.kubelet.hands import container as containers
from pyk8s.kubelet.hands import image as images
from pyk8s.kubelet.hands import sandbox as sandboxes
from pyk8s.kubelet.hands import volumes
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.images.puller import BackOff
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import (
    Action,
    CleanUp,
    EnsureImage,
    Finish,
    Hold,
    Kill,
    MakeSandbox,
    MountVolumes,
    RemoveContainer,
    RemoveSandbox,
    RunHook,
    Start,
    StopSandbox,
    UnmountVolumes,
    operation,
)
from pyk8s.observe import logs

log = logs.get("kubelet.apply")

FIRST_DELAY, LONGEST_DELAY = 0.5, 60.0
"""Seconds before an operation that failed is tried again, doubling."""
FINISHED_AGAIN = 30.0
"""Seconds until the API is told once more that a pod may go, should it not have gone (finalizers)."""

REASONS = {
    "volumes": "FailedMount",
    "sandbox": "FailedCreatePodSandBox",
    "image": "ImageInspectError",
    "container": "RunContainerError",
}
"""Why a container waits when the runtime failed at an operation of this kind."""


async def apply(host: Host, memory: Memory, action: Action, wake: Callable[[], None]) -> None:
    """Carry out one action. What fails is remembered as a hold; the next plan knows when to try again."""
    name = operation(action)
    try:
        await _do(host, memory, action, wake)
    except BackOff as why:
        memory.holds[name] = Hold(why.reason, why.message, why.until)
    except PodError as why:
        _failed(host, memory, name, why.reason, why.message)
    except (RuntimeTrouble, ApiError) as why:
        _failed(host, memory, name, REASONS.get(name.split("/")[0], "KubeletError"), str(why))
    except Exception as why:  # a mistake of ours must not end the pod's worker
        log.error("an action failed unexpectedly", pod=memory.uid, action=repr(action), why=why, exc_info=True)
        _failed(host, memory, name, "KubeletError", f"{type(why).__name__}: {why}")
    else:
        if not isinstance(action, Finish):
            memory.succeeded(name)


def _failed(host: Host, memory: Memory, name: str, reason: str, message: str) -> None:
    count = memory.failures.get(name, 0)
    delay = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(count, 16))
    log.warning("an action failed", pod=memory.uid, action=name, reason=reason, why=message, again=delay)
    memory.failed(name, reason, message, clock.wall(), delay)
    if memory.pod is not None and name in ("volumes", "sandbox"):
        host.tell(memory.pod, "Warning", reason, message)


async def _do(host: Host, memory: Memory, action: Action, wake: Callable[[], None]) -> None:
    pod = memory.pod
    match action:
        case UnmountVolumes():
            await volumes.unmount_volumes(host, memory)
        case Kill():
            await containers.kill_container(host, memory, action, wake)
        case StopSandbox(sandbox_id):
            await sandboxes.stop_sandbox(host, memory, sandbox_id)
        case RemoveContainer(container_id):
            await containers.remove_container(host, memory, container_id)
        case RemoveSandbox(sandbox_id):
            await sandboxes.remove_sandbox(host, memory, sandbox_id)
        case CleanUp():
            await sandboxes.clean_up(host, memory)
            host.removed(memory.uid)
        case _ if pod is not None:
            await _do_for(host, memory, pod, action, wake)


async def _do_for(host: Host, memory: Memory, pod: Pod, action: Action, wake: Callable[[], None]) -> None:
    """The actions that need the pod's description."""
    match action:
        case MountVolumes():
            await volumes.mount_volumes(host, memory, pod)
        case MakeSandbox():
            await sandboxes.make_sandbox(host, memory, pod, action)
        case EnsureImage():
            await images.ensure_image(host, memory, pod, action)
        case Start():
            await containers.start_container(host, memory, pod, action, wake)
        case RunHook():
            await containers.run_post_start(host, memory, pod, action)
        case Finish():
            await finish(host, memory, pod)


async def finish(host: Host, memory: Memory, pod: Pod) -> None:
    """Tell the API the last status, and that nothing of the pod runs any more."""
    await host.status.flush(memory.uid)
    try:
        await host.client.delete(
            PODS.of(pod.metadata.name, pod.metadata.namespace), grace_seconds=0, uid=pod.metadata.uid
        )
    except ApiError as why:
        if why.code not in (404, 409):
            raise
        memory.gone = True  # there is none any more, or another of the same name
        return
    memory.holds["finish"] = Hold("Finished", "", clock.wall() + FINISHED_AGAIN)
