"""The proxy put together, on fake kernels of both families: what it hears decides what its keepers are told."""

import asyncio
from dataclasses import replace

import orjson
import pytest
import yaml

from pyk8s.aio import clock
from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, NODES, SERVICES
from pyk8s.client.fake import FakeClient
from pyk8s.kernel.conntrack.fake import FakeConntrack
from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.nftables.fake import FakeNftables
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.config import Config
from pyk8s.proxy.iptables.ruleset import SHARED, Ruleset
from pyk8s.proxy.nftables.ruleset import Ruleset as NftablesRuleset
from pyk8s.proxy.objects import decode_node
from pyk8s.proxy.plan import Settings
from pyk8s.proxy.sync import Proxy, serve
from tests.proxy.flows import hinted
from tests.proxy.services import at, endpoint_slice, service, service_body
from tests.virtual import virtual_time

CONFIG = Config("here", ("172.30.0.2", "fd30::2"), ("10.244.0.0/16", "fd44::/32"), families=(4, 6))


class Kernel(FakeIptables):
    """A fake one, both tables at once."""

    def survey(self):
        return {table: FakeIptables.survey(self, table) for table in ("nat", "filter")}


class Ground:
    """A proxy whose modes are all made of iptables rules; `settings` are those of each mode made, in order."""

    def __init__(self, config=CONFIG, addresses=("172.30.0.2", "fd30::2")):
        self.lacks = ()
        self.settings, self.kernels, self.addresses = [], {4: Kernel(), 6: Kernel()}, frozenset(addresses)
        self.proxy = Proxy(
            config,
            make=self.make,
            connections=lambda family: FakeConntrack(),
            addresses=lambda: self.addresses,
            in_thread=self.in_thread,
        )
        self.proxy._leftovers = lambda family: []

    async def in_thread(self, work, *arguments):
        await clock.sleep(0.01)
        return work(*arguments)

    def make(self, config, settings):
        if settings.family in self.lacks:
            raise Unsupported("ip6tables is not installed")
        self.settings.append((config.mode, settings))
        return Backend(config.mode, settings.family, Ruleset(settings), self.kernels[settings.family], SHARED)

    def modes(self):
        return {keeper.mode for keeper in self.proxy.keepers.values()}

    async def __aenter__(self):
        self.task = asyncio.create_task(self.proxy.keep())
        await clock.sleep(1)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def node(*addresses, zone="", taints=(), **metadata):
    labels = {"topology.kubernetes.io/zone": zone} if zone else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "here", "labels": labels} | metadata,
        "spec": {"taints": [{"key": each, "effect": "NoSchedule"} for each in taints], "podCIDRs": ["10.244.7.0/24"]},
        "status": {"addresses": [{"type": "InternalIP", "address": each} for each in addresses]},
    }


def decoded(body):
    return decode_node(orjson.dumps(body))


def kubeproxy(**fields):
    head = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"}
    return head | fields


@virtual_time
async def test_each_family_has_its_rules():
    ground = Ground()
    async with ground:
        two = ["10.96.0.20", "fd96::20"]
        ground.proxy.note_service(None, service("web", clusterIPs=two))
        ground.proxy.note_slice(None, endpoint_slice("web", at("10.244.1.5", "there")))
        ground.proxy.note_slice(None, endpoint_slice("web", at("fd44::1:5", "there"), name="six", family="IPv6"))
        await clock.sleep(1)
        told = {family: str(kernel.tables["nat"]) for family, kernel in ground.kernels.items()}
    assert "10.244.1.5:8080" in told[4] and "fd44" not in told[4]
    assert "[fd44::1:5]:8080" in told[6] and "10.244.1.5" not in told[6]


@virtual_time
async def test_what_a_proxy_of_another_mode_left_here_goes_once_ours_is_written():
    ground, left, former = Ground(), FakeNftables(), NftablesRuleset(Settings())
    left.run(former.whole(left.survey()))
    assert left.survey().exists
    leftover = Backend("nftables", 4, former, left, frozenset())
    ground.proxy._leftovers = lambda family: [leftover] if family == 4 else []
    async with ground:
        assert not left.survey().exists


@virtual_time
async def test_kube_proxys_configuration_changes_the_mode_live_and_back():
    async with Ground() as ground:
        ground.proxy.note_document(kubeproxy(mode="nftables"))
        await clock.sleep(1)
        assert ground.modes() == {"nftables"}
        ground.proxy.note_document(kubeproxy(mode="userspace"))
        await clock.sleep(1)
        assert ground.modes() == {"nftables"}
        ground.proxy.note_document(None)
        await clock.sleep(1)
        assert ground.modes() == {"iptables"}
        assert ground.proxy.health.mode() == "iptables"


@virtual_time
async def test_what_the_rules_do_not_depend_on_writes_nothing():
    async with Ground() as ground:
        before = len(ground.settings)
        ground.proxy.note_document(kubeproxy(metricsBindAddress="127.0.0.1:1"))
        ground.proxy.note_node(None, decoded(node("172.30.0.2")))
        await clock.sleep(1)
        assert len(ground.settings) == before


@virtual_time
async def test_addresses_that_come_are_noticed():
    async with Ground() as ground:
        ground.addresses = frozenset({"172.30.0.2", "172.31.0.9", "fd30::2"})
        await clock.sleep(CONFIG.resync + 1)
        assert ground.settings[-1][1].node_ports_on == ("172.30.0.2", "172.31.0.9")


