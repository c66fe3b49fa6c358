"""Where measurements take place: a cluster of their own, brought up for the run and taken down after it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
from aetcd import rpc

from bench.rest import Api, Refused, side_by_side
from tests.e2e.cluster import Cluster
from tests.images import build_tools
from tests.storage.etcd import running_etcd

VALUE = b"x" * 1500
"""What a bare put writes: as large as the pods of the API measurement."""


class Stage:
    """The cluster of this run."""

    def __init__(self, cluster: Cluster, up_seconds: float) -> None:
        self.cluster, self.up_seconds = cluster, up_seconds

    @property
    def kubeconfig(self) -> Path:
        """The admin's."""
        return self.cluster.kubeconfig

    async def image(self) -> str:
        """An image with a shell and a web server, on all nodes."""
        return await asyncio.to_thread(build_tools, self.cluster)

    async def processes(self) -> Sequence[tuple[str, int]]:
        """(role, pid) of every process of the cluster, supervisor included."""
        status = await asyncio.to_thread(self.cluster.status)
        return [(each["role"], each["pid"]) for each in status["processes"]]

    async def namespace(self, api: Api, name: str) -> None:
        """Make a namespace, and wait for its service account."""
        try:
            await api.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        except Refused as why:
            if " 409 " not in str(why):
                raise
        path = f"/api/v1/namespaces/{name}/serviceaccounts"
        listed = await api.json("GET", path)
        if any(each["metadata"]["name"] == "default" for each in listed["items"]):
            return
        async for _, event in api.watch(path, listed["metadata"]["resourceVersion"], asyncio.Event()):
            if event["object"]["metadata"]["name"] == "default":
                return

    async def raw_etcd_puts(self, count: int, workers: int) -> float:
        """Bare puts per second into an etcd of this run's own, started as the cluster's is."""
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder, running_etcd(Path(folder)) as server:
            credentials = grpc.ssl_channel_credentials(
                *(Path(folder, name).read_bytes() for name in ("ca.crt", "client.key", "client.crt"))
            )
            address = server.endpoint.removeprefix("https://")
            async with grpc.aio.secure_channel(address, credentials) as channel:
                stub: Any = rpc.KVStub(channel)
                start = time.perf_counter()
                await side_by_side(
                    lambda n: stub.Put(rpc.PutRequest(key=b"/bench/%d" % n, value=VALUE)), range(count), workers
                )
                took = time.perf_counter() - start
        return count / took


@asynccontextmanager
async def staged(nodes: int = 3) -> AsyncIterator[Stage]:
    """A cluster for one run."""
    cluster = Cluster(nodes=nodes)
    start = time.perf_counter()
    try:
        await asyncio.to_thread(cluster.up)
        yield Stage(cluster, time.perf_counter() - start)
    finally:
        await asyncio.to_thread(cluster.down)
