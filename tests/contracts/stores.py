"""The stores that the contract of `storage.interface.Store` is judged on, and small probes into them."""

from contextlib import aclosing

import pytest
from aetcd import rpc

from pyk8s.storage.etcd import requests
from pyk8s.storage.memory import MemoryStore

STORES = ["memory", pytest.param("etcd", marks=pytest.mark.programs)]


async def emptied(etcd):
    """A store on `etcd` with nothing in it; revisions go on from where they were."""
    store = await etcd.connect()
    calls = store._calls
    await calls.once(calls.kv.DeleteRange, rpc.DeleteRangeRequest(key=requests.WHOLE, range_end=requests.WHOLE))
    return store


def in_memory():
    """A new store in memory."""
    return MemoryStore()


async def read(store, after, *, count, prefix="/", **more):
    """The first `count` events under `prefix` above `after`."""
    events = []
    async with aclosing(store.watch(prefix, after=after, **more)) as batches:
        async for batch in batches:
            events += batch.events
            if len(events) >= count:
                return events
    return events


async def fill(store, names, value=b"{}", prefix="/registry/pods/a/"):
    """Create `names`; their revisions."""
    return [await store.create(prefix + name, value) for name in names]
