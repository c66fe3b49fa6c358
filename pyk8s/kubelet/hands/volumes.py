"""Volumes made, refreshed and taken away."""

from __future__ import annotations

import asyncio
from typing import Any

from pyk8s.aio import clock
from pyk8s.kernel.errors import KernelError
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import Seconds
from pyk8s.kubelet.volumes.payload import Objects, config_map_data, files, needs, secret_data
from pyk8s.kubelet.volumes.plan import Written, plan_volumes


async def mount_volumes(host: Host, memory: Memory, pod: Pod) -> None:
    """Bring every volume of the pod into being and its files up to date. Raises PodError (FailedMount)."""
    wanted = plan_volumes(pod, host.root)
    due = memory.volumes_due
    objects, renew_at = await gather(host, pod)
    facts = host.facts(pod, memory.ips)
    made = {name: files(pod, one.volume, objects, facts) for name, one in wanted.items() if isinstance(one, Written)}
    if wanted:
        await asyncio.to_thread(host.mounter.mount, wanted, made)
    memory.volumes_ready, memory.volumes_gone = True, False
    if memory.volumes_due == due:  # else an object has changed meanwhile: once more
        memory.volumes_due = renew_at


async def gather(host: Host, pod: Pod) -> tuple[Objects, Seconds | None]:
    """The objects that the pod's volumes are made of, and when the first token among them is to be renewed."""
    wanted = needs(pod.spec.volumes)
    uid, namespace = pod.metadata.uid, pod.metadata.namespace
    maps, secrets, tokens = await asyncio.gather(
        host.objects.config_maps(uid, namespace, wanted.config_maps),
        host.objects.secrets(uid, namespace, wanted.secrets),
        asyncio.gather(*(host.tokens.get(pod, audience, seconds) for audience, seconds in wanted.tokens)),
    )
    objects = Objects(
        {name: config_map_data(obj) for name, obj in maps.items()},
        {name: secret_data(obj) for name, obj in secrets.items()},
        {key: token.text for key, token in zip(wanted.tokens, tokens, strict=True)},
    )
    return objects, min((token.renew_at for token in tokens), default=None)


async def unmount_volumes(host: Host, memory: Memory) -> None:
    """Take the pod's volumes away. Raises PodError (FailedUnmount)."""
    try:
        await asyncio.to_thread(host.mounter.unmount, memory.uid)
    except (OSError, KernelError) as why:
        raise PodError("FailedUnmount", str(why)) from why
    memory.volumes_ready, memory.volumes_gone, memory.volumes_due = False, True, None


def note_change(memory: Memory, pod: Pod | None) -> None:
    """An object that the pod refers to has changed: write its files anew, try again what failed for want of it."""
    if memory.volumes_ready:
        memory.volumes_due = clock.wall()
    for name, hold in list(memory.holds.items()):
        if name == "volumes" or hold.reason == "CreateContainerConfigError":
            memory.holds.pop(name)


def string_data(data: dict[str, Any]) -> dict[str, str]:
    """Bytes by key as text; what is not UTF-8 cannot be a variable and is left out."""
    made: dict[str, str] = {}
    for key, value in data.items():
        try:
            made[key] = value.decode()
        except UnicodeDecodeError:
            continue
    return made
