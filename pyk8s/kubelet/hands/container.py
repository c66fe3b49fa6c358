"""Containers started, watched and ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pyk8s.aio import clock
from pyk8s.kubelet.environment import Sources, environment, references
from pyk8s.kubelet.errors import Missing, PodError, RuntimeTrouble
from pyk8s.kubelet.expansion import expand
from pyk8s.kubelet.hands.sandbox import configuration, refresh_sandbox, write_hosts
from pyk8s.kubelet.hands.volumes import string_data
from pyk8s.kubelet.hooks import HookFailed, run_hook
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.logs.last_words import last_words
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.container import Prepared, container_config
from pyk8s.kubelet.pod.security import check_not_root
from pyk8s.kubelet.probes.check import Target
from pyk8s.kubelet.resources import container_resources
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.values import ContainerView, Kill, RunHook, Start
from pyk8s.kubelet.volumes import subpath
from pyk8s.kubelet.volumes.payload import config_map_data, secret_data
from pyk8s.kubelet.volumes.plan import plan_volumes, read_only_volumes

SHORTEST_GRACE = 2
"""Seconds a container has to stop, at least, after its preStop hook has used up the time."""
SETTLE = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at a container that has ended and that the runtime still calls running."""

Wake = Callable[[], None]


async def start_container(host: Host, memory: Memory, pod: Pod, action: Start, wake: Wake) -> None:
    """Create and start one container, and begin to observe it."""
    container = _named(pod, action.name)
    image = memory.images.pop(action.name)
    check_not_root(pod, container, image.uid, image.user)
    variables = await variables_of(host, memory, pod, container)
    prepared = await asyncio.to_thread(_prepare, host, memory, pod, container, action, variables, image.id)
    config = container_config(pod, container, action, variables, prepared, host.root)
    sandbox = configuration(host, pod, memory.sandboxes[action.sandbox_id].attempt)
    async with host.starts:
        try:
            made = await host.runtime.create_container(action.sandbox_id, config, sandbox)
        except RuntimeTrouble as why:
            await refresh_sandbox(host, memory, action.sandbox_id)  # it may have died
            host.tell(pod, "Warning", "Failed", f"Error: {why}", container.name)
            raise PodError("CreateContainerError", str(why)) from why
        host.tell(pod, "Normal", "Created", f"Container created: {container.name}", container.name)
        try:
            await host.runtime.start_container(made)
        except RuntimeTrouble as why:
            host.tell(pod, "Warning", "Failed", f"Error: {why}", container.name)
            if await _has_died(host, memory, action.sandbox_id):
                await host.runtime.remove_container(made)
                return  # no fault of the container: it is started in the next sandbox
            await refresh_container(host, memory, made, wake, sandbox_id=action.sandbox_id)
            if made in memory.containers and memory.containers[made].state == "exited":
                return  # it counts as a crash: the status says StartError, the back-off is the container's own
            raise PodError("RunContainerError", str(why)) from why
    await refresh_container(host, memory, made, wake, sandbox_id=action.sandbox_id)
    host.tell(pod, "Normal", "Started", f"Container started: {container.name}", container.name)
    if host.take_early_end(made):
        await note_end(host, memory, made, wake)


async def _has_died(host: Host, memory: Memory, sandbox_id: str) -> bool:
    """Whether a sandbox in which nothing could be started is dead; the runtime may need a moment to know."""
    for pause in SETTLE[:6]:
        await refresh_sandbox(host, memory, sandbox_id)
        sandbox = memory.sandboxes.get(sandbox_id)
        if sandbox is None or not sandbox.ready:
            return True
        await clock.sleep(pause)
    return False


async def variables_of(host: Host, memory: Memory, pod: Pod, container: Container) -> dict[str, str]:
    """The container's environment. Raises PodError (CreateContainerConfigError)."""
    maps, secrets = references(container)
    uid, namespace = memory.uid, pod.metadata.namespace
    found_maps, found_secrets, _ = await asyncio.gather(
        host.objects.config_maps(uid, namespace, maps),
        host.objects.secrets(uid, namespace, secrets),
        host.services.synced(),
    )
    sources = Sources(
        {name: string_data(dict(config_map_data(obj))) for name, obj in found_maps.items()},
        {name: string_data(dict(secret_data(obj))) for name, obj in found_secrets.items()},
        tuple(host.services.list()),
    )
    return environment(pod, container, sources, host.facts(pod, memory.ips))


def _prepare(
    host: Host,
    memory: Memory,
    pod: Pod,
    container: Container,
    action: Start,
    variables: dict[str, str],
    image_id: str,
) -> Prepared:
    """Make ready on the file system what the container will see. Blocks."""
    wanted = plan_volumes(pod, host.root)
    sources: list[str] = []
    for number, mount in enumerate(container.volume_mounts):
        if mount.name not in wanted:
            raise PodError("CreateContainerConfigError", f"no volume is called {mount.name!r}")
        path = expand(mount.sub_path_expr, variables) if mount.sub_path_expr else mount.sub_path
        if path:
            target = names.subpath_target(host.root, memory.uid, mount.name, container.name, number)
            subpath.show(Path(wanted[mount.name].path), path, Path(target))
            sources.append(target)
        else:
            sources.append(wanted[mount.name].path)
    hosts = Path(names.hosts_file(host.root, memory.uid))
    if not hosts.exists():
        write_hosts(host, pod, memory.ips)
    message = Path(names.message_file(host.root, memory.uid, container.name, action.attempt))
    message.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    message.touch()
    message.chmod(0o666)  # whoever the container runs as writes its last words there
    resources = container_resources(pod, container, host.memory_capacity, host.groups.version)
    return Prepared(image_id, tuple(sources), str(hosts), str(message), resources, read_only_volumes(pod))


