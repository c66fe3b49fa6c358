"""Single objects in the store: tried again on what is there, and every refusal in the API's words."""

import pytest

from pyk8s.api.errors import ApiError, bad_request
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.objects import encode
from pyk8s.apiserver.registry.records import TRIES, Records, Stale, refusal, same
from pyk8s.storage.interface import LeaseNotFound, StorageError, Unavailable, ValueTooLarge
from pyk8s.storage.lease import Leases
from pyk8s.storage.memory import MemoryStore
from tests.apiserver.registry.running import refused, row

MAPS = row("configmaps")


class OldCache(Cacher):
    """A cache that sees nothing after `stop`."""

    async def stop(self):
        await self.close()


@pytest.fixture
async def store():
    made = MemoryStore()
    yield made
    await made.close()


@pytest.fixture
async def cache(store):
    made = OldCache(store)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def records(store, cache):
    return Records(store, cache, Leases(store))


def body(**data):
    return encode({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": data})


async def missing():
    return "missing"


async def test_an_act_on_an_old_version_is_tried_on_the_new_one(records, cache):
    first = await records.add(MAPS, "default", "a", body(k="1"))
    await cache.reach(first)
    await cache.stop()
    second = await records.replace(MAPS, "default", "a", body(k="2"), first)
    seen = []

    async def act(current, live):
        seen.append((current.revision, live))
        return await records.replace(MAPS, "default", "a", body(k="3"), current.revision)

    await records.attempt(MAPS, "default", "a", act, missing)
    assert seen == [(first, False), (second, True)]


async def test_a_refusal_of_an_old_version_is_judged_again_on_the_new_one(records, cache):
    first = await records.add(MAPS, "default", "a", body(k="bad"))
    await cache.reach(first)
    await cache.stop()
    await records.replace(MAPS, "default", "a", body(k="good"), first)

    async def act(current, live):
        if current.obj["data"]["k"] == "bad":
            raise bad_request("bad")
        return current.obj["data"]["k"]

    assert await records.attempt(MAPS, "default", "a", act, missing) == "good"


async def test_a_refusal_of_the_newest_version_is_final(records, cache):
    await cache.reach(await records.add(MAPS, "default", "a", body()))
    calls = []

    async def act(current, live):
        calls.append(live)
        raise bad_request("bad")

    assert (await refused(records.attempt(MAPS, "default", "a", act, missing))).message == "bad"
    assert calls == [False]


async def test_an_object_that_went_meanwhile_is_missing(records, cache):
    revision = await records.add(MAPS, "default", "a", body())
    await cache.reach(revision)
    await cache.stop()
    await records.remove(MAPS, "default", "a", revision)

    async def act(current, live):
        return await records.replace(MAPS, "default", "a", body(k="1"), current.revision)

    assert await records.attempt(MAPS, "default", "a", act, missing) == "missing"


async def test_a_change_that_never_wins_is_a_conflict_in_the_end(records, cache):
    await cache.reach(await records.add(MAPS, "default", "a", body()))
    tries = []

    async def act(current, live):
        tries.append(1)
        raise Stale(current)

    assert (await refused(records.attempt(MAPS, "default", "a", act, missing))).reason == "Conflict"
    assert len(tries) == TRIES


async def test_a_write_under_an_old_revision_is_stale(records):
    first = await records.add(MAPS, "default", "a", body())
    second = await records.replace(MAPS, "default", "a", body(k="1"), first)
    for act in (
        records.replace(MAPS, "default", "a", body(k="2"), first),
        records.remove(MAPS, "default", "a", first),
    ):
        with pytest.raises(Stale) as caught:
            await act
        assert caught.value.current.revision == second


async def test_a_write_to_what_is_gone_is_stale(records):
    for act in (records.replace(MAPS, "default", "a", body(), 1), records.remove(MAPS, "default", "a", 1)):
        with pytest.raises(Stale) as caught:
            await act
        assert caught.value.current is None


async def test_rewriting_changes_what_is_there_and_nothing_else(records):
    await records.add(MAPS, "default", "a", body(k="1"))
    await records.rewrite(MAPS, "default", "a", lambda obj: {**obj, "data": {"k": obj["data"]["k"] + "2"}})
    await records.rewrite(MAPS, "default", "b", lambda obj: {})
    assert (await records.stored(MAPS, "default", "a")).obj["data"] == {"k": "12"}
    assert await records.stored(MAPS, "default", "b") is None


async def test_a_lease_that_ran_out_is_replaced_by_a_new_one(store, cache):
    class OldLeases(Leases):
        given = 0

        async def take(self, seconds):
            self.given += 1
            return 999 if self.given == 1 else await super().take(seconds)

    leases = OldLeases(store)
    records = Records(store, cache, leases)
    assert await records.add(MAPS, "default", "a", body(), lifetime=60) > 0
    assert leases.given == 2


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ValueTooLarge("big"), 413, "RequestEntityTooLarge"),
        (Unavailable("away"), 503, "ServiceUnavailable"),
        (Unavailable("who knows", unknown=True), 504, "ServerTimeout"),
        (LeaseNotFound("gone"), 500, "InternalError"),
        (StorageError("odd"), 500, "InternalError"),
    ],
)
def test_what_the_store_refuses_is_said_in_the_apis_words(error, code, reason):
    said = refusal(error)
    assert (said.code, said.reason) == (code, reason)
    assert str(error) in said.message


async def test_a_store_that_is_closed_is_unavailable(store, records):
    await store.close()
    for act in (
        records.stored(MAPS, "default", "a"),
        records.add(MAPS, "default", "a", body()),
        records.replace(MAPS, "default", "a", body(), 1),
        records.remove(MAPS, "default", "a", 1),
    ):
        with pytest.raises(ApiError) as caught:
            await act
        assert caught.value.reason == "ServiceUnavailable"


def test_the_resource_version_does_not_count_as_a_change():
    one = {"metadata": {"name": "a", "resourceVersion": "1"}, "data": {}}
    assert same(one, {"metadata": {"name": "a"}, "data": {}})
    assert not same(one, {"metadata": {"name": "a"}, "data": {"k": "1"}})
    assert not same(one, {"metadata": {"name": "a", "labels": {}}, "data": {}})
