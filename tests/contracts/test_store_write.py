"""The promises of create, update and delete."""

import asyncio

import pytest

from pyk8s.storage.interface import (
    MAX_VALUE_BYTES,
    Item,
    KeyExists,
    KeyNotFound,
    RevisionMismatch,
    ValueTooLarge,
)

KEY = "/registry/pods/a/web"


async def test_what_was_created_can_be_read_at_its_revision(store):
    revision = await store.create(KEY, b"1")
    assert await store.get(KEY) == (Item(KEY, b"1", revision), revision)


async def test_every_write_has_a_larger_revision(store):
    first = await store.create(KEY, b"1")
    second = await store.update(KEY, b"2", expected=first)
    third = await store.create(KEY + "2", b"3")
    fourth = await store.delete(KEY)
    assert first < second < third < fourth == await store.revision()


async def test_second_create_of_a_key_is_key_exists(store):
    await store.create(KEY, b"1")
    with pytest.raises(KeyExists, match="web"):
        await store.create(KEY, b"2")
    item, _ = await store.get(KEY)
    assert item.value == b"1"


async def test_of_many_creates_at_once_one_succeeds(store):
    outcomes = await asyncio.gather(*(store.create(KEY, b"%d" % n) for n in range(20)), return_exceptions=True)
    won = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, int)]
    assert len(won) == 1
    assert all(isinstance(outcome, KeyExists) for n, outcome in enumerate(outcomes) if n not in won)
    assert (await store.get(KEY))[0].value == b"%d" % won[0]


async def test_a_refused_write_takes_no_revision(store):
    revision = await store.create(KEY, b"1")
    with pytest.raises(KeyExists):
        await store.create(KEY, b"2")
    assert await store.revision() == revision


async def test_an_update_replaces_the_value(store):
    first = await store.create(KEY, b"1")
    second = await store.update(KEY, b"2", expected=first)
    assert (await store.get(KEY))[0] == Item(KEY, b"2", second)


async def test_an_update_of_another_revision_is_refused_and_shows_what_is_there(store):
    first = await store.create(KEY, b"1")
    second = await store.update(KEY, b"2", expected=first)
    with pytest.raises(RevisionMismatch) as refused:
        await store.update(KEY, b"3", expected=first)
    assert refused.value.current == Item(KEY, b"2", second)


async def test_of_many_updates_of_one_revision_one_succeeds(store):
    first = await store.create(KEY, b"")
    updates = (store.update(KEY, b"%d" % n, expected=first) for n in range(20))
    outcomes = await asyncio.gather(*updates, return_exceptions=True)
    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, RevisionMismatch) for outcome in outcomes) == 19


async def test_an_update_of_nothing_is_key_not_found(store):
    with pytest.raises(KeyNotFound, match="web"):
        await store.update(KEY, b"1", expected=1)


async def test_an_update_with_the_same_value_is_a_write(store):
    first = await store.create(KEY, b"1")
    assert await store.update(KEY, b"1", expected=first) > first


@pytest.mark.parametrize("size", [MAX_VALUE_BYTES, 0])
async def test_a_value_of_an_allowed_size_is_taken(store, size):
    revision = await store.create(KEY, b"x" * size)
    await store.update(KEY, b"y" * size, expected=revision)
    assert (await store.get(KEY))[0].value == b"y" * size


async def test_a_value_over_the_limit_is_refused_clearly(store):
    with pytest.raises(ValueTooLarge, match=r"web would take 1,500,001 bytes"):
        await store.create(KEY, b"x" * (MAX_VALUE_BYTES + 1))
    revision = await store.create(KEY, b"1")
    with pytest.raises(ValueTooLarge):
        await store.update(KEY, b"x" * (MAX_VALUE_BYTES + 1), expected=revision)
    assert (await store.get(KEY))[0].value == b"1"


async def test_a_delete_removes_the_key(store):
    revision = await store.create(KEY, b"1")
    gone = await store.delete(KEY, expected=revision)
    assert await store.get(KEY) == (None, gone)


async def test_a_delete_without_precondition_removes_whatever_is_there(store):
    await store.update(KEY, b"2", expected=await store.create(KEY, b"1"))
    await store.delete(KEY)
    assert (await store.get(KEY))[0] is None


async def test_a_delete_of_another_revision_is_refused_and_shows_what_is_there(store):
    first = await store.create(KEY, b"1")
    second = await store.update(KEY, b"2", expected=first)
    with pytest.raises(RevisionMismatch) as refused:
        await store.delete(KEY, expected=first)
    assert refused.value.current == Item(KEY, b"2", second)


@pytest.mark.parametrize("expected", [0, 1])
async def test_a_delete_of_nothing_is_key_not_found(store, expected):
    with pytest.raises(KeyNotFound):
        await store.delete(KEY, expected=expected)


async def test_a_key_can_be_created_again_after_its_delete(store):
    first = await store.create(KEY, b"1")
    await store.delete(KEY)
    again = await store.create(KEY, b"2")
    assert again > first
    with pytest.raises(RevisionMismatch):
        await store.delete(KEY, expected=first)


async def test_a_delete_takes_no_key_beside_it(store):
    await store.create(KEY, b"1")
    await store.create(KEY + "-2", b"1")
    await store.create(KEY + "/log", b"1")
    await store.delete(KEY)
    page = await store.list("/")
    assert [item.key for item in page.items] == [KEY + "-2", KEY + "/log"]
