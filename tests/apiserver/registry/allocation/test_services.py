"""Addresses and node ports: each belongs to one service, and comes back."""

import asyncio
from random import Random

import pytest

from pyk8s.apiserver.registry.allocation.ranges import Band, address_band, port_band
from pyk8s.apiserver.registry.config import Config
from pyk8s.storage.interface import Unavailable
from tests.apiserver.registry.running import refused, running_registry

ADDRESSES = "ipaddresses.networking.k8s.io"
SMALL = Config(service_cidr="10.0.0.0/28", node_ports=(30000, 30003), account_wait=0.0)


@pytest.fixture
async def api():
    async with running_registry(config=SMALL, bootstrap=False, namespaces=["team"]) as made:
        yield made


def service(name="web", port=80, **spec):
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": port}], **spec}}


async def ports_of(api):
    await api.cacher.fresh()
    return sorted(int(one) for one in api.real.services.ports.names())


async def test_a_service_gets_an_address_that_stands_as_an_object(api):
    made = await api.create("services", "team", service())
    address = made["spec"]["clusterIP"]
    assert made["spec"]["clusterIPs"] == [address]
    (record,) = await api.list(ADDRESSES)
    assert record["metadata"]["name"] == address
    assert record["spec"]["parentRef"] == {"group": "", "resource": "services", "namespace": "team", "name": "web"}


async def test_a_named_address_is_given_once(api):
    await api.create("services", "team", service(clusterIP="10.0.0.5"))
    error = await refused(api.create("services", "team", service("other", clusterIP="10.0.0.5")))
    assert error.code == 422
    assert "provided IP is already allocated" in error.message


@pytest.mark.parametrize("address", ["10.0.1.5", "10.0.0.0", "10.0.0.15", "nonsense", "::1"])
async def test_an_address_outside_of_the_range_is_refused(api, address):
    error = await refused(api.create("services", "team", service(clusterIP=address)))
    assert error.code == 422
    assert await api.names(ADDRESSES) == []


async def test_no_address_is_given_twice_under_races(api):
    made = await asyncio.gather(*(api.create("services", "team", service(f"s{i}")) for i in range(13)))
    assert len({one["spec"]["clusterIP"] for one in made}) == 13
    error = await refused(api.create("services", "team", service("last")))
    assert "range is full" in error.message


async def test_two_servers_give_no_address_twice(api):
    async with running_registry(api.store, config=SMALL, bootstrap=False) as other:
        created = await asyncio.gather(
            *((api, other)[i % 2].create("services", "team", service(f"s{i}", type="NodePort")) for i in range(4))
        )
        assert len({one["spec"]["clusterIP"] for one in created}) == 4
        assert len({one["spec"]["ports"][0]["nodePort"] for one in created}) == 4


async def test_what_a_deleted_service_had_is_free_again(api):
    await api.create("services", "team", service(clusterIP="10.0.0.5", type="NodePort"))
    await api.delete("services", "team", "web")
    assert await api.names(ADDRESSES) == []
    assert await ports_of(api) == []
    await api.create("services", "team", service(clusterIP="10.0.0.5"))


async def test_a_create_that_fails_gives_everything_back(api):
    await api.create("services", "team", service(type="NodePort", clusterIP="10.0.0.5"))
    error = await refused(api.create("services", "team", service(type="NodePort", clusterIP="10.0.0.6")))
    assert error.reason == "AlreadyExists"
    await api.cacher.fresh()
    assert await api.names(ADDRESSES) == ["10.0.0.5"]
    assert len(await ports_of(api)) == 1


async def test_a_create_whose_outcome_nobody_knows_keeps_what_it_took(api, monkeypatch):
    plain = api.store.create

    async def create(key, value, *, lease=0):
        if key.startswith("/registry/services/"):
            raise Unavailable("no answer", unknown=True)
        return await plain(key, value, lease=lease)

    monkeypatch.setattr(api.store, "create", create)
    error = await refused(api.create("services", "team", service(clusterIP="10.0.0.5")))
    assert (error.reason, error.code) == ("ServerTimeout", 504)
    assert await api.names(ADDRESSES) == ["10.0.0.5"]


async def test_a_create_that_is_cancelled_on_its_way_keeps_what_it_took(api, monkeypatch):
    plain, reached = api.store.create, asyncio.Event()

    async def create(key, value, *, lease=0):
        revision = await plain(key, value, lease=lease)
        if key.startswith("/registry/services/"):
            reached.set()
            await asyncio.Event().wait()
        return revision

    monkeypatch.setattr(api.store, "create", create)
    asking = asyncio.ensure_future(api.create("services", "team", service(clusterIP="10.0.0.5")))
    await reached.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert await api.names(ADDRESSES) == ["10.0.0.5"]
    assert await api.names("services", "team") == ["web"]


async def test_a_dry_run_takes_nothing(api):
    made = await api.create("services", "team", service(type="NodePort"), dry_run=True)
    assert made["spec"]["clusterIP"]
    assert await api.names(ADDRESSES) == []
    assert await ports_of(api) == []


async def test_a_headless_service_has_no_address(api):
    made = await api.create("services", "team", service(clusterIP="None"))
    assert made["spec"]["clusterIP"] == "None"
    assert await api.names(ADDRESSES) == []


async def test_an_external_name_has_no_address(api):
    spec = {"type": "ExternalName", "externalName": "example.com"}
    made = await api.create("services", "team", {"metadata": {"name": "web"}, "spec": spec})
    assert "clusterIP" not in made["spec"]


