"""Where pods find the API."""

import asyncio

import pytest

from pyk8s.aio import clock
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.registry.endpoint import LIFETIME, RENEWED, endpoint_objects
from tests.apiserver.registry.running import running_registry
from tests.virtual import virtual_time

SLICES = "endpointslices.discovery.k8s.io"


def config(address, port=6443):
    return Config(advertise_address=address, advertise_port=port)


async def addresses(api):
    found = await api.get(SLICES, "default", "kubernetes")
    return [one["addresses"][0] for one in found.get("endpoints") or ()]


@virtual_time
async def test_a_server_is_among_the_endpoints_until_it_withdraws():
    async with running_registry(config=config("10.1.1.1")) as api:
        keeping = asyncio.ensure_future(api.real.keep())
        await clock.sleep(1)
        assert await addresses(api) == ["10.1.1.1"]
        endpoints = await api.get("endpoints", "default", "kubernetes")
        assert endpoints["subsets"][0]["ports"] == [{"name": "https", "port": 6443, "protocol": "TCP"}]
        keeping.cancel()
        await api.real.end()
        await api.real.end()


@virtual_time
async def test_a_quiet_server_writes_only_its_sign_of_life():
    async with running_registry(config=config("10.1.1.1")) as api:
        keeping = asyncio.ensure_future(api.real.keep())
        await clock.sleep(1)
        before = await api.store.revision()
        await clock.sleep(RENEWED * 3)
        assert await api.store.revision() == before + 3
        keeping.cancel()


@virtual_time
async def test_a_server_that_died_leaves_the_endpoints():
    async with running_registry(config=config("10.1.1.1")) as one:
        keeping = asyncio.ensure_future(one.real.keep())
        async with running_registry(one.store, config=config("10.1.1.2"), bootstrap=False) as two:
            dying = asyncio.ensure_future(two.real.keep())
            await clock.sleep(1)
            assert await addresses(one) == ["10.1.1.1", "10.1.1.2"]
            dying.cancel()
            await clock.sleep(LIFETIME + RENEWED + 5)
            assert await addresses(one) == ["10.1.1.1"]
        keeping.cancel()


@virtual_time
async def test_endpoints_that_somebody_spoiled_are_written_again():
    async with running_registry(config=config("10.1.1.1")) as api:
        keeping = asyncio.ensure_future(api.real.keep())
        await clock.sleep(1)
        await api.merge(SLICES, "default", "kubernetes", {"endpoints": []})
        await api.delete("endpoints", "default", "kubernetes")
        await clock.sleep(RENEWED + 1)
        assert await addresses(api) == ["10.1.1.1"]
        assert await api.names("endpoints", "default") == ["kubernetes"]
        keeping.cancel()


@virtual_time
async def test_the_service_that_somebody_deleted_comes_back_at_its_address():
    async with running_registry(config=config("10.1.1.1")) as api:
        keeping = asyncio.ensure_future(api.real.keep())
        await clock.sleep(1)
        before = await api.get("services", "default", "kubernetes")
        await api.delete("services", "default", "kubernetes")
        await clock.sleep(RENEWED + 1)
        after = await api.get("services", "default", "kubernetes")
        assert after["spec"]["clusterIP"] == before["spec"]["clusterIP"]
        assert after["metadata"]["uid"] != before["metadata"]["uid"]
        keeping.cancel()


@virtual_time
async def test_without_an_address_nothing_is_advertised():
    async with running_registry() as api:
        keeping = asyncio.ensure_future(api.real.keep())
        await clock.sleep(RENEWED * 2)
        assert await api.list(SLICES) == []
        keeping.cancel()
        await api.real.end()


@pytest.mark.parametrize(("given", "family"), [([], "IPv4"), (["10.1.1.1"], "IPv4"), (["fd00::1"], "IPv6")])
def test_the_slice_says_the_family_of_its_addresses(given, family):
    assert endpoint_objects(given, 443)[1]["addressType"] == family