@virtual_time
async def test_the_zone_of_the_node_decides_whose_endpoints_are_used():
    async with Ground() as ground:
        endpoints = hinted(at("10.244.1.5", "x"), zones=["a"]), hinted(at("10.244.2.5", "y"), zones=["b"])
        ground.proxy.note_service(None, service())
        ground.proxy.note_slice(None, endpoint_slice("web", *endpoints))
        ground.proxy.note_node(None, decoded(node("172.30.0.2", zone="b")))
        await clock.sleep(1)
        assert "10.244.1.5" not in str(ground.kernels[4].tables)
        assert "10.244.2.5" in str(ground.kernels[4].tables)


@virtual_time
async def test_pods_of_this_node_can_be_who_is_inside():
    async with Ground() as ground:
        ground.proxy.note_node(None, decoded(node("172.30.0.2")))
        ground.proxy.note_document(kubeproxy(detectLocalMode="NodeCIDR"))
        await clock.sleep(1)
        assert {made.cluster_ranges for _, made in ground.settings[-2:]} == {("10.244.7.0/24",), ()}


async def test_a_node_that_goes_away_is_no_place_for_new_connections():
    proxy = Ground().proxy
    for going in (node(taints=["ToBeDeletedByClusterAutoscaler"]), node(deletionTimestamp="2026-01-01T00:00:00Z")):
        proxy.note_node(None, decoded(node()))
        assert proxy.health.eligible
        proxy.note_node(None, decoded(going))
        assert not proxy.health.eligible


async def test_a_balancers_question_follows_service_and_slices():
    proxy = Ground().proxy
    spec = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000}
    made, endpoints = service("web", **spec), endpoint_slice("web", at("10.244.0.5"))
    proxy.note_service(None, made)
    proxy.note_slice(None, endpoints)
    assert proxy.checks._wanted["shop/web"].local == 1
    proxy.note_slice(endpoints, None)
    assert proxy.checks._wanted["shop/web"].local == 0
    proxy.note_service(made, None)
    assert proxy.checks._wanted == {}


@virtual_time
async def test_from_an_api_with_the_config_map_followed():
    client, ground, started = FakeClient(), Ground(), asyncio.Event()
    for name in ("shop", "kube-system"):
        await client.create(
            NAMESPACES, orjson.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        )
    await client.create(SERVICES.within("shop"), orjson.dumps(service_body()))
    await client.create(NODES, orjson.dumps(node("172.30.0.2")))

    def config_map(mode):
        data = {"config.conf": yaml.safe_dump(kubeproxy(mode=mode))}
        metadata = {"name": "kube-proxy", "namespace": "kube-system"}
        return orjson.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    maps = CONFIG_MAPS.within("kube-system")
    await client.create(maps, config_map("nftables"))
    task = asyncio.create_task(serve(ground.proxy, client, started.set))
    await started.wait()
    assert [mode for mode, _ in ground.settings] == ["nftables", "nftables"]
    await client.update(maps.of("kube-proxy"), config_map("iptables"))
    await clock.sleep(1)
    assert ground.modes() == {"iptables"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_a_family_that_was_not_asked_for_by_name_is_done_without():
    ground = Ground(replace(CONFIG, lenient=True))
    ground.lacks = (6,)
    async with ground:
        ground.proxy.note_service(None, service())
        ground.proxy.note_slice(None, endpoint_slice("web", at("10.244.1.5", "there")))
        await clock.sleep(1)
        assert "10.244.1.5:8080" in str(ground.kernels[4].tables)
        assert ground.proxy.health.well(clock.wall())


@virtual_time
async def test_a_family_that_was_asked_for_ends_the_proxy_when_it_cannot_be():
    ground = Ground()
    ground.lacks = (6,)
    with pytest.raises(Unsupported, match="ip6tables"):
        await ground.proxy.keep()


@virtual_time
async def test_settings_that_could_not_be_had_are_asked_for_again():
    async with Ground() as ground:
        ground.lacks = (4, 6)
        ground.proxy.note_document(kubeproxy(iptables={"masqueradeAll": True}))
        await clock.sleep(1)
        ground.lacks = ()
        await clock.sleep(CONFIG.resync + 1)
        assert ground.settings[-1][1].masquerade_all


@virtual_time
async def test_what_the_node_says_and_what_kube_proxys_configuration_says_combine_in_any_order():
    async with Ground() as ground:
        ground.proxy.note_document(kubeproxy(iptables={"masqueradeAll": True}))
        ground.proxy.rebase(replace(CONFIG, service_ranges=("10.97.0.0/16",)))
        await clock.sleep(1)
        newest = ground.settings[-2][1]
        assert (newest.masquerade_all, newest.service_ranges) == (True, ("10.97.0.0/16",))
        ground.proxy.note_document(kubeproxy(mode="nftables"))
        await clock.sleep(1)
        mode, newest = ground.settings[-2]
        assert (mode, newest.masquerade_all, newest.service_ranges) == ("nftables", False, ("10.97.0.0/16",))
        ground.proxy.note_document(None)
        await clock.sleep(1)
        mode, newest = ground.settings[-2]
        assert (mode, newest.service_ranges) == ("iptables", ("10.97.0.0/16",))


@virtual_time
async def test_the_primary_address_is_that_of_the_node_object_where_nobody_else_told_it():
    async with Ground(replace(CONFIG, addresses=("172.30.0.2",), mode="nftables")) as ground:
        assert {each.family: each.node_port_ranges for _, each in ground.settings}[6] == ()
        ground.proxy.note_node(None, decoded(node("172.30.0.9", "fd30::2")))
        await clock.sleep(1)
        newest = {each.family: each.node_port_ranges for _, each in ground.settings}
        assert newest == {4: ("172.30.0.2/32",), 6: ("fd30::2/128",)}
