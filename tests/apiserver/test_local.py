"""The client in the API server's own process; what all clients do is judged by tests/contracts."""

import asyncio

import orjson
import pytest

from pyk8s.api.refs import CONFIG_MAPS, PODS, Ref
from pyk8s.apiserver.local import LocalClient
from pyk8s.apiserver.request import Answer, User
from pyk8s.client.interface import PatchType
from tests.apiserver.makers import RESOURCES, Recorder, refused
from tests.apiserver.registry.running import running_registry

ALICE = User("alice")
MAPS = CONFIG_MAPS.within("default")


@pytest.fixture
def handler():
    return Recorder(Answer(b'{"kind":"ConfigMap"}'))


@pytest.fixture
def client(handler):
    return LocalClient(handler, ALICE, RESOURCES)


async def test_every_request_carries_the_user(client, handler):
    await client.get(MAPS.of("a"))
    (asked,) = handler.asked
    assert (asked.user, asked.verb, asked.namespace, asked.name) == (ALICE, "get", "default", "a")
    assert asked.resource.plural == "configmaps"


async def test_what_is_said_beside_the_object_is_passed_on(client, handler):
    await client.patch(PODS.of("web", "default").sub("status"), b"{}", PatchType.STRATEGIC, strict=True, manager="me")
    await client.delete(
        MAPS.of("a"), grace_seconds=3, propagation="Orphan", uid="u", resource_version="7", dry_run=True
    )
    patch, delete = handler.asked
    assert (patch.subresource, patch.options.patch_type) == ("status", PatchType.STRATEGIC)
    assert (patch.options.field_validation, patch.options.manager) == ("Strict", "me")
    options = delete.options
    assert (options.grace_seconds, options.propagation, options.uid) == (3, "Orphan", "u")
    assert (options.resource_version, options.dry_run) == ("7", True)


async def test_a_resource_that_is_not_served_is_not_found(client):
    error = await refused(client.get(Ref("example.com", "v1", "things", "default", "a")))
    assert error.reason == "NotFound"


async def test_a_closed_client_asks_nothing(client, handler):
    await client.close()
    assert (await refused(client.get(MAPS.of("a")))).reason == "ServiceUnavailable"
    assert handler.asked == []


async def test_a_watch_that_is_left_is_let_go():
    async with running_registry(namespaces=["default"]) as api:
        client = LocalClient(api.handle, api.user, RESOURCES)
        stream = client.watch(MAPS, resource_version="")
        waiting = asyncio.ensure_future(anext(stream))
        await client.create(MAPS, orjson.dumps({"metadata": {"name": "a"}}))
        async with asyncio.timeout(30):
            await waiting
        audience = api.cacher._feed.collection("configmaps").audience
        assert len(list(audience)) == 1
        await stream.aclose()
        assert len(list(audience)) == 0