async def refresh_container(host: Host, memory: Memory, container_id: str, wake: Wake, *, sandbox_id: str = "") -> None:
    """See how a container is now, and observe it while it runs; on its end read its last words."""
    known = memory.containers.get(container_id)
    try:
        view = await host.runtime.container(container_id, known.sandbox_id if known is not None else sandbox_id)
    except Missing:
        host.prober.forget(container_id)
        memory.forget_container(container_id)
        return
    pod = memory.pod
    container = pod.container(view.name) if pod is not None else None
    if view.state == "exited" and container is not None:
        path = Path(names.message_file(host.root, memory.uid, view.name, view.attempt))
        view = replace(view, message=last_words(container, view, path) or view.message)
    memory.containers[container_id] = view
    if view.state == "running" and pod is not None and container is not None:
        observe(host, memory, pod, container, view, wake)
    elif view.state != "running":
        host.prober.forget(container_id)


async def note_end(host: Host, memory: Memory, ended: str, wake: Wake) -> None:
    """The process of a container or sandbox has ended: see it, and look again shortly while the runtime has not taken
    note itself."""
    for pause in SETTLE:
        if ended in memory.sandboxes:
            await refresh_sandbox(host, memory, ended)
            sandbox = memory.sandboxes.get(ended)
            if sandbox is None or not sandbox.ready:
                return
        else:
            await refresh_container(host, memory, ended, wake)
            view = memory.containers.get(ended)
            if view is None or view.state != "running":
                return
        await clock.sleep(pause)


def observe(host: Host, memory: Memory, pod: Pod, container: Container, view: ContainerView, wake: Wake) -> None:
    """Begin to ask a running container how it is."""
    facts = host.facts(pod, memory.ips)
    target = Target(view.id, facts.pod_ips[0] if facts.pod_ips else "", container)

    def unhealthy(message: str) -> None:
        host.tell(pod, "Warning", "Unhealthy", message, container.name)

    host.prober.watch(target, view.started_at, wake, unhealthy)


async def run_post_start(host: Host, memory: Memory, pod: Pod, action: RunHook) -> None:
    """Run the hook of a container that just started; if it fails the plan will kill the container."""
    container = _named(pod, action.name)
    hook = container.lifecycle.post_start
    assert hook is not None
    facts = host.facts(pod, memory.ips)
    target = Target(action.container_id, facts.pod_ips[0] if facts.pod_ips else "", container)
    try:
        await run_hook(host.runtime, hook, target, timeout=120.0)
    except HookFailed as why:
        memory.hook_failed.add(action.container_id)
        host.tell(pod, "Warning", "FailedPostStartHook", f"PostStartHook failed: {why}", container.name)
    else:
        memory.hooked.add(action.container_id)


REASONS = {
    "liveness": "failed liveness probe, will be restarted",
    "startup": "failed startup probe, will be restarted",
    "hook": "failed postStart hook",
    "changed": "definition changed, will be restarted",
    "no sandbox": "its sandbox is gone",
    "unknown": "in an unknown state",
}


async def kill_container(host: Host, memory: Memory, action: Kill, wake: Wake) -> None:
    """Run the preStop hook, ask the container to stop, kill it when its time is over."""
    pod, grace = memory.pod, action.grace
    container = pod.container(action.name) if pod is not None else None
    if pod is not None:
        why = f"Container {action.name} {REASONS[action.why]}" if action.why in REASONS else ""
        text = why or f"Stopping container {action.name}"
        host.tell(pod, "Normal", "Killing", text, action.name)
    host.prober.forget(action.container_id) if action.why in REASONS else None
    if pod is not None and container is not None and container.lifecycle.pre_stop is not None and grace > 0:
        began = clock.monotonic()
        target = Target(action.container_id, (host.facts(pod, memory.ips).pod_ips or ("",))[0], container)
        try:
            async with asyncio.timeout(grace):
                await run_hook(host.runtime, container.lifecycle.pre_stop, target, timeout=float(grace))
        except TimeoutError:
            host.tell(pod, "Warning", "FailedPreStopHook", "PreStopHook did not end in time", action.name)
        except HookFailed as failed:
            host.tell(pod, "Warning", "FailedPreStopHook", f"PreStopHook failed: {failed}", action.name)
        grace = max(SHORTEST_GRACE, grace - round(clock.monotonic() - began))
    await host.runtime.stop_container(action.container_id, grace)
    await refresh_container(host, memory, action.container_id, wake)


async def hurry(host: Host, container_id: str, grace: int) -> None:
    """Shorten the time of a container that is being stopped already."""
    with contextlib.suppress(RuntimeTrouble):
        await host.runtime.stop_container(container_id, grace)


async def remove_container(host: Host, memory: Memory, container_id: str) -> None:
    """Forget a container that has ended, with its log and last words."""
    view = memory.containers.get(container_id)
    await host.runtime.remove_container(container_id)
    host.prober.forget(container_id)
    memory.forget_container(container_id)
    if view is not None:
        log = Path(view.log_path) if view.log_path else None
        message = Path(names.message_file(host.root, memory.uid, view.name, view.attempt))
        for path in (message, *(log.parent.glob(f"{log.name}*") if log is not None else ())):
            path.unlink(missing_ok=True)


def _named(pod: Pod, name: str) -> Container:
    container = pod.container(name)
    if container is None:
        raise PodError("CreateContainerConfigError", f"the pod has no container {name!r}")
    return container
