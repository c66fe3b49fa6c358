"""Addresses and node ports after a crash."""

import asyncio
from datetime import UTC, datetime

import pytest

from pyk8s.aio import clock
from pyk8s.apiserver.registry.allocation.pool import UID, Holder
from pyk8s.apiserver.registry.allocation.repair import EVERY, Repair, keep_repaired, plan_repair, repair
from tests.apiserver.registry.allocation.test_services import ADDRESSES, SMALL, service
from tests.apiserver.registry.running import row, running_registry
from tests.virtual import virtual_time

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
WEB, DB = Holder("team", "web", "u1"), Holder("team", "db", "u2")
OLD, YOUNG = "2026-01-01T11:00:00Z", "2026-01-01T11:59:30Z"


def record(holder, since=OLD):
    parent = {"group": "", "resource": "services", "namespace": holder.namespace, "name": holder.name}
    metadata = {"name": "x", "creationTimestamp": since, "annotations": {UID: holder.uid}}
    return {"metadata": metadata, "spec": {"parentRef": parent}}


@pytest.mark.parametrize(
    ("records", "claims", "plan"),
    [
        pytest.param({"a": record(WEB)}, [("a", WEB)], Repair(), id="all is well"),
        pytest.param({}, [], Repair(), id="nothing there"),
        pytest.param({"a": record(WEB)}, [], Repair(free=("a",)), id="its service is gone"),
        pytest.param({"a": record(WEB, YOUNG)}, [], Repair(), id="its service may be on its way"),
        pytest.param({}, [("a", WEB)], Repair(take=(("a", WEB),)), id="a service lost its address"),
        pytest.param(
            {"a": record(DB)}, [("a", WEB)], Repair(free=("a",), take=(("a", WEB),)), id="another's name stands there"
        ),
        pytest.param(
            {"a": record(Holder("team", "web", "u0"))},
            [("a", WEB)],
            Repair(free=("a",), take=(("a", WEB),)),
            id="an earlier life of the service has it",
        ),
        pytest.param({"a": record(DB, YOUNG)}, [("a", WEB)], Repair(), id="too young to judge"),
        pytest.param({"a": record(WEB)}, [("a", WEB), ("a", DB)], Repair(disputed=(("a", DB),)), id="two have it"),
    ],
)
def test_plan_repair(records, claims, plan):
    assert plan_repair(records, claims, NOW) == plan


async def services(api):
    await api.cacher.fresh()
    return await api.list("services")


@virtual_time
async def test_what_a_crash_left_behind_is_put_right():
    async with running_registry(config=SMALL, bootstrap=False, namespaces=["team"]) as api:
        claims = api.real.services
        made = await api.create("services", "team", service(type="NodePort"))
        address, number = made["spec"]["clusterIP"], made["spec"]["ports"][0]["nodePort"]
        # A create that died after taking, and a service whose records were lost.
        await claims.addresses.take("10.0.0.14", Holder("team", "dead", "u9"))
        await claims.ports.take("30003" if number != 30003 else "30002", Holder("team", "dead", "u9"))
        await claims.addresses.give(address, Holder.of(made))
        await clock.sleep(120)
        await repair(claims, await services(api))
        await api.cacher.fresh()
        assert await api.names(ADDRESSES) == [address]
        assert claims.ports.names() == [str(number)]


@virtual_time
async def test_a_write_under_way_is_left_alone():
    async with running_registry(config=SMALL, bootstrap=False) as api:
        await api.real.services.addresses.take("10.0.0.14", WEB)
        await repair(api.real.services, await services(api))
        assert await api.names(ADDRESSES) == ["10.0.0.14"]


@virtual_time
async def test_rounds_go_on_after_one_that_failed():
    rounds = []

    async def failing():
        rounds.append(clock.monotonic())
        raise RuntimeError("away")

    async with running_registry(config=SMALL, bootstrap=False) as api:
        task = asyncio.ensure_future(keep_repaired(api.real.services, failing))
        await clock.sleep(EVERY * 2 + 1)
        task.cancel()
        assert len(rounds) == 3


def test_addresses_are_a_resource_of_the_api():
    assert row(ADDRESSES).kind == "IPAddress"
