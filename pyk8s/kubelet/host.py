"""What the workers of all pods share: the configuration, the ways to the API and the runtime, what is kept for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pyk8s.api.quantity import units
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.client.recorder import Recorder, Regarding
from pyk8s.kernel.cgroup.values import Transaction, Version
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.fields import Facts
from pyk8s.kubelet.images.puller import Puller
from pyk8s.kubelet.objects import Objects
from pyk8s.kubelet.probes.prober import Prober
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.status.writer import StatusWriter
from pyk8s.kubelet.tokens import Tokens
from pyk8s.kubelet.volumes.mounter import Mounter

MOST_EARLY_ENDS = 1024


class Groups(Protocol):
    """What of control groups a kubelet uses: `kernel.cgroup.run.Groups` or its fake."""

    version: Version

    def observe(self, under: str) -> frozenset[str]:
        """The groups at and below `under`."""
        ...

    def run(self, transaction: Transaction) -> None:
        """Carry out a transaction."""
        ...


@dataclass(slots=True)
class Host:
    """One node, for the workers of its pods."""

    config: Config
    client: Client
    runtime: Runtime
    groups: Groups
    mounter: Mounter
    objects: Objects
    tokens: Tokens
    puller: Puller
    prober: Prober
    status: StatusWriter
    recorder: Recorder
    services: Informer
    starts: asyncio.Semaphore
    allocatable: dict[str, str] = field(default_factory=dict)
    early_ends: dict[str, None] = field(default_factory=dict)
    removed: Callable[[str], None] = lambda uid: None

    def note_early_end(self, container_id: str) -> None:
        """A process has ended that no worker knows yet: its container is just being started, or not ours."""
        self.early_ends[container_id] = None
        if len(self.early_ends) > MOST_EARLY_ENDS:
            self.early_ends.pop(next(iter(self.early_ends)))

    def take_early_end(self, container_id: str) -> bool:
        """Whether a container ended before its start was known; asked once."""
        return self.early_ends.pop(container_id, "") is None

    @property
    def root(self) -> str:
        """The kubelet's folder."""
        return self.config.root_dir

    @property
    def memory_capacity(self) -> int:
        """Bytes of memory the node says it has."""
        return units(self.config.capacity["memory"])

    def facts(self, pod: Pod, ips: tuple[str, ...]) -> Facts:
        """What is known of a pod beside its spec."""
        hosts = self.config.node_ips
        return Facts(self.config.node_name, hosts, hosts if pod.spec.host_network else ips, self.allocatable)

    def node_text(self, path: str) -> str:
        """A small file of the node, "" when there is none."""
        try:
            return Path(path).read_text(errors="replace")[:65536]
        except OSError:
            return ""

    def tell(self, pod: Pod, type_: str, reason: str, message: str, container: str = "") -> None:
        """Write an event about a pod, or one of its containers."""
        metadata = pod.metadata
        kind = "initContainers" if any(one.name == container for one in pod.spec.init_containers) else "containers"
        about = Regarding(
            "v1",
            "Pod",
            metadata.name,
            metadata.namespace,
            metadata.uid,
            metadata.resource_version,
            f"spec.{kind}{{{container}}}" if container else "",
        )
        self.recorder.event(about, type_, reason, message)
