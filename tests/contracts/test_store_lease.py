"""The promises of leases."""

import asyncio

import pytest

from pyk8s.storage.interface import LeaseNotFound
from tests.contracts.stores import fill, read

PODS = "/registry/pods/"


async def test_keys_under_a_lease_go_together_in_one_revision(store):
    start = await store.revision()
    lease = await store.grant(1)
    for name in "abc":
        await store.create(PODS + "a/" + name, b"1", lease=lease)
    await fill(store, ["stays"])
    async with asyncio.timeout(30):
        events = await read(store, start, count=7)
    gone = events[4:]
    assert {event.key[-1] for event in gone} == set("abc")
    assert {event.value for event in gone} == {None}
    assert len({event.revision for event in gone}) == 1
    assert [item.key.rpartition("/")[2] for item in (await store.list(PODS)).items] == ["stays"]


async def test_an_update_without_the_lease_makes_a_key_stay(store):
    start = await store.revision()
    lease = await store.grant(1)
    first = await store.create(PODS + "a/kept", b"1", lease=lease)
    await store.create(PODS + "a/gone", b"1", lease=lease)
    await store.update(PODS + "a/kept", b"2", expected=first)
    async with asyncio.timeout(30):
        events = await read(store, start, count=4)
    assert (events[3].key, events[3].value) == (PODS + "a/gone", None)
    assert (await store.get(PODS + "a/kept"))[0].value == b"2"


async def test_an_update_may_put_a_key_under_a_lease(store):
    first = await store.create(PODS + "a/x", b"1")
    lease = await store.grant(1)
    second = await store.update(PODS + "a/x", b"2", expected=first, lease=lease)
    async with asyncio.timeout(30):
        events = await read(store, second, count=1)
    assert events[0].value is None


async def test_a_lease_that_never_was_is_refused_and_nothing_written(store):
    with pytest.raises(LeaseNotFound):
        await store.create(PODS + "a/x", b"1", lease=4711)
    first = await store.create(PODS + "a/x", b"1")
    with pytest.raises(LeaseNotFound):
        await store.update(PODS + "a/x", b"2", expected=first, lease=4711)
    assert (await store.get(PODS + "a/x"))[0].value == b"1"
