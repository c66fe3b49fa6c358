"""The API server: create, get, list, patch, delete, watch over REST, beside bare etcd puts in the same run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import orjson

from bench.report import Figure, spread
from bench.rest import Api, pod, side_by_side
from bench.stage import Stage

COUNT, WORKERS, WATCHERS = 2000, 32, 20
BASE = "/api/v1/namespaces/bench-api/pods"
UNBOUND = {"schedulerName": "nobody"}
"""The pods stay where they are: only the API server is measured."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Figures of one API server with its etcd."""
    puts = await stage.raw_etcd_puts(COUNT, WORKERS)
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-api")
        rate, took = await _rate(lambda n: api.send("POST", BASE, pod(f"p-{n:05d}", **UNBOUND)))
        yield Figure("api create", rate, "1/s", raw=puts, target=">= 1200", detail=spread(took, 1000))
        rate, took = await _rate(lambda n: api.send("GET", f"{BASE}/p-{n:05d}"))
        yield Figure("api get", rate, "1/s", target=">= 5000 later", detail=spread(took, 1000))
        yield await _list(api)
        merge = "application/merge-patch+json"
        body = orjson.dumps({"metadata": {"annotations": {"bench/patched": "yes"}}})
        rate, took = await _rate(lambda n: api.send("PATCH", f"{BASE}/p-{n:05d}", body, merge))
        yield Figure("api merge patch", rate, "1/s", raw=puts, target=">= 1700 later", detail=spread(took, 1000))
        rate, took = await _rate(lambda n: api.send("DELETE", f"{BASE}/p-{n:05d}?gracePeriodSeconds=0"))
        yield Figure("api delete", rate, "1/s", raw=puts, target=">= 2000 later", detail=spread(took, 1000))
        yield await _watch(api)


async def _rate(work) -> tuple[float, list[float]]:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    took = await side_by_side(work, range(COUNT), WORKERS)
    return COUNT / (time.perf_counter() - start), took


async def _list(api: Api) -> Figure:
    took, size = [], 0
    for _ in range(11):
        start = time.perf_counter()
        size = len(await api.send("GET", BASE))
        took.append(time.perf_counter() - start)
    return Figure(f"api list {COUNT} pods", spread(took, 1000)["p50"], "ms", detail={"bytes": size})


async def _watch(api: Api) -> Figure:
    """Events per second that reach all watchers together, and their delay at a gentle pace."""
    version = (await api.json("GET", f"{BASE}?limit=1"))["metadata"]["resourceVersion"]
    sent: dict[str, float] = {}
    delays: list[float] = []
    arrived, total = asyncio.Event(), COUNT * WATCHERS
    seen, last = 0, 0.0

    async def follow(opened: asyncio.Event) -> None:
        nonlocal seen, last
        async for now, event in api.watch(BASE, version, opened):
            name = event["object"]["metadata"]["name"]
            if event["type"] == "ADDED":
                if name.startswith("slow"):
                    delays.append(now - sent[name])
                else:
                    seen, last = seen + 1, now
                    if seen == total:
                        arrived.set()

    opened = [asyncio.Event() for _ in range(WATCHERS)]
    tasks = [asyncio.ensure_future(follow(each)) for each in opened]
    await asyncio.gather(*(each.wait() for each in opened))
    start = time.perf_counter()
    await side_by_side(lambda n: api.send("POST", BASE, pod(f"w-{n:05d}", **UNBOUND)), range(COUNT), WORKERS)
    async with asyncio.timeout(60):
        await arrived.wait()
    burst = total / (last - start)
    for number in range(100):
        sent[f"slow-{number}"] = time.perf_counter()
        await api.send("POST", BASE, pod(f"slow-{number}", **UNBOUND))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await api.send("DELETE", BASE)
    return Figure(f"api watch, {WATCHERS} watchers", burst, "events/s", detail={"delay_ms": spread(delays, 1000)})
