"""Pods on a real node: create to Ready, one, ten and thirty at once, and deleted to gone; beside raw CRI."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bench.raw import COMMAND, RawCri
from bench.report import Figure, spread
from bench.rest import Api, pod
from bench.stage import Stage

BASE = "/api/v1/namespaces/bench-pods/pods"
LIMIT = 120.0
"""Seconds after which a pod that is not Ready makes the run fail."""


def is_ready(value: dict[str, Any]) -> bool:
    """Whether the Ready condition is true."""
    conditions = (value.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


class Follower:
    """Notes when pods become Ready and when they are gone."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._seen: dict[tuple[str, str], asyncio.Future[float]] = {}

    def when(self, what: str, name: str) -> asyncio.Future[float]:
        """The time of arrival of that news."""
        return self._seen.setdefault((what, name), asyncio.get_running_loop().create_future())

    async def run(self, opened: asyncio.Event) -> None:
        """Follow the collection until cancelled."""
        version = (await self._api.json("GET", f"{BASE}?limit=1"))["metadata"]["resourceVersion"]
        async for now, event in self._api.watch(BASE, version, opened):
            name = event["object"]["metadata"]["name"]
            news = [
                what
                for what, true in (("gone", event["type"] == "DELETED"), ("ready", is_ready(event["object"])))
                if true
            ]
            for what in news:
                future = self.when(what, name)
                if not future.done():
                    future.set_result(now)


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Single pods and bursts on node-1, each beside the raw runtime."""
    image = await stage.image()
    raw = await RawCri.measured(stage, image)
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-pods")
        follower, opened = Follower(api), asyncio.Event()
        task = asyncio.ensure_future(follower.run(opened))
        await opened.wait()
        try:
            started, gone = await _one_by_one(api, follower, image, 10)
            yield Figure(
                "pod create to Ready",
                spread(started, 1000)["p50"],
                "ms",
                raw=raw.single_ms,
                target="<= 300",
                detail=spread(started, 1000),
            )
            yield Figure("pod delete to gone", spread(gone, 1000)["p50"], "ms", detail=spread(gone, 1000))
            for count in (10, 30):
                all_ready = await _burst(api, follower, image, count)
                yield Figure(
                    f"{count} pods at once to Ready",
                    all_ready,
                    "s",
                    raw=raw.burst_s[count],
                    target="<= 1.3 x raw later",
                )
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _start(api: Api, follower: Follower, name: str, image: str) -> tuple[float, float]:
    body = pod(name, image, container={"command": list(COMMAND)}, nodeSelector={"kubernetes.io/hostname": "node-1"})
    start = time.perf_counter()
    await api.send("POST", BASE, body)
    async with asyncio.timeout(LIMIT):
        return start, await follower.when("ready", name)


async def _stop(api: Api, follower: Follower, name: str) -> float:
    start = time.perf_counter()
    await api.send("DELETE", f"{BASE}/{name}")
    async with asyncio.timeout(LIMIT):
        return await follower.when("gone", name) - start


async def _one_by_one(api: Api, follower: Follower, image: str, count: int) -> tuple[Sequence[float], Sequence[float]]:
    started, gone = [], []
    for number in range(count):
        begun, ready = await _start(api, follower, f"one-{number}", image)
        started.append(ready - begun)
        gone.append(await _stop(api, follower, f"one-{number}"))
    return started, gone


async def _burst(api: Api, follower: Follower, image: str, count: int) -> float:
    names = [f"burst{count}-{number}" for number in range(count)]
    times = await asyncio.gather(*(_start(api, follower, name, image) for name in names))
    await asyncio.gather(*(_stop(api, follower, name) for name in names))
    return max(ready for _, ready in times) - min(begun for begun, _ in times)
