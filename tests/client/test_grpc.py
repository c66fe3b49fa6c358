"""What only the client over gRPC has: warnings, tokens, and coming back after the server was away."""

import asyncio

import orjson
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS
from pyk8s.client.caller import Caller
from pyk8s.client.fake import FakeClient
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from tests.client.door import Door, opened

MAPS = CONFIG_MAPS.within("default")
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}


async def test_warnings_are_told(tmp_path):
    warnings = []
    async with opened(Door(FakeClient()), tmp_path) as connection:
        client = GrpcClient.connect(connection, warned=warnings.append)
        await client.create(MAPS, orjson.dumps(MAP))
        await client.close()
    assert warnings == ["as you like"]


async def test_a_token_travels_with_every_call(tmp_path):
    door = Door(FakeClient())
    async with opened(door, tmp_path) as connection:
        client = GrpcClient(GrpcClient.connect(connection).channel, caller=Caller("secret"))
        with pytest.raises(ApiError):
            await client.get(MAPS.of("nowhere"))
        await client.close()
    assert door.seen[0]["authorization"] == "Bearer secret"


async def test_a_raw_path_is_answered(tmp_path):
    async with opened(Door(FakeClient()), tmp_path) as connection:
        client = GrpcClient.connect(connection)
        assert await client.raw("/version") == b"/version"
        await client.close()


async def test_a_server_that_is_away_is_unavailable(tmp_path):
    async with opened(Door(FakeClient()), tmp_path) as connection:
        pass
    client = GrpcClient.connect(connection)
    with pytest.raises(ApiError) as caught:
        await client.get(MAPS.of("settings"))
    assert caught.value.reason == "ServiceUnavailable"
    await client.close()


async def test_an_informer_over_grpc_survives_the_end_of_its_streams(tmp_path):
    backend = FakeClient()
    async with opened(Door(backend), tmp_path) as connection:
        client = GrpcClient.connect(connection)
        informer = Informer(client, CONFIG_MAPS)
        seen = asyncio.Queue()
        informer.on_change(lambda old, new: seen.put_nowait(new["metadata"]["name"]))
        task = asyncio.create_task(informer.run())
        async with asyncio.timeout(30):
            await informer.synced()
            await backend.create(MAPS, orjson.dumps(MAP))
            assert await seen.get() == "settings"
            backend.api.end_watches()
            other = {**MAP, "metadata": {"name": "other"}}
            await backend.create(MAPS, orjson.dumps(other))
            assert await seen.get() == "other"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await client.close()
