"""The scheduler: pods per second onto hollow nodes, their creation over REST included."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from bench.report import Figure
from bench.rest import Api, pod, side_by_side
from bench.stage import Stage

NODES, PODS, WORKERS = 200, 2000, 32
BASE = "/api/v1/namespaces/bench-sched/pods"
HOLLOW = {"node": "hollow"}
SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": "zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "bench"}},
    }
]


def node(number: int) -> dict:  # type: ignore[type-arg]
    """A node without a kubelet, Ready for ever."""
    room = {"cpu": "32", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"hollow-{number:04d}", "labels": {**HOLLOW, "zone": f"z{number % 3}"}},
        "status": {"capacity": room, "allocatable": room, "conditions": [{"type": "Ready", "status": "True"}]},
    }


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Pods per second, plain and with a topology spread constraint."""
    async with Api(stage.kubeconfig) as api:
        await stage.namespace(api, "bench-sched")
        await side_by_side(lambda n: api.send("POST", "/api/v1/nodes", node(n)), range(NODES), WORKERS)
        try:
            yield await _schedule(api, "scheduling", {})
            yield await _schedule(api, "scheduling with topology spread", {"topologySpreadConstraints": SPREAD})
        finally:
            await side_by_side(lambda n: api.send("DELETE", f"/api/v1/nodes/hollow-{n:04d}"), range(NODES), WORKERS)


async def _schedule(api: Api, name: str, extra: dict) -> Figure:  # type: ignore[type-arg]
    version = (await api.json("GET", f"{BASE}?limit=1"))["metadata"]["resourceVersion"]
    bound: dict[str, float] = {}
    opened, finished = asyncio.Event(), asyncio.Event()

    async def follow() -> None:
        async for now, event in api.watch(BASE, version, opened):
            if event["object"]["spec"].get("nodeName"):
                bound.setdefault(event["object"]["metadata"]["name"], now)
                if len(bound) == PODS:
                    finished.set()

    task = asyncio.ensure_future(follow())
    await opened.wait()
    # Nobody keeps hollow nodes alive: the pods stay although these are called unreachable.
    spec = {"nodeSelector": HOLLOW, "tolerations": [{"operator": "Exists"}], **extra}
    start = time.perf_counter()
    await side_by_side(lambda n: api.send("POST", BASE, pod(f"s-{n:05d}", **spec)), range(PODS), WORKERS)
    created = time.perf_counter() - start
    try:
        async with asyncio.timeout(60):
            await finished.wait()
    except TimeoutError:
        return Figure(name, 0.0, "pods/s", target=">= 300", detail={"bound": len(bound), "of": PODS, "failed": True})
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        names = [f"s-{n:05d}" for n in range(PODS)]
        await side_by_side(
            lambda n: api.send("DELETE", f"{BASE}/{names[n]}?gracePeriodSeconds=0"), range(PODS), WORKERS
        )
    total = max(bound.values()) - start
    return Figure(name, PODS / total, "pods/s", target=">= 300", detail={"nodes": NODES, "create_s": round(created, 2)})
