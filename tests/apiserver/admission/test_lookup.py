"""What admission reads of other objects."""

import asyncio

import pytest

from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, PODS, SERVICE_ACCOUNTS, Ref
from pyk8s.apiserver.admission import lookup as lookups
from pyk8s.apiserver.admission.lookup import spec_of
from tests.apiserver.registry.running import pod, running_registry

LIMITS = Ref("", "v1", "limitranges")


@pytest.fixture
async def api():
    async with running_registry(namespaces=["default"]) as made:
        yield made


@pytest.fixture
def lookup(api):
    return api.real.lookup


async def test_an_object_is_decoded_once_for_each_version(api, lookup):
    await api.create("configmaps", "default", name="a")
    await api.cacher.fresh()
    first = lookup.peek(CONFIG_MAPS, "default", "a")
    assert lookup.peek(CONFIG_MAPS, "default", "a") is first
    await api.merge("configmaps", "default", "a", {"data": {"k": "1"}})
    await api.cacher.fresh()
    assert lookup.peek(CONFIG_MAPS, "default", "a")["data"] == {"k": "1"}


async def test_what_the_cache_has_not_seen_yet_is_read_from_the_store(api, lookup):
    await api.create("configmaps", "default", name="a")
    assert (await lookup.find(CONFIG_MAPS, "default", "a"))["metadata"]["name"] == "a"
    assert await lookup.find(CONFIG_MAPS, "default", "b") is None


async def test_no_more_than_so_many_objects_are_remembered(api, lookup, monkeypatch):
    monkeypatch.setattr(lookups, "REMEMBERED", 2)
    for name in ("a", "b", "c"):
        await api.create("configmaps", "default", name=name)
    await api.cacher.fresh()
    for name in ("a", "b", "c"):
        assert lookup.peek(CONFIG_MAPS, "default", name)["metadata"]["name"] == name
    assert len(lookup._decoded) == 2


async def test_small_collections_follow_every_change(api, lookup):
    await api.namespace("team")
    assert lookup.every(LIMITS, "default") == ()
    for namespace, name in (("default", "b"), ("default", "a"), ("team", "c")):
        await api.create("limitranges", namespace, {"metadata": {"name": name}, "spec": {"limits": []}})
    names = [one["metadata"]["name"] for one in lookup.every(LIMITS, "default")]
    assert names == ["a", "b"]
    await api.delete("limitranges", "default", "a")
    await api.delete("limitranges", "default", "b")
    await api.cacher.fresh()
    assert lookup.every(LIMITS, "default") == ()
    assert len(lookup.every(LIMITS, "team")) == 1


async def test_other_collections_are_read_from_the_cache(api, lookup):
    await api.create("pods", "default", pod())
    await lookup.fresh()
    assert [one["metadata"]["name"] for one in lookup.every(PODS, "default")] == ["web"]
    assert len(lookup.every(NAMESPACES)) == 4


async def test_an_object_that_comes_in_time_is_waited_for(api, lookup):
    waiting = asyncio.ensure_future(lookup.await_one(SERVICE_ACCOUNTS, "default", "late", 5.0))
    await asyncio.sleep(0)
    await api.create("serviceaccounts", "default", name="other")
    await api.create("serviceaccounts", "default", name="late")
    assert (await waiting)["metadata"]["name"] == "late"


async def test_an_object_that_does_not_come_is_given_up(lookup):
    assert await lookup.await_one(SERVICE_ACCOUNTS, "default", "never", 0.01) is None


def test_kinds_are_found_by_their_full_names(lookup):
    found = lookup.kinds(["pods", "deployments.apps", "events", "nonsense", "deployments"])
    assert [(one.group, one.plural) for one in found] == [("", "events"), ("", "pods"), ("apps", "deployments")]


def test_an_object_without_a_spec_has_an_empty_one():
    assert spec_of({}) == {}
    assert spec_of({"spec": {"a": 1}}) == {"a": 1}
