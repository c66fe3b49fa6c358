import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.storage.interface import Compacted, Unavailable
from pyk8s.storage.keys import COMPACTION
from pyk8s.storage.memory import MemoryStore
from pyk8s.storage.upkeep import compact, keep
from tests.virtual import virtual_time

KEY = "/registry/pods/a/x"


class Watched(MemoryStore):
    """Counts defragmentations and can be made to fail."""

    defragmented = 0
    failing = 0

    async def defragment(self):
        self.defragmented += 1

    async def compact(self, revision):
        if self.failing:
            self.failing -= 1
            raise Unavailable("gone for a while")
        await super().compact(revision)


@virtual_time
async def test_a_round_compacts_where_the_round_before_made_its_mark():
    store = MemoryStore()
    before = await store.create(KEY, b"1")
    mark = await compact(store, 0)
    await store.delete(KEY)
    following = await compact(store, mark)
    assert following > mark
    with pytest.raises(Compacted) as gone:
        await store.list("/registry/", revision=before)
    assert gone.value.compacted == mark
    assert (await store.list("/registry/", revision=mark)).items[0].key == KEY


@virtual_time
async def test_what_happened_after_the_last_mark_can_still_be_watched():
    store = MemoryStore()
    mark = await compact(store, 0)
    revision = await store.create(KEY, b"1")
    await compact(store, mark)
    batch = await anext(store.watch(KEY, after=mark))
    assert [event.revision for event in batch.events] == [revision]


@virtual_time
async def test_of_two_servers_one_does_the_work():
    store = MemoryStore()
    mine = await compact(store, 0)
    theirs = await compact(store, 0)
    assert mine == theirs
    mine = await compact(store, mine)
    assert await compact(store, theirs) == mine
    with pytest.raises(Compacted) as gone:
        await store.compact(1)
    assert gone.value.compacted == theirs


@virtual_time
async def test_a_mark_that_was_removed_is_made_again():
    store = MemoryStore()
    mark = await compact(store, 0)
    await store.delete(COMPACTION)
    assert await compact(store, mark) > mark


@virtual_time
async def test_history_is_kept_for_a_round_and_no_longer_than_two():
    store = Watched()
    task = asyncio.create_task(keep(store, every=300, defragment_every=3))
    await clock.sleep(1)
    revision = await store.create(KEY, b"1")
    await clock.sleep(300)
    await store.list("/registry/", revision=revision)
    await clock.sleep(300)
    with pytest.raises(Compacted):
        await store.list("/registry/", revision=revision)
    await clock.sleep(600)
    assert store.defragmented == 1
    task.cancel()


@virtual_time
async def test_a_failed_round_is_made_good_by_the_next():
    store = Watched()
    task = asyncio.create_task(keep(store, every=300))
    await clock.sleep(1)
    revision = await store.create(KEY, b"1")
    store.failing = 2
    await clock.sleep(5 * 300)
    with pytest.raises(Compacted):
        await store.list("/registry/", revision=revision)
    task.cancel()
