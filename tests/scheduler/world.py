"""An API in memory with schedulers on it."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from pyk8s.api.refs import NODES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.scheduler import Config, run
from tests.scheduler.makers import node_object, pod_object

DEFAULT = PODS.within("default")


class World:
    """An API and a way to start and kill schedulers on it."""

    def __init__(self):
        self.client = FakeClient()
        self.api = self.client.api
        self._tasks = []

    async def nodes(self, *names, **more):
        for name in names:
            await self.client.create(NODES, orjson.dumps(node_object(name, **more)))

    async def pods(self, *names, **more):
        for name in names:
            await self.client.create(DEFAULT, orjson.dumps(pod_object(name, **more)))

    async def start(self, client=None, **config):
        """A scheduler that has read everything."""
        started = asyncio.Event()
        task = asyncio.create_task(run(client or self.client, Config(**config), started=started.set))
        self._tasks.append(task)
        await started.wait()
        return task

    async def kill(self, task):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self):
        for task in self._tasks:
            await self.kill(task)

    def where(self):
        """Pod to node."""
        return {pod["metadata"]["name"]: pod["spec"].get("nodeName", "") for pod in self.api.objects(PODS)}

    def condition(self, name):
        held = self.api.object(DEFAULT, name)["status"].get("conditions") or []
        return next((one for one in held if one["type"] == "PodScheduled"), {})


@asynccontextmanager
async def world():
    made = World()
    try:
        yield made
    finally:
        await made.close()
