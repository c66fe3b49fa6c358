"""The promises of watch."""

import asyncio
from contextlib import aclosing

import pytest

from pyk8s.storage.interface import Event, FutureRevision, Item
from tests.contracts.stores import fill, read

PODS = "/registry/pods/"
KEY = PODS + "a/web"


async def test_a_watch_tells_every_write_with_what_stood_there_before(store):
    start = await store.revision()
    first = await store.create(KEY, b"1")
    second = await store.update(KEY, b"2", expected=first)
    third = await store.delete(KEY)
    assert await read(store, start, count=3) == [
        Event(KEY, first, b"1", None),
        Event(KEY, second, b"2", Item(KEY, b"1", first)),
        Event(KEY, third, None, Item(KEY, b"2", second)),
    ]


async def test_a_watch_begins_above_its_revision(store):
    revisions = await fill(store, ["a", "b", "c"])
    events = await read(store, revisions[0], count=2)
    assert [event.revision for event in events] == revisions[1:]


async def test_a_watch_from_now_tells_what_happens_next(store):
    await fill(store, ["a"])
    waiting = asyncio.create_task(read(store, await store.revision(), count=2))
    revisions = await fill(store, ["b", "c"])
    assert [event.revision for event in await asyncio.wait_for(waiting, 30)] == revisions


async def test_a_watch_tells_only_what_is_below_its_prefix(store):
    start = await store.revision()
    await fill(store, ["x"], prefix="/registry/podtemplates/a/")
    await fill(store, ["x"], prefix="/registry/nodes/")
    await fill(store, ["y"])
    assert [event.key for event in await read(store, start, count=1, prefix=PODS)] == ["/registry/pods/a/y"]


async def test_writes_elsewhere_advance_the_revision_of_a_watch(store):
    async with aclosing(store.watch(PODS, after=await store.revision())) as batches:
        waiting = asyncio.ensure_future(anext(batches))
        (revision,) = await fill(store, ["x"], prefix="/registry/nodes/")
        batch = await asyncio.wait_for(waiting, 30)
    assert (batch.events, batch.revision) == ((), revision)


async def test_two_watches_tell_the_same(store):
    start = await store.revision()
    both = [asyncio.create_task(read(store, start, count=5)) for _ in range(2)]
    await fill(store, "abcde")
    first, second = await asyncio.wait_for(asyncio.gather(*both), 30)
    assert first == second


async def test_a_reader_may_do_without_what_stood_there_before(store):
    start = await store.revision()
    first = await store.create(KEY, b"1")
    await store.update(KEY, b"2", expected=first)
    events = await read(store, start, count=2, previous=False)
    assert [event.value for event in events] == [b"1", b"2"]


async def test_a_watch_can_be_resumed_at_every_batch(store):
    start = await store.revision()
    names = [f"{n:03d}" for n in range(50)]
    writing = asyncio.create_task(fill(store, names))
    seen, at = [], start
    while len(seen) < len(names):
        async with aclosing(store.watch(PODS, after=at)) as batches, asyncio.timeout(30):
            async for batch in batches:
                seen += [event.key.rpartition("/")[2] for event in batch.events]
                at = batch.revision
                break
    await writing
    assert seen == names


async def test_a_backlog_of_ten_thousand_writes_comes_whole_and_in_order(store):
    start = await store.revision()
    limit = asyncio.Semaphore(64)

    async def write(n):
        async with limit:
            return await store.create(f"{PODS}a/{n:05d}", b"x" * 900)

    revisions = await asyncio.gather(*(write(n) for n in range(10_000)))
    async with asyncio.timeout(60):
        events = await read(store, start, count=10_000)
    assert [event.revision for event in events] == sorted(revisions)


async def test_large_values_do_not_break_a_watch(store):
    start = await store.revision()
    await fill(store, "abcdefghij", b"x" * 1_400_000)
    events = await read(store, start, count=10)
    assert [event.key[-1] for event in events] == list("abcdefghij")
    assert all(len(event.value) == 1_400_000 for event in events)


async def test_a_revision_not_reached_yet_cannot_be_watched_from(store):
    with pytest.raises(FutureRevision):
        await read(store, await store.revision() + 10, count=1)


async def test_a_watch_that_is_left_disturbs_no_other(store):
    start = await store.revision()
    left = asyncio.create_task(read(store, start, count=1000))
    kept = asyncio.create_task(read(store, start, count=2))
    await fill(store, ["a"])
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    await fill(store, ["b"])
    assert [event.key[-1] for event in await asyncio.wait_for(kept, 30)] == ["a", "b"]
