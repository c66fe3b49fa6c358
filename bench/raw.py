"""The floor under a pod: the same containers straight to the CRI of a containerd of this run's own.

Its network is Debian's bridge and host-local, its images come from the store of the cluster that is measured. Nothing
of pyk8s is at work: what a pod takes here is what containerd, runc and the kernel take on this machine, now.
"""

from __future__ import annotations

import asyncio
import statistics
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio

from bench.rest import pod, side_by_side
from bench.stage import Stage
from pyk8s.cluster.images import manifest
from pyk8s.cluster.images.store import Image, Store
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.gen.cri.v1 import runtime_pb2_grpc as service
from tests.kubelet import rig

ALONE, BURSTS, WIDTHS = 10, (10, 30), (1, 2, 4, 8)
"""Pods started one after another; sizes of bursts; how many of a burst are in flight, the best of which counts."""

COMMAND = ("/bin/sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait")
SECONDS = 120.0
GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class RawCri:
    """What pods cost without Kubernetes: one alone in ms (median), and bursts by size in seconds (the best width)."""

    single_ms: float
    burst_s: dict[int, float]

    @classmethod
    async def measured(cls, stage: Stage, image: str) -> RawCri:
        """Measure now, with `image` of the stage's image store. Raises AssertionError when the store lacks it."""
        found = Store(stage.cluster.home / "images").find(image)
        assert found, f"the image store of the cluster has no {image}"
        async with _containerd(stage.cluster.home / "images", found) as (runtime, group):
            pods = Pods(runtime, image, group)
            await pods.timed(1, 1)  # unpacks the image
            single = [await pods.timed(1, 1) for _ in range(ALONE)]
            bursts = {count: min([await pods.timed(count, width) for width in WIDTHS]) for count in BURSTS}
        return cls(statistics.median(single) * 1000, bursts)


class Pods:
    """Pods of one container on a CRI socket."""

    def __init__(self, runtime: Any, image: str, group: str) -> None:
        self._runtime, self._image, self._group = runtime, image, group
        self._made = 0

    async def timed(self, count: int, width: int) -> float:
        """Seconds until `count` pods run, `width` of them in the making at once; they are removed again."""
        names = [f"raw-{self._made + number}" for number in range(count)]
        self._made += count
        sandboxes: list[str] = []

        async def start(number: int) -> None:
            sandboxes.append(await self._start(names[number]))

        begun = time.perf_counter()
        await side_by_side(start, range(count), width)
        took = time.perf_counter() - begun
        await side_by_side(lambda number: self._remove(sandboxes[number]), range(count), 4)
        return took

    async def _start(self, name: str) -> str:
        sandbox = cri.PodSandboxConfig(
            metadata=cri.PodSandboxMetadata(name=name, uid=name, namespace="raw"),
            hostname=name,
            linux=cri.LinuxPodSandboxConfig(cgroup_parent=f"{self._group}/{name}"),
        )
        made = await self._runtime.RunPodSandbox(cri.RunPodSandboxRequest(config=sandbox), timeout=SECONDS)
        config = container_config(self._image)
        request = cri.CreateContainerRequest(pod_sandbox_id=made.pod_sandbox_id, config=config, sandbox_config=sandbox)
        container = await self._runtime.CreateContainer(request, timeout=SECONDS)
        await self._runtime.StartContainer(
            cri.StartContainerRequest(container_id=container.container_id), timeout=SECONDS
        )
        return str(made.pod_sandbox_id)

    async def _remove(self, sandbox: str) -> None:
        listed = await self._runtime.ListContainers(
            cri.ListContainersRequest(filter=cri.ContainerFilter(pod_sandbox_id=sandbox)), timeout=SECONDS
        )
        for each in listed.containers:
            stop = cri.StopContainerRequest(container_id=each.id, timeout=GRACE_SECONDS)
            await self._runtime.StopContainer(stop, timeout=SECONDS)
        await self._runtime.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=sandbox), timeout=SECONDS)
        await self._runtime.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox), timeout=SECONDS)


def container_config(image: str) -> cri.ContainerConfig:
    """The container of `bench.rest.pod`, with its variables and its request for CPU."""
    spec = pod("raw")["spec"]["containers"][0]
    return cri.ContainerConfig(
        metadata=cri.ContainerMetadata(name=spec["name"]),
        image=cri.ImageSpec(image=image),
        command=COMMAND,
        envs=[cri.KeyValue(key=each["name"], value=each["value"]) for each in spec["env"]],
        linux=cri.LinuxContainerConfig(resources=cri.LinuxContainerResources(cpu_shares=2, oom_score_adj=1000)),
    )


@asynccontextmanager
async def _containerd(store: Path, image: Image) -> AsyncIterator[tuple[Any, str]]:
    """The CRI of a fresh containerd that has `image`, and the control group for its pods."""
    with tempfile.TemporaryDirectory(prefix="raw", dir="/var/tmp") as folder:
        running = rig.containerd(Path(folder, "node"))
        started = await asyncio.to_thread(running.__enter__)
        try:
            await asyncio.to_thread(_import, started, store, image)
            async with grpc.aio.insecure_channel(started.endpoint) as channel:
                yield service.RuntimeServiceStub(channel), rig.group_parent(started.folder)  # type: ignore[no-untyped-call]
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


def _import(node: rig.Rig, store: Path, image: Image) -> None:
    """Give `image` of the OCI layout in `store` to a containerd, as an archive with nothing else in it."""
    archive, index = node.folder / "image.tar", node.folder / "index.json"
    index.write_bytes(manifest.encode(manifest.Index(schema_version=2, manifests=(image.target,))))
    with tarfile.open(archive, "w") as tar:
        tar.add(store / "oci-layout", "oci-layout")
        tar.add(index, "index.json")
        for blob in image.blobs:
            tar.add(store / "blobs" / "sha256" / blob.hex, f"blobs/sha256/{blob.hex}")
    rig.ctr(node, "images", "import", str(archive))
    archive.unlink()
