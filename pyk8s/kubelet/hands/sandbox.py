"""Sandboxes made, stopped and removed."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kernel.cgroup.values import Remove
from pyk8s.kernel.cgroup.values import plan as plan_groups
from pyk8s.kernel.errors import KernelError
from pyk8s.kubelet.errors import Missing, PodError
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.dns import hostname, hosts_file, parse_resolv_conf, resolver
from pyk8s.kubelet.pod.sandbox import sandbox_config
from pyk8s.kubelet.resources import group_path, group_paths, pod_group
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import MakeSandbox


def configuration(host: Host, pod: Pod, attempt: int) -> cri.PodSandboxConfig:
    """The sandbox's configuration; the same each time it is worked out."""
    config = host.config
    node = parse_resolv_conf(host.node_text(config.resolv_conf))
    return sandbox_config(
        pod,
        attempt=attempt,
        root=config.root_dir,
        logs=config.pod_logs_dir,
        hostname=hostname(pod, config.node_name, config.cluster_domain),
        dns=resolver(pod, node, config.cluster_dns, config.cluster_domain),
        cgroup=group_path(config.cgroup_parent, pod),
    )


async def make_sandbox(host: Host, memory: Memory, pod: Pod, action: MakeSandbox) -> None:
    """Stop the sandboxes before, limit the pod as a whole, make the new one, write its hosts file."""
    for former in list(memory.sandboxes.values()):
        await host.runtime.stop_sandbox(former.id)
        memory.sandboxes[former.id] = replace(former, ready=False)
    config = configuration(host, pod, action.attempt)
    _make_room(host, pod, Path(config.log_directory))
    async with host.starts:
        made = await host.runtime.run_sandbox(config)
    view = await host.runtime.sandbox(made)
    memory.sandboxes[made] = view
    write_hosts(host, pod, view.ips)


def _make_room(host: Host, pod: Pod, log_folder: Path) -> None:
    """The control group that limits the pod as a whole, and its folders."""
    group = pod_group(host.config.cgroup_parent, pod)
    try:
        host.groups.run(plan_groups([group], (), host.groups.version))
        log_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        Path(names.pod_folder(host.root, pod.metadata.uid)).mkdir(mode=0o750, parents=True, exist_ok=True)
    except (KernelError, OSError) as why:
        raise PodError("FailedCreatePodContainer", str(why)) from why


def write_hosts(host: Host, pod: Pod, ips: tuple[str, ...]) -> None:
    """The pod's /etc/hosts. Raises PodError."""
    node = host.node_text("/etc/hosts") if pod.spec.host_network else ""
    path = Path(names.hosts_file(host.root, pod.metadata.uid))
    try:
        path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        path.write_text(hosts_file(pod, ips, node, host.config.cluster_domain))
        path.chmod(0o644)
    except OSError as why:
        raise PodError("FailedCreatePodContainer", f"{path}: {why}") from why


async def stop_sandbox(host: Host, memory: Memory, sandbox_id: str) -> None:
    """Stop a sandbox; its containers have ended already, what should be left of them ends now."""
    await host.runtime.stop_sandbox(sandbox_id)
    held = memory.sandboxes.get(sandbox_id)
    if held is not None:
        memory.sandboxes[sandbox_id] = replace(held, ready=False)


async def remove_sandbox(host: Host, memory: Memory, sandbox_id: str) -> None:
    """Remove a sandbox and what was in it."""
    await host.runtime.remove_sandbox(sandbox_id)
    memory.sandboxes.pop(sandbox_id, None)
    for one in [one for one in memory.containers.values() if one.sandbox_id == sandbox_id]:
        host.prober.forget(one.id)
        memory.forget_container(one.id)


async def refresh_sandbox(host: Host, memory: Memory, sandbox_id: str) -> None:
    """See how a sandbox is now."""
    try:
        memory.sandboxes[sandbox_id] = await host.runtime.sandbox(sandbox_id)
    except Missing:
        memory.sandboxes.pop(sandbox_id, None)


async def clean_up(host: Host, memory: Memory) -> None:
    """Delete everything the node keeps of a pod that is gone: folders, logs, control group. Raises PodError."""
    try:
        await asyncio.to_thread(_delete, host, memory)
    except (OSError, KernelError) as why:
        raise PodError("FailedCleanUp", str(why)) from why


def _delete(host: Host, memory: Memory) -> None:
    host.mounter.remove(memory.uid)
    for path in group_paths(host.config.cgroup_parent, memory.uid):
        if host.groups.observe(path):
            host.groups.run((Remove(path),))
    delete_logs(Path(host.config.pod_logs_dir), memory.uid)


def delete_logs(folder: Path, uid: str) -> None:
    """Delete the logs of the pod `uid`, whatever its name was."""
    for each in folder.glob(f"*_{uid}") if folder.is_dir() else ():
        shutil.rmtree(each)