async def test_node_ports_are_given_named_and_refused(api):
    first = await api.create("services", "team", service(type="NodePort"))
    assert 30000 <= first["spec"]["ports"][0]["nodePort"] <= 30003
    taken = first["spec"]["ports"][0]["nodePort"]
    ports = [{"port": 80, "nodePort": taken}]
    error = await refused(api.create("services", "team", service("other", type="NodePort", ports=ports)))
    assert "provided port is already allocated" in error.message
    ports = [{"port": 80, "nodePort": 80}]
    error = await refused(api.create("services", "team", service("other", type="NodePort", ports=ports)))
    assert "The range of valid ports is 30000-30003" in error.message


async def test_node_ports_run_out(api):
    ports = [{"name": f"p{i}", "port": 80 + i} for i in range(5)]
    error = await refused(api.create("services", "team", service(type="NodePort", ports=ports)))
    assert "failed to allocate a nodePort: range is full" in error.message
    assert await ports_of(api) == []
    assert await api.names(ADDRESSES) == []


async def test_two_protocols_of_one_port_share_a_node_port(api):
    ports = [{"name": p.lower(), "port": 53, "protocol": p} for p in ("TCP", "UDP")]
    made = await api.create("services", "team", service(type="NodePort", ports=ports))
    assert len({port["nodePort"] for port in made["spec"]["ports"]}) == 1
    assert len(await ports_of(api)) == 1


async def test_an_update_keeps_what_the_service_has(api):
    made = await api.create("services", "team", service(type="NodePort"))
    new = await api.update("services", "team", "web", service(type="NodePort", selector={"app": "web"}))
    assert new["spec"]["clusterIP"] == made["spec"]["clusterIP"]
    assert new["spec"]["ports"] == made["spec"]["ports"]


async def test_an_address_does_not_change(api):
    await api.create("services", "team", service(clusterIP="10.0.0.5"))
    error = await refused(api.merge("services", "team", "web", {"spec": {"clusterIP": "10.0.0.6", "clusterIPs": None}}))
    assert 'spec.clusterIPs[0]: Invalid value: ["10.0.0.6"]: may not change once set' in error.message
    assert await api.names(ADDRESSES) == ["10.0.0.5"]


async def test_a_service_that_becomes_a_cluster_ip_gives_its_node_port_back(api):
    await api.create("services", "team", service(type="NodePort"))
    new = await api.merge("services", "team", "web", {"spec": {"type": "ClusterIP"}})
    assert "nodePort" not in new["spec"]["ports"][0]
    assert await ports_of(api) == []


async def test_a_service_that_becomes_a_node_port_gets_one(api):
    await api.create("services", "team", service())
    new = await api.merge("services", "team", "web", {"spec": {"type": "NodePort"}})
    assert [new["spec"]["ports"][0]["nodePort"]] == await ports_of(api)


async def test_a_node_port_of_an_update_that_is_not_written_comes_back(api, monkeypatch):
    await api.create("services", "team", service())

    async def away(*_, **__):
        raise Unavailable("etcd is away")

    monkeypatch.setattr(type(api.store), "update", away)
    await refused(api.merge("services", "team", "web", {"spec": {"type": "NodePort"}}))
    assert await ports_of(api) == []


async def test_a_service_that_becomes_a_name_gives_its_address_back(api):
    await api.create("services", "team", service())
    change = {"spec": {"type": "ExternalName", "externalName": "example.com", "clusterIP": None, "clusterIPs": None}}
    await api.merge("services", "team", "web", change)
    assert await api.names(ADDRESSES) == []


async def test_a_balancer_that_asks_nodes_has_a_health_port(api):
    made = await api.create("services", "team", service(type="LoadBalancer", externalTrafficPolicy="Local"))
    number = made["spec"]["healthCheckNodePort"]
    assert number in await ports_of(api)
    new = await api.merge("services", "team", "web", {"spec": {"externalTrafficPolicy": "Cluster"}})
    assert "healthCheckNodePort" not in new["spec"]
    assert number not in await ports_of(api)


# Bands.


def test_high_numbers_are_tried_first_and_low_ones_last():
    band = Band(0, 99, 20)
    tried = list(band.candidates(lambda number: False, Random(1)))
    assert min(tried[:16]) >= 20
    assert tried[-20:] == list(range(20))
    assert set(tried) == set(range(100))


def test_what_is_taken_is_not_tried():
    assert list(Band(0, 3, 0).candidates(lambda number: number != 2, Random(1)))[-1:] == [2]
    assert list(Band(0, 3, 0).candidates(lambda number: True, Random(1))) == []


@pytest.mark.parametrize(
    ("cidr", "first", "last", "static"),
    [
        ("10.96.0.0/16", "10.96.0.1", "10.96.255.254", 256),
        ("10.96.0.0/24", "10.96.0.1", "10.96.0.254", 16),
        ("10.96.0.0/29", "10.96.0.1", "10.96.0.6", 0),
    ],
)
def test_the_network_and_broadcast_addresses_are_nobodys(cidr, first, last, static):
    from ipaddress import IPv4Address, IPv4Network

    band = address_band(IPv4Network(cidr))
    assert (str(IPv4Address(band.first)), str(IPv4Address(band.last)), band.static) == (first, last, static)


def test_the_usual_node_ports_leave_86_to_those_who_name_one():
    assert port_band(30000, 32767) == Band(30000, 32767, 86)
