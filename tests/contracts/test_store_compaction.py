"""The promises of compaction, to the very edge."""

import pytest

from pyk8s.storage.interface import Compacted, FutureRevision
from tests.contracts.stores import fill, read

PODS = "/registry/pods/"


async def test_what_is_there_survives_compaction(store):
    revisions = await fill(store, ["a", "b"])
    await store.delete(PODS + "a/a")
    await store.compact(await store.revision())
    page = await store.list(PODS)
    assert [(item.key[-1], item.revision) for item in page.items] == [("b", revisions[1])]


async def test_a_list_below_the_compacted_revision_is_compacted_and_says_what_is_left(store):
    revisions = await fill(store, ["a", "b", "c"])
    await store.compact(revisions[2])
    with pytest.raises(Compacted) as gone:
        await store.list(PODS, revision=revisions[1])
    assert gone.value.compacted == revisions[2]


async def test_a_list_at_the_compacted_revision_is_answered(store):
    revisions = await fill(store, ["a", "b", "c"])
    await store.compact(revisions[1])
    page = await store.list(PODS, revision=revisions[1])
    assert [item.key[-1] for item in page.items] == ["a", "b"]


async def test_a_watch_from_below_the_compacted_revision_is_compacted(store):
    revisions = await fill(store, ["a", "b", "c", "d"])
    await store.compact(revisions[2])
    with pytest.raises(Compacted) as gone:
        await read(store, revisions[0], count=1)
    assert gone.value.compacted == revisions[2]


@pytest.mark.parametrize("write", ["create", "update", "delete"])
async def test_a_watch_from_just_below_the_compacted_revision_loses_nothing_in_silence(store, write):
    before = await store.create(PODS + "a/x", b"1")
    match write:
        case "create":
            edge = await store.create(PODS + "a/y", b"1")
        case "update":
            edge = await store.update(PODS + "a/x", b"2", expected=before)
        case "delete":
            edge = await store.delete(PODS + "a/x")
    await fill(store, ["z"])
    await store.compact(edge)
    with pytest.raises(Compacted) as gone:
        await read(store, edge - 1, count=1)
    assert gone.value.compacted == edge


async def test_a_watch_from_the_compacted_revision_tells_all_that_follows(store):
    revisions = await fill(store, ["a", "b"])
    edge = await store.delete(PODS + "a/a")
    last = await store.update(PODS + "a/b", b"2", expected=revisions[1])
    await store.compact(edge)
    events = await read(store, edge, count=1)
    assert [(event.revision, event.previous.value) for event in events] == [(last, b"{}")]


async def test_an_open_watch_that_has_seen_all_is_not_disturbed(store):
    start = await store.revision()
    batches = store.watch(PODS, after=start)
    (revision,) = await fill(store, ["a"])
    assert (await anext(batches)).revision == revision
    await store.compact(revision)
    (later,) = await fill(store, ["b"])
    assert (await anext(batches)).revision == later
    await batches.aclose()


async def test_compaction_happens_once(store):
    revisions = await fill(store, ["a", "b", "c"])
    await store.compact(revisions[1])
    with pytest.raises(Compacted):
        await store.compact(revisions[0])
    with pytest.raises(Compacted):
        await store.compact(revisions[1])
    await store.compact(revisions[2])


async def test_the_future_cannot_be_compacted(store):
    with pytest.raises(FutureRevision):
        await store.compact(await store.revision() + 1)


async def test_defragmentation_changes_nothing_that_can_be_read(store):
    revisions = await fill(store, ["a", "b"])
    await store.defragment()
    assert [item.revision for item in (await store.list(PODS)).items] == revisions
