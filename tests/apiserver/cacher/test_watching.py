import asyncio

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.apiserver.cacher import Selection
from pyk8s.storage.memory import MemoryStore
from tests.apiserver.cacher.makers import NODES, PODS, cluster, take, told
from tests.apiserver.cacher.test_get import Lagging
from tests.virtual import virtual_time


@virtual_time
async def test_a_watch_tells_what_happens_after_its_version():
    async with cluster() as made:
        first = await made.put("a")
        watch = await made.cacher.watch(PODS, after=first)
        second = await made.put("b")
        third = await made.put("a", labels={"new": "1"})
        fourth = await made.remove("b")
        assert told(await take(watch, 3)) == [
            ("ADDED", "b", second),
            ("MODIFIED", "a", third),
            ("DELETED", "b", fourth),
        ]


@virtual_time
async def test_objects_in_events_carry_the_version_of_the_event():
    async with cluster() as made:
        start = await made.put("a")
        watch = await made.cacher.watch(PODS, after=start)
        await made.put("a")
        await made.remove("a")
        for event in await take(watch, 2):
            assert orjson.loads(event.object)["metadata"]["resourceVersion"] == event.resource_version


@virtual_time
async def test_a_watch_can_be_resumed_at_every_event():
    async with cluster() as made:
        start = await made.put("x")
        for n in range(10):
            await made.put(f"p{n}")
            if n % 3 == 0:
                await made.remove(f"p{n}")
        await made.cacher.fresh()
        whole = told(await take(await made.cacher.watch(PODS, after=start), 14))
        for at in range(14):
            rest = await made.cacher.watch(PODS, after=whole[at][2])
            if at < 13:
                assert told(await take(rest, 13 - at)) == whole[at + 1 :]


@virtual_time
async def test_a_watch_from_what_was_forgotten_is_expired():
    async with cluster(window=5) as made:
        start = await made.put("x")
        for n in range(10):
            await made.put(f"p{n}")
        await made.cacher.fresh()
        with pytest.raises(ApiError, match=f"too old resource version: {start}") as gone:
            await made.cacher.watch(PODS, after=start)
        assert (gone.value.code, gone.value.reason) == (410, "Expired")


@virtual_time
async def test_a_busy_kind_does_not_make_another_forget():
    async with cluster(window=5) as made:
        start = await made.put("x")
        for n in range(50):
            await made.store.create(f"/registry/nodes/n{n}", b'{"metadata":{"name":"n"}}')
        watch = await made.cacher.watch(PODS, after=start)
        await made.put("y")
        assert [event[1] for event in told(await take(watch, 1))] == ["y"]


@virtual_time
async def test_a_watch_from_the_future_waits_and_then_is_a_timeout():
    async with cluster() as made:
        now = await made.put("x")
        opening = asyncio.create_task(made.cacher.watch(PODS, after=now + 1))
        await clock.sleep(1)
        await made.put("y")
        await made.put("z")
        assert [event[1] for event in told(await take(await opening, 1))] == ["z"]
        with pytest.raises(ApiError, match="Too large resource version"):
            await made.cacher.watch(PODS, after=now + 100)


@virtual_time
async def test_a_watch_without_a_version_begins_with_what_is_there():
    async with cluster() as made:
        first = await made.put("b")
        second = await made.put("a")
        watch = await made.cacher.watch(PODS)
        assert told(await take(watch, 2)) == [("ADDED", "a", second), ("ADDED", "b", first)]
        third = await made.put("c")
        assert told(await take(watch, 1)) == [("ADDED", "c", third)]


@virtual_time
async def test_what_is_there_is_told_with_a_bookmark_at_its_end():
    async with cluster() as made:
        await made.put("a")
        revision = await made.put("b", "other")
        await made.cacher.fresh()
        watch = await made.cacher.watch(PODS, Selection.parse("default"), after=1, initial=True, bookmarks=True)
        events = await take(watch, 2)
        assert [(one.type, one.resource_version) for one in events] == [("ADDED", "2"), ("BOOKMARK", str(revision))]
        assert b"initial-events-end" in events[1].object


@virtual_time
async def test_objects_enter_and_leave_a_selection():
    async with cluster() as made:
        start = await made.put("x", labels={"app": "db"})
        watch = await made.cacher.watch(PODS, Selection.parse("default", "app=web"), after=start)
        revisions = [
            await made.put("x", labels={"app": "web"}),
            await made.put("x", labels={"app": "web", "v": "2"}),
            await made.put("x", labels={"app": "db"}),
        ]
        await made.put("x", labels={"app": "db", "v": "3"})
        revisions += [await made.put("x", labels={"app": "web"}), await made.remove("x")]
        types = ["ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED"]
        assert told(await take(watch, 5)) == [(type_, "x", at) for type_, at in zip(types, revisions, strict=True)]


@virtual_time
async def test_a_node_is_told_of_its_pods_only():
    async with cluster() as made:
        start = await made.put("x")
        watches = {
            node: await made.cacher.watch(PODS, Selection.parse("", "", f"spec.nodeName={node}"), after=start)
            for node in ("n1", "n2")
        }
        await made.put("x", node="n1")
        await made.put("y", node="n2")
        await made.remove("x")
        assert [event[:2] for event in told(await take(watches["n1"], 2))] == [("ADDED", "x"), ("DELETED", "x")]
        assert [event[:2] for event in told(await take(watches["n2"], 1))] == [("ADDED", "y")]


