import pytest

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.cacher import Selection
from pyk8s.storage import keys
from tests.apiserver.cacher.makers import NODES, PODS, cluster
from tests.apiserver.cacher.test_get import Lagging
from tests.virtual import virtual_time


def names(page):
    return [one.name for one in page.items]


@virtual_time
async def test_a_list_is_as_new_as_the_store():
    async with cluster() as made:
        await made.put("b")
        revision = await made.put("a")
        page = await made.cacher.list(PODS)
        assert (names(page), page.revision, page.after) == (["a", "b"], revision, "")


@virtual_time
async def test_writes_of_other_kinds_advance_the_version_of_a_list():
    async with cluster() as made:
        await made.put("a")
        revision = await made.store.create(keys.key("", "nodes", "", "n"), b'{"metadata":{"name":"n"}}')
        assert (await made.cacher.list(PODS)).revision == revision


@virtual_time
async def test_an_empty_list_has_a_version_too():
    async with cluster() as made:
        page = await made.cacher.list(NODES)
        assert (names(page), page.revision) == ([], 1)


@virtual_time
async def test_pages_are_of_one_version_whatever_happens_between_them():
    async with cluster() as made:
        for name in "abcdef":
            await made.put(name)
        first = await made.cacher.list(PODS, limit=2)
        await made.remove("d")
        await made.put("bb")
        await made.put("e", labels={"new": "1"})
        second = await made.cacher.list(PODS, version=first.revision, exact=True, limit=2, after=first.after)
        third = await made.cacher.list(PODS, version=first.revision, exact=True, limit=2, after=second.after)
        assert [names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e", "f"]]
        assert {page.revision for page in (first, second, third)} == {first.revision}
        assert [page.remaining for page in (first, second, third)] == [4, 2, 0]
        assert third.items[0].labels == {}


@virtual_time
async def test_a_page_that_the_cache_has_forgotten_is_read_from_the_store():
    async with cluster(window=3) as made:
        for name in "abcdef":
            await made.put(name)
        first = await made.cacher.list(PODS, limit=2)
        for name in "uvwxyz":
            await made.put(name)
        await made.remove("c")
        selection = Selection.parse("default", "", "metadata.name!=d")
        second = await made.cacher.list(PODS, selection, version=first.revision, exact=True, limit=2, after=first.after)
        assert (names(second), second.after, second.revision) == (["c", "e"], "default/e", first.revision)
        last = await made.cacher.list(PODS, selection, version=first.revision, exact=True, limit=2, after=second.after)
        assert (names(last), last.after) == (["f"], "")
        plain = await made.cacher.list(PODS, version=first.revision, exact=True, limit=2, after=first.after)
        assert (names(plain), plain.remaining) == (["c", "d"], 2)


@virtual_time
async def test_a_page_that_the_store_has_forgotten_too_is_expired():
    async with cluster(window=3) as made:
        first = await made.cacher.list(PODS, limit=2)
        for name in "uvwxyz":
            await made.put(name)
        await made.cacher.fresh()
        await made.store.compact(await made.store.revision())
        with pytest.raises(ApiError) as gone:
            await made.cacher.list(PODS, version=first.revision, exact=True)
        assert (gone.value.code, gone.value.reason) == (410, "Expired")


@virtual_time
async def test_a_list_goes_to_the_store_when_the_stream_is_too_slow():
    async with cluster(Lagging()) as made:
        made.store.open.clear()
        await made.put("a")
        revision = await made.put("b")
        page = await made.cacher.list(PODS, limit=1)
        assert (names(page), page.revision, page.after, page.remaining) == (["a"], revision, "default/a", 1)


@virtual_time
async def test_a_list_not_older_than_a_version_waits_for_it_only():
    async with cluster(Lagging()) as made:
        seen = await made.put("a")
        await made.cacher.fresh()
        made.store.open.clear()
        await made.put("b")
        page = await made.cacher.list(PODS, version=seen)
        assert (names(page), page.revision) == (["a"], seen)


@virtual_time
async def test_a_version_in_the_future_is_a_timeout():
    async with cluster() as made:
        with pytest.raises(ApiError, match="Too large resource version"):
            await made.cacher.list(PODS, version=99)


@virtual_time
async def test_what_is_selected_now_needs_no_waiting():
    async with cluster() as made:
        await made.put("a", node="n1")
        await made.put("b", "other", node="n1")
        await made.cacher.fresh()
        found = made.cacher.select(PODS, Selection.parse("", "", "spec.nodeName=n1"))
        assert [one.key for one in found] == ["default/a", "other/b"]
        assert len(made.cacher.select(PODS)) == 2
