import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.storage import keys
from pyk8s.storage.interface import Unavailable
from pyk8s.storage.memory import MemoryStore
from tests.apiserver.cacher.makers import DEPLOYMENTS, NODES, PODS, cluster, stored
from tests.virtual import virtual_time


class Lagging(MemoryStore):
    """Its watch can be held back, as etcd's stream can be behind its answers."""

    def __init__(self):
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()

    async def watch(self, prefix, *, after, previous=True):
        async for batch in super().watch(prefix, after=after, previous=previous):
            await self.open.wait()
            yield batch


@virtual_time
async def test_what_was_there_before_the_start_is_found():
    store = MemoryStore()
    await store.create(keys.key("", "pods", "default", "old"), stored("old"))
    async with cluster(store) as made:
        assert (await made.cacher.get(PODS, "default", "old", version=0)).name == "old"


@virtual_time
async def test_a_consistent_read_sees_every_write_before_it():
    async with cluster() as made:
        for n in range(50):
            revision = await made.put("x", labels={"n": str(n)})
            assert (await made.cacher.get(PODS, "default", "x")).revision == revision


@virtual_time
async def test_an_object_that_is_gone_is_none():
    async with cluster() as made:
        await made.put("x")
        await made.remove("x")
        assert await made.cacher.get(PODS, "default", "x") is None
        assert await made.cacher.get(PODS, "default", "never") is None


@virtual_time
async def test_kinds_are_kept_apart():
    async with cluster() as made:
        await made.store.create(keys.key("apps", "deployments", "default", "x"), stored("x"))
        await made.store.create(keys.key("", "nodes", "", "x"), b'{"metadata":{"name":"x"}}')
        assert (await made.cacher.get(DEPLOYMENTS, "default", "x")).key == "default/x"
        assert (await made.cacher.get(NODES, "", "x")).key == "x"
        assert await made.cacher.get(PODS, "default", "x") is None


@virtual_time
async def test_a_read_waits_until_the_stream_has_come_far_enough():
    async with cluster(Lagging()) as made:
        made.store.open.clear()
        revision = await made.put("x")
        reading = asyncio.create_task(made.cacher.get(PODS, "default", "x"))
        await clock.sleep(1)
        assert not reading.done()
        made.store.open.set()
        assert (await reading).revision == revision


@virtual_time
async def test_a_read_goes_to_the_store_when_the_stream_is_too_slow():
    async with cluster(Lagging(), wait=3.0) as made:
        made.store.open.clear()
        revision = await made.put("x")
        started = clock.monotonic()
        found = await made.cacher.get(PODS, "default", "x")
        assert (found.revision, clock.monotonic() - started) == (revision, 3.0)
        assert found.object()["metadata"]["resourceVersion"] == str(revision)
        assert await made.cacher.get(PODS, "default", "y") is None


@virtual_time
async def test_a_read_that_takes_whatever_is_there_does_not_wait():
    async with cluster(Lagging()) as made:
        made.store.open.clear()
        await made.put("x")
        assert await made.cacher.get(PODS, "default", "x", version=0) is None
        assert made.cacher.peek(PODS, "default", "x") is None


@virtual_time
async def test_a_version_that_is_not_reached_is_a_timeout_that_clients_know():
    async with cluster() as made:
        with pytest.raises(ApiError, match="Too large resource version: 1000, current: 1") as refused:
            await made.cacher.get(PODS, "default", "x", version=1000)
        assert (refused.value.code, refused.value.causes[0].reason) == (504, "ResourceVersionTooLarge")
        assert refused.value.retry_after == 1


@virtual_time
async def test_a_consistent_read_without_the_store_is_unavailable():
    async with cluster() as made:
        await made.put("x")
        await made.cacher.fresh()
        await made.store.close()
        with pytest.raises(Unavailable):
            await made.cacher.get(PODS, "default", "x")
        assert (await made.cacher.get(PODS, "default", "x", version=0)).name == "x"


@virtual_time
async def test_readers_at_once_share_what_they_ask_of_the_store():
    class Counting(MemoryStore):
        asked = 0

        async def revision(self):
            self.asked += 1
            await clock.sleep(0.001)
            return await super().revision()

    async with cluster(Counting()) as made:
        await made.put("x")
        before = made.store.asked
        await asyncio.gather(*(made.cacher.get(PODS, "default", "x") for _ in range(200)))
        assert made.store.asked == before + 1


@virtual_time
async def test_a_value_that_is_no_object_is_left_out_and_stops_nothing():
    store = MemoryStore()
    await store.create(keys.key("", "pods", "default", "broken"), b"\x00")
    async with cluster(store) as made:
        await made.store.create(keys.key("", "pods", "default", "worse"), b"[]")
        await made.store.create("/registry/pods", b"{}")
        await made.put("x")
        assert [one.name for one in (await made.cacher.list(PODS)).items] == ["x"]
