"""Small clusters of objects for the cache's tests."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher import Cached, Cacher, Settings
from pyk8s.storage import keys
from pyk8s.storage.memory import MemoryStore

PODS = Resource("", "v1", "Pod", "pods", "pod", True, "")
NODES = Resource("", "v1", "Node", "nodes", "node", False, "")
DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments", "deployment", True, "")


def stored(name, namespace="default", *, labels=None, node="", phase="", **more):
    """A pod as the registry stores it: without a resource version, metadata in front."""
    metadata = {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": node}, **more}
    return orjson.dumps({**pod, "status": {"phase": phase}})


def cached(name, namespace="default", revision=1, **more):
    """One version of a pod."""
    return Cached(f"{namespace}/{name}", stored(name, namespace, **more), revision)


class Cluster:
    """A store, a cache on it, and short ways to write pods."""

    def __init__(self, store, settings):
        self.store = store
        self.cacher = Cacher(store, settings)

    async def put(self, name, namespace="default", **more):
        """Create or replace a pod; its revision."""
        key = keys.key("", "pods", namespace, name)
        item, _ = await self.store.get(key)
        if item is None:
            return await self.store.create(key, stored(name, namespace, **more))
        return await self.store.update(key, stored(name, namespace, **more), expected=item.revision)

    async def remove(self, name, namespace="default"):
        """Delete a pod; the revision."""
        return await self.store.delete(keys.key("", "pods", namespace, name))


@asynccontextmanager
async def cluster(store=None, **settings):
    """A cache that is running."""
    made = Cluster(store or MemoryStore(), Settings(**settings))
    await made.cacher.start()
    try:
        yield made
    finally:
        await made.cacher.close()
        await made.store.close()


def told(events):
    """Events as (type, name, version)."""
    return [
        (one.type, orjson.loads(one.object)["metadata"].get("name", ""), int(one.resource_version)) for one in events
    ]


async def take(watch, count, *, seconds=30):
    """The next `count` events of a watch."""
    events = []
    async with asyncio.timeout(seconds):
        while len(events) < count:
            events += await anext(watch)
    assert len(events) == count, told(events)
    return events
