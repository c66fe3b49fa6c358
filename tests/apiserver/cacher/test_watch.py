import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import expired
from pyk8s.apiserver.cacher import ALL, Selection, Watch
from pyk8s.apiserver.cacher.changes import Change
from pyk8s.client.interface import WatchEvent
from tests.apiserver.cacher.makers import PODS, cached, told
from tests.virtual import virtual_time


def opened(selection=ALL, *, bookmarks=False, backlog=10):
    ended = []
    watch = Watch(PODS, selection, bookmarks=bookmarks, backlog=backlog, closed=ended.append)
    return watch, ended


def events(*versions):
    return [WatchEvent("ADDED", b'{"metadata":{"name":"x"}}', str(version)) for version in versions]


def versions(batch):
    return [int(event.resource_version) for event in batch]


@virtual_time
async def test_what_waits_is_read_together():
    watch, _ = opened()
    watch.offer(events(1, 2))
    watch.offer(events(3))
    assert versions(await anext(watch)) == [1, 2, 3]


@virtual_time
async def test_a_reader_waits_for_news():
    watch, _ = opened()
    reading = asyncio.create_task(anext(watch))
    await clock.sleep(1)
    assert not reading.done()
    watch.offer(events(1))
    assert versions(await reading) == [1]


@virtual_time
async def test_a_batch_alone_is_handed_over_as_it_is():
    watch, _ = opened()
    batch = events(1, 2)
    watch.offer(batch)
    assert await anext(watch) is batch


@virtual_time
async def test_a_slow_reader_is_cut_off_and_still_gets_what_waited():
    watch, ended = opened(backlog=3)
    watch.offer(events(1, 2))
    watch.offer(events(3))
    watch.offer(events(4))
    assert watch.cut_off
    assert ended == [watch]
    assert versions(await anext(watch)) == [1, 2, 3]
    with pytest.raises(StopAsyncIteration):
        await anext(watch)


@virtual_time
async def test_a_reader_that_keeps_up_is_never_cut_off():
    watch, _ = opened(backlog=3)
    for version in range(0, 300, 3):
        watch.offer(events(version, version + 1, version + 2))
        assert versions(await anext(watch)) == [version, version + 1, version + 2]
    assert not watch.cut_off


@virtual_time
async def test_what_a_watch_begins_with_does_not_count_as_backlog():
    watch, _ = opened(backlog=3)
    watch.begin(events(*range(100)))
    watch.offer(events(100, 101, 102))
    assert not watch.cut_off
    assert len(await anext(watch)) == 103


@virtual_time
async def test_only_what_is_selected_is_told():
    watch, _ = opened(Selection.parse("", "app=web"))
    wanted, other = (cached(name, revision=2, labels={"app": name}) for name in ("web", "db"))
    watch.notice([Change("default/db", 2, None, other)])
    watch.notice([Change("default/web", 2, None, wanted), Change("default/db", 3, other, None)])
    assert told(await anext(watch)) == [("ADDED", "web", 2)]


@virtual_time
async def test_bookmarks_are_for_those_who_want_them_and_only_when_something_is_new():
    watch, _ = opened(bookmarks=True)
    without, _ = opened()
    for revision in (5, 5, 6):
        watch.mark(revision)
        without.mark(revision)
    assert [(one.type, one.resource_version) for one in await anext(watch)] == [("BOOKMARK", "5"), ("BOOKMARK", "6")]
    without.end()
    with pytest.raises(StopAsyncIteration):
        await anext(without)


@virtual_time
async def test_a_watch_ends_when_its_time_is_up_with_a_last_bookmark():
    watch, ended = opened(bookmarks=True)
    watch.end_after(30, lambda: 77)
    batches = [batch async for batch in watch]
    assert clock.monotonic() == 30.0
    assert [versions(batch) for batch in batches] == [[77]]
    assert ended == [watch]


@virtual_time
async def test_an_error_is_raised_after_what_waited():
    watch, _ = opened()
    watch.offer(events(1))
    watch.end(expired("list again"))
    assert versions(await anext(watch)) == [1]
    with pytest.raises(Exception, match="list again"):
        await anext(watch)


@virtual_time
async def test_a_closed_watch_says_nothing_more():
    watch, ended = opened()
    async with watch:
        watch.offer(events(1))
    with pytest.raises(StopAsyncIteration):
        await anext(watch)
    watch.close()
    assert ended == [watch]


@virtual_time
async def test_a_reader_that_gave_up_may_come_back():
    watch, _ = opened()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(watch), 1)
    watch.offer(events(1))
    assert versions(await anext(watch)) == [1]