@virtual_time
async def test_a_quiet_watch_is_told_how_far_the_store_has_come():
    async with cluster(bookmark_every=10.0) as made:
        start = await made.put("x")
        watch = await made.cacher.watch(PODS, after=start, bookmarks=True)
        silent = await made.cacher.watch(PODS, after=start, timeout=60)
        await clock.sleep(5)
        revision = await made.store.create("/registry/nodes/n", b'{"metadata":{"name":"n"}}')
        (mark,) = await take(watch, 1, seconds=60)
        assert (mark.type, mark.resource_version, clock.monotonic()) == ("BOOKMARK", str(revision), 10.0)
        assert [batch async for batch in silent] == []


@virtual_time
async def test_a_watch_with_a_timeout_ends():
    async with cluster(bookmark_every=1000) as made:
        start = await made.put("x")
        watch = await made.cacher.watch(PODS, after=start, bookmarks=True, timeout=30)
        batches = [batch async for batch in watch]
        assert clock.monotonic() == 30.0
        assert [one.type for one in batches[0]] == ["BOOKMARK"]


@virtual_time
async def test_a_slow_watcher_is_cut_off_and_can_resume_without_loss():
    async with cluster(backlog=10) as made:
        at = await made.put("x")
        slow = await made.cacher.watch(PODS, after=at)
        seen = []
        for n in range(40):
            await made.put(f"p{n:02d}")
            await made.cacher.fresh()
        while len(seen) < 40:
            async for batch in slow:
                seen += told(batch)
            assert slow.cut_off or len(seen) == 40
            if len(seen) < 40:
                slow = await made.cacher.watch(PODS, after=seen[-1][2], timeout=1)
        assert [event[1] for event in seen] == [f"p{n:02d}" for n in range(40)]


@virtual_time
async def test_a_watcher_that_keeps_up_survives_any_backlog_of_the_store():
    async with cluster(Lagging(), backlog=600) as made:
        start = await made.put("x")
        await made.cacher.fresh()
        watch = await made.cacher.watch(PODS, after=start)
        made.store.open.clear()
        for n in range(3000):
            await made.put(f"p{n:04d}")
        reading = asyncio.create_task(take(watch, 3000))
        made.store.open.set()
        assert len(await reading) == 3000


@virtual_time
async def test_keys_that_go_together_can_be_resumed_in_the_middle():
    async with cluster() as made:
        lease = await made.store.grant(5)
        for name in "abc":
            await made.store.create(
                f"/registry/pods/default/{name}", b'{"metadata":{"name":"' + name.encode() + b'"}}', lease=lease
            )
        start = await made.store.revision()
        watch = await made.cacher.watch(PODS, after=start)
        events = told(await take(watch, 3))
        assert [event[2] for event in events] == [start, start, start + 1]
        again = await made.cacher.watch(PODS, after=events[0][2])
        assert [event[1] for event in told(await take(again, 3))] == ["a", "b", "c"]


@virtual_time
async def test_a_listener_is_told_what_is_there_and_what_changes():
    async with cluster() as made:
        await made.put("a")
        await made.cacher.fresh()
        seen = []
        made.cacher.subscribe(PODS, lambda old, new: seen.append((old and old.revision, new and new.revision)))
        await made.put("a")
        await made.remove("a")
        await made.cacher.fresh()
        assert seen == [(None, 2), (2, 3), (3, None)]


@virtual_time
async def test_watches_end_with_the_cache():
    async with cluster() as made:
        watch = await made.cacher.watch(PODS, after=1)
    assert [batch async for batch in watch] == []


@virtual_time
async def test_the_past_can_be_resumed_after_a_restart_of_the_cache():
    store = MemoryStore()
    async with cluster(store) as made:
        start = await made.put("a")
        second = await made.put("b")
        third = await made.remove("a")
        made.store = MemoryStore()
    async with cluster(store, prefill=100) as again:
        watch = await again.cacher.watch(PODS, after=start)
        assert told(await take(watch, 2)) == [("ADDED", "b", second), ("DELETED", "a", third)]


@virtual_time
async def test_a_restart_after_a_compaction_goes_back_as_far_as_history_does():
    store = MemoryStore()
    async with cluster(store) as made:
        start = await made.put("a")
        edge = await made.put("b")
        await made.store.compact(edge)
        await made.put("c")
        made.store = MemoryStore()
    async with cluster(store, prefill=100) as again:
        assert len((await again.cacher.list(PODS)).items) == 3
        with pytest.raises(ApiError, match="too old"):
            await again.cacher.watch(PODS, after=start)
        watch = await again.cacher.watch(PODS, after=edge)
        assert [event[1] for event in told(await take(watch, 1))] == ["c"]


@virtual_time
async def test_a_cluster_scoped_object_is_watched_and_listed_by_its_name():
    async with cluster() as made:
        start = await made.store.create("/registry/nodes/n1", b'{"metadata":{"name":"n1"}}')
        await made.store.create("/registry/nodes/n2", b'{"metadata":{"name":"n2"}}')
        one = Selection.parse("", "", "metadata.name=n2")
        watch = await made.cacher.watch(NODES, one, after=start)
        await made.store.create("/registry/nodes/n3", b'{"metadata":{"name":"n3"}}')
        await made.store.delete("/registry/nodes/n2")
        assert [event[:2] for event in told(await take(watch, 2))] == [("ADDED", "n2"), ("DELETED", "n2")]
        assert made.cacher.select(NODES, one) == []
        assert [found.key for found in made.cacher.select(NODES, Selection.parse("", "", "metadata.name=n1"))] == ["n1"]
