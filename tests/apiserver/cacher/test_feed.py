"""The stream of the store breaks, lags, or cannot be resumed."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.storage.interface import Compacted, FutureRevision, Unavailable
from pyk8s.storage.memory import MemoryStore
from tests.apiserver.cacher.makers import PODS, cluster, take, told
from tests.virtual import virtual_time


class Breaking(MemoryStore):
    """Its watch raises what it is told to, once, when the next write is due."""

    def __init__(self):
        super().__init__()
        self.breaks = None
        self.watched_after = []

    async def watch(self, prefix, *, after, previous=True):
        self.watched_after.append(after)
        async for batch in super().watch(prefix, after=after, previous=previous):
            if self.breaks:
                why, self.breaks = self.breaks, None
                raise why
            yield batch


@virtual_time
async def test_a_stream_that_breaks_is_resumed_where_it_was():
    async with cluster(Breaking()) as made:
        at = await made.put("a")
        await made.cacher.fresh()
        watch = await made.cacher.watch(PODS, after=at)
        made.store.breaks = Unavailable("etcd went away")
        await made.put("b")
        await made.put("c")
        assert [event[1] for event in told(await take(watch, 2))] == ["b", "c"]
        assert made.store.watched_after == [1, at]


@pytest.mark.parametrize("why", [Compacted("gone", 9), FutureRevision("restored from an older copy")])
@virtual_time
async def test_a_stream_that_cannot_be_resumed_is_read_anew(why):
    async with cluster(Breaking()) as made:
        await made.put("stays")
        at = await made.put("goes")
        await made.cacher.fresh()
        watch = await made.cacher.watch(PODS, after=at)
        seen = []
        made.cacher.subscribe(PODS, lambda old, new: seen.append((old and old.name, new and new.name)))
        seen.clear()
        made.store.breaks = why
        await made.remove("goes")
        await made.put("comes")
        await made.cacher.fresh()
        assert [one.name for one in made.cacher.select(PODS)] == ["comes", "stays"]
        assert sorted(seen, key=str) == [("goes", None), (None, "comes")]
        with pytest.raises(ApiError, match="list again") as ended:
            await take(watch, 1)
        assert ended.value.code == 410
        with pytest.raises(ApiError, match="too old"):
            await made.cacher.watch(PODS, after=at)
        later = await made.cacher.watch(PODS, after=made.cacher.revision)
        await made.put("next")
        assert [event[1] for event in told(await take(later, 1))] == ["next"]


@virtual_time
async def test_a_store_that_is_gone_for_long_is_asked_ever_more_rarely():
    async with cluster(Breaking()) as made:
        await made.put("a")
        await made.cacher.fresh()
        asked = len(made.store.watched_after)
        await made.store.close()
        await clock.sleep(600)
        assert 100 < len(made.store.watched_after) - asked < 200


@virtual_time
async def test_the_start_waits_until_the_cache_is_current():
    store = MemoryStore()
    for n in range(3000):
        await store.create(f"/registry/pods/default/p{n:04d}", b'{"metadata":{"name":"p"}}')
    async with cluster(store, prefill=2000) as made:
        assert made.cacher.revision == 3001
        assert len(made.cacher.select(PODS)) == 3000


@virtual_time
async def test_the_end_of_the_cache_leaves_no_task_behind():
    async with cluster() as made:
        await made.put("a")
    await clock.sleep(1)
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
