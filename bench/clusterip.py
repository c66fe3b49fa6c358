"""An endpoint becomes ready: how long until the ClusterIP of its Service answers a client on another node."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

from bench.pods import is_ready
from bench.report import Figure, spread
from bench.rest import Api
from bench.stage import Stage
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net.entering import node_space
from pyk8s.kernel.netns.run import entered
from tests.e2e.cluster import pod, service

BASE = "/api/v1/namespaces/bench-clusterip"
SERVE = "mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www"
ROUNDS, SECONDS = 8, 60.0


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """From the API's own word that the pod is ready to the first connection that is taken."""
    image = await stage.image()
    late = []
    netns = node_space(Folder(stage.cluster.home, stage.cluster.name), "node-1")
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-clusterip")
        for number in range(ROUNDS):
            late.append(await _round(api, image, f"c{number}", netns))
    took = spread(late, 1000)
    yield Figure("endpoint ready to its ClusterIP answers", took["p50"], "ms", target="<= 50", detail=took)


async def _round(api: Api, image: str, name: str, netns: str) -> float:
    made = await api.json("POST", f"{BASE}/services", service(name, 80, 8080))
    version = (await api.json("GET", f"{BASE}/pods?limit=1"))["metadata"]["resourceVersion"]
    opened = asyncio.Event()
    ready = asyncio.ensure_future(_ready(api, name, version, opened))
    await opened.wait()
    asked = asyncio.ensure_future(asyncio.to_thread(_first_answer, netns, made["spec"]["clusterIP"]))
    elsewhere: dict[str, Any] = {"nodeSelector": {"kubernetes.io/hostname": "node-2"}}
    await api.send("POST", f"{BASE}/pods", pod(name, SERVE, image=image, **elsewhere))
    answered, known = await asked, await ready
    await api.send("DELETE", f"{BASE}/pods/{name}?gracePeriodSeconds=0")
    await api.send("DELETE", f"{BASE}/services/{name}")
    return max(answered - known, 0.0)


async def _ready(api: Api, name: str, version: str, opened: asyncio.Event) -> float:
    async for now, event in api.watch(f"{BASE}/pods", version, opened):
        if event["object"]["metadata"]["name"] == name and is_ready(event["object"]):
            return now
    raise AssertionError("the watch ended")


def _first_answer(netns: str, address: str) -> float:
    """Try to connect again and again: nothing announces a rule in a kernel. It is refused until then."""
    end = time.perf_counter() + SECONDS
    with entered(netns):
        while time.perf_counter() < end:
            with socket.socket() as caller:
                caller.settimeout(0.2)
                try:
                    caller.connect((address, 80))
                except OSError:
                    time.sleep(0.001)
                    continue
                return time.perf_counter()
    raise AssertionError(f"{address} did not answer within {SECONDS:.0f} s")
