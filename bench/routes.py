"""A Node that comes and goes: how long until every other node's kernel has, and has lost, the route to its pods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network

from bench.report import Figure, spread
from bench.rest import Api
from bench.stage import Stage

ROUNDS = 20
MERGE = "application/merge-patch+json"
SECONDS = 10.0
"""How long a route may take before the measurement gives up."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """From the request that completes the Node, or removes it, to the kernel's own word on the last of the nodes."""
    status = await asyncio.to_thread(stage.cluster.status)
    gateway = str(ip_network(status["network"].split(",")[0])[250])
    holders = [each["pid"] for each in status["processes"] if each["role"] == "holder"]
    added, removed = [], []
    async with AsyncExitStack() as stack:
        kernels = [await stack.enter_async_context(listening(pid)) for pid in holders]
        api = await stack.enter_async_context(Api(stage.kubeconfig))
        for number in range(ROUNDS):
            range_ = f"10.250.{number}.0/24"
            node = {"metadata": {"name": f"bench-{number}"}, "spec": {"podCIDR": range_, "podCIDRs": [range_]}}
            await api.send("POST", "/api/v1/nodes", node)
            told = {"status": {"addresses": [{"type": "InternalIP", "address": gateway}]}}
            path = f"/api/v1/nodes/bench-{number}"
            added.append(await _timed(kernels, range_, api.send("PATCH", f"{path}/status", told, MERGE)))
            removed.append(await _timed(kernels, f"Deleted {range_}", api.send("DELETE", path)))
    for what, took in (("added", added), ("removed", removed)):
        detail = spread(took, 1000)
        yield Figure(f"node {what} to routes on all others", detail["max"], "ms", target="<= 100 ms", detail=detail)


async def _timed(kernels: list[asyncio.StreamReader], wanted: str, request: Awaitable[object]) -> float:
    start = time.perf_counter()
    async with asyncio.timeout(SECONDS):
        seen = asyncio.gather(*(_line(kernel, wanted) for kernel in kernels))
        await request
        await seen
    return time.perf_counter() - start


async def _line(kernel: asyncio.StreamReader, wanted: str) -> None:
    async for line in kernel:
        if line.decode().startswith(f"{wanted} "):
            return
    raise AssertionError("`ip monitor` ended")


@asynccontextmanager
async def listening(pid: int) -> AsyncIterator[asyncio.StreamReader]:
    """What the kernel tells of routes in the network namespace of a process, line by line."""
    words = ("nsenter", f"--net=/proc/{pid}/ns/net", "ip", "monitor", "route")
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield process.stdout
    finally:
        process.kill()
        await process.wait()
