"""The cache on a real etcd that dies and comes back."""

import asyncio

import orjson
import pytest

from tests.apiserver.cacher.makers import PODS, cluster, take, told
from tests.storage.etcd import running_etcd

pytestmark = pytest.mark.programs


@pytest.fixture
def etcd(tmp_path):
    with running_etcd(tmp_path) as running:
        yield running


async def test_nothing_is_lost_or_told_twice_while_etcd_restarts(etcd):
    async with cluster(await etcd.connect()) as made:
        start = await made.put("first")
        watch = await made.cacher.watch(PODS, after=start)
        reading = asyncio.create_task(take(watch, 300, seconds=60))

        async def write(worker):
            return [await made.put(f"{worker}-{n}") for n in range(75)]

        writing = [asyncio.create_task(write(worker)) for worker in range(4)]
        while made.cacher.revision < start + 100:
            await made.cacher.reach(made.cacher.revision + 1)
        await asyncio.to_thread(etcd.kill)
        await asyncio.to_thread(etcd.start)
        revisions = sorted(revision for some in await asyncio.gather(*writing) for revision in some)
        assert [event[2] for event in told(await reading)] == revisions
        assert len((await made.cacher.list(PODS)).items) == 301


async def test_a_consistent_read_sees_what_another_server_wrote(etcd):
    async with cluster(await etcd.connect()) as here, cluster(await etcd.connect()) as there:
        for n in range(100):
            revision = await here.put("x", labels={"n": str(n)})
            assert (await there.cacher.get(PODS, "default", "x")).revision == revision


async def test_a_new_server_can_resume_the_watches_of_the_old_one(etcd):
    async with cluster(await etcd.connect()) as old:
        start = await old.put("a")
        second = await old.put("b")
        third = await old.remove("a")
    async with cluster(await etcd.connect()) as new:
        watch = await new.cacher.watch(PODS, after=start)
        events = await take(watch, 2)
        assert told(events) == [("ADDED", "b", second), ("DELETED", "a", third)]
        assert orjson.loads(events[1].object)["metadata"]["name"] == "a"
