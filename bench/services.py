"""A Service and Deployment posted: how long until its ClusterIP answers from a node."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bench.pods import is_ready
from bench.report import Figure, spread
from bench.rest import Api
from bench.stage import Stage
from tests.e2e.cluster import deployment, service

SERVE = "mkdir -p /www && echo hello > /www/index.html && exec httpd -f -p 8080 -h /www"
ROUNDS = 5


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """From the post to the first answer, and from the endpoint's readiness to it."""
    image = await stage.image()
    whole, late = [], []
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-svc")
        node = (await api.json("GET", "/api/v1/nodes/node-2"))["status"]["addresses"]
        host = next(each["address"] for each in node if each["type"] == "InternalIP")
        for number in range(ROUNDS):
            took, lag = await _round(api, image, f"s{number}", host)
            whole.append(took)
            late.append(lag)
    yield Figure("service posted to first answer", spread(whole, 1000)["p50"], "ms", detail=spread(whole, 1000))
    yield Figure("pod Ready to first answer of its service", spread(late, 1000)["p50"], "ms", detail=spread(late, 1000))


async def _round(api: Api, image: str, name: str, host: str) -> tuple[float, float]:
    base = "/api/v1/namespaces/bench-svc"
    start = time.perf_counter()
    made = await api.json("POST", f"{base}/services", service(name, 80, 8080, type="NodePort"))
    port = made["spec"]["ports"][0]["nodePort"]
    await api.send(
        "POST", "/apis/apps/v1/namespaces/bench-svc/deployments", deployment(name, SERVE, image=image, replicas=1)
    )
    ready = asyncio.ensure_future(_ready(api, base, name))
    answered = await _first_answer(host, port)
    ready_at = await ready
    await api.send("DELETE", f"/apis/apps/v1/namespaces/bench-svc/deployments/{name}")
    await api.send("DELETE", f"{base}/services/{name}")
    return answered - start, answered - ready_at


async def _ready(api: Api, base: str, name: str) -> float:
    path = f"{base}/pods"
    version = (await api.json("GET", path + "?limit=1"))["metadata"]["resourceVersion"]
    for each in (await api.json("GET", path))["items"]:
        if each["metadata"]["labels"].get("app") == name and is_ready(each):
            return time.perf_counter()
    async for now, event in api.watch(path, version, asyncio.Event()):
        if event["object"]["metadata"]["labels"].get("app") == name and is_ready(event["object"]):
            return now
    raise AssertionError("the watch ended")


async def _first_answer(host: str, port: int) -> float:
    """Try to connect every 2 ms: nothing announces a rule in a kernel."""
    async with asyncio.timeout(60):
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                head = await reader.read(12)
                writer.close()
                if head.startswith(b"HTTP/"):
                    return time.perf_counter()
            except OSError:
                pass
            await asyncio.sleep(0.002)
