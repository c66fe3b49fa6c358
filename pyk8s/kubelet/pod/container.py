"""The configuration of a container. Pure. Source: CRI v1 ContainerConfig."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.expansion import expand_all
from pyk8s.kubelet.plan import spec_hash
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.pod.sandbox import own_labels
from pyk8s.kubelet.pod.security import container_security
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.spec.container import VolumeMount
from pyk8s.kubelet.values import Start

PROPAGATION = {
    "HostToContainer": cri.PROPAGATION_HOST_TO_CONTAINER,
    "Bidirectional": cri.PROPAGATION_BIDIRECTIONAL,
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made ready on the node for one start of a container: the image's id, the host path of each of its
    volume mounts (in their order), the files of hosts and last words, and the limits."""

    image_id: str
    sources: tuple[str, ...]
    hosts_file: str
    message_file: str
    resources: cri.LinuxContainerResources
    read_only_volumes: frozenset[str] = frozenset()


def container_config(
    pod: Pod, container: Container, start: Start, environment: Mapping[str, str], prepared: Prepared, root: str
) -> cri.ContainerConfig:
    """What the runtime needs to make the instance `start` of `container`."""
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=container.name, attempt=start.attempt),
        image=cri.ImageSpec(image=prepared.image_id, user_specified_image=container.image),
        command=expand_all(container.command, environment),
        args=expand_all(container.args, environment),
        working_dir=container.working_dir,
        envs=[cri.KeyValue(key=key, value=value) for key, value in environment.items()],
        mounts=list(mounts(container, prepared)),
        labels={**own_labels(pod), names.CONTAINER_NAME: container.name},
        annotations={
            names.SPEC_HASH: spec_hash(container),
            names.RESTART_COUNT: str(start.attempt),
            names.CRASHES: str(start.crashes),
            names.GRACE_SECONDS: str(pod.spec.termination_grace_period_seconds),
        },
        log_path=names.log_path(container.name, start.attempt),
        stdin=container.stdin,
        stdin_once=container.stdin_once,
        tty=container.tty,
        linux=cri.LinuxContainerConfig(
            resources=prepared.resources, security_context=container_security(pod, container, root)
        ),
    )


def mounts(container: Container, prepared: Prepared) -> Iterable[cri.Mount]:
    """The container's mounts: its volumes, and the files that the kubelet keeps for it where no volume covers them."""
    covered = {mount.mount_path.rstrip("/") or "/" for mount in container.volume_mounts}
    for mount, source in zip(container.volume_mounts, prepared.sources, strict=True):
        yield _volume(mount, source, read_only=mount.read_only or mount.name in prepared.read_only_volumes)
    if "/etc/hosts" not in covered and "/etc" not in covered:
        yield cri.Mount(container_path="/etc/hosts", host_path=prepared.hosts_file)
    if container.termination_message_path and container.termination_message_path not in covered:
        yield cri.Mount(container_path=container.termination_message_path, host_path=prepared.message_file)


def _volume(mount: VolumeMount, source: str, *, read_only: bool) -> cri.Mount:
    propagation = PROPAGATION.get(mount.mount_propagation, cri.PROPAGATION_PRIVATE)
    return cri.Mount(container_path=mount.mount_path, host_path=source, readonly=read_only, propagation=propagation)
