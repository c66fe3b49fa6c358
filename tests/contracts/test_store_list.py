"""The promises of list."""

import pytest

from pyk8s.storage.interface import FutureRevision
from tests.contracts.stores import fill

PODS = "/registry/pods/"


async def test_an_empty_list_has_the_revision_of_the_store(store):
    page = await store.list(PODS)
    assert page.items == ()
    assert (page.revision, page.after, page.remaining) == (await store.revision(), "", 0)


async def test_a_list_is_in_order_of_keys(store):
    await fill(store, ["b", "a", "c", "a-1"])
    page = await store.list(PODS)
    assert [item.key for item in page.items] == [PODS + "a/" + name for name in ("a", "a-1", "b", "c")]


async def test_a_list_holds_only_what_is_below_its_prefix(store):
    await fill(store, ["x"], prefix="/registry/podtemplates/a/")
    await fill(store, ["x"], prefix="/registry/pods/ab/")
    await fill(store, ["x"], prefix="/registry/pods/a/")
    assert [item.key for item in (await store.list("/registry/pods/a/")).items] == ["/registry/pods/a/x"]
    assert len((await store.list(PODS)).items) == 2


async def test_items_carry_the_revision_of_their_last_write(store):
    first = await store.create(PODS + "a/x", b"1")
    second = await store.create(PODS + "a/y", b"2")
    third = await store.update(PODS + "a/x", b"3", expected=first)
    page = await store.list(PODS)
    assert [(item.value, item.revision) for item in page.items] == [(b"3", third), (b"2", second)]
    assert page.revision == third


@pytest.mark.parametrize(("limit", "pages"), [(1, 5), (2, 3), (4, 2), (5, 1), (9, 1)])
async def test_pages_put_together_are_the_list(store, limit, pages):
    names = ["a", "b", "c", "d", "e"]
    await fill(store, names)
    found, read, after = [], 0, ""
    while True:
        page = await store.list(PODS, limit=limit, after=after)
        found += [item.key.rpartition("/")[2] for item in page.items]
        read += 1
        assert page.remaining == len(names) - len(found)
        if not page.after:
            break
        after = page.after
    assert (found, read) == (names, pages)


async def test_pages_at_one_revision_do_not_see_later_writes(store):
    revisions = await fill(store, ["a", "b", "c", "d"], b"old")
    first = await store.list(PODS, limit=2)
    await store.update(PODS + "a/c", b"new", expected=revisions[2])
    await store.delete(PODS + "a/d")
    await fill(store, ["b-2", "e"], b"new")
    second = await store.list(PODS, limit=2, after=first.after, revision=first.revision)
    assert [(item.key[-1], item.value) for item in second.items] == [("c", b"old"), ("d", b"old")]
    assert (second.after, second.revision) == ("", first.revision)


async def test_a_list_at_a_past_revision_is_what_was_there_then(store):
    first = await store.create(PODS + "a/x", b"1")
    second = await store.update(PODS + "a/x", b"2", expected=first)
    await store.delete(PODS + "a/x")
    last = await store.create(PODS + "a/x", b"3")
    seen = [(await store.list(PODS, revision=at)).items for at in (first, second, second + 1, last)]
    assert [[item.value for item in items] for items in seen] == [[b"1"], [b"2"], [], [b"3"]]
    assert seen[0][0].revision == first


async def test_a_revision_not_reached_yet_is_future_revision(store):
    with pytest.raises(FutureRevision):
        await store.list(PODS, revision=await store.revision() + 10)


async def test_a_list_larger_than_a_message_comes_whole(store):
    await fill(store, [f"{n:02d}" for n in range(20)], b"x" * 1_000_000)
    page = await store.list(PODS)
    assert len(page.items) == 20
    assert (page.after, page.remaining) == ("", 0)
    short = await store.list(PODS, limit=18)
    assert (len(short.items), short.remaining) == (18, 2)


async def test_a_list_of_more_keys_than_one_message_holds_is_of_one_revision(store):
    names = [f"{n:04d}" for n in range(1201)]
    await fill(store, names)
    page = await store.list(PODS)
    assert [item.key.rpartition("/")[2] for item in page.items] == names
    assert page.revision == page.items[-1].revision
    part = await store.list(PODS, limit=700, after=PODS + "a/0099")
    assert (part.items[0].key[-4:], part.items[-1].key[-4:], part.remaining) == ("0100", "0799", 401)
