import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.values import Remove as RemoveChain
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer, Remove
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.kernel.route.values import Put, Route
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
from pyk8s.network.keeper import ABANDONED_SECONDS, Keeper
from pyk8s.network.masquerade import MASQUERADE
from pyk8s.network.nodes import PROTOCOL, Node
from pyk8s.network.plan import host_link
from tests.network.fakes import FakeHands

HERE = Node("a", ("172.30.0.2",), ("10.244.0.0/24",))
THERE = Node("b", ("172.30.0.3",), ("10.244.1.0/24",))


@pytest.fixture
def settings(tmp_path):
    config = {
        "nodeName": "a",
        "nodeIP": "172.30.0.2",
        "clusterCIDR": "10.244.0.0/16",
        "cni": {"confDir": str(tmp_path / "conf"), "stateDir": str(tmp_path / "state")},
    }
    return Config.read(config)


@pytest.fixture
def hands(tmp_path):
    made = FakeHands(tmp_path, "/ns/1")
    made.links.run((Add(Link("eth0", "veth", mtu=1450, peer=Peer("up"))), AddAddress("eth0", "172.30.0.2/24")))
    return made


@pytest.fixture
def keeper(settings, hands):
    return Keeper(settings, hands.rules)


def conflist(settings):
    file = Path(settings.configuration_folder) / "10-pyk8s.conflist"
    return json.loads(file.read_bytes()) if file.exists() else None


def test_a_node_with_a_range_gets_bridge_rules_routes_and_configuration(keeper, hands, settings):
    keeper.bring([HERE, THERE], hands, thorough=True)
    bridge = hands.links.observe()["cni0"]
    assert (bridge.addresses, bridge.mtu) == (("10.244.0.1/24",), 1450)
    assert [(route.destination, route.gateway) for route in hands.routes.observe()] == [("10.244.1.0/24", "172.30.0.3")]
    assert hands.sysctls["net/bridge/bridge-nf-call-iptables"] == "1"
    (plugin,) = conflist(settings)["plugins"]
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.244.0.0/24"}]]
    assert plugin["mtu"] == 1450


def test_without_a_range_pods_cannot_come_but_routes_are_set(keeper, hands, settings):
    keeper.bring([replace(HERE, ranges=()), THERE], hands, thorough=True)
    assert conflist(settings) is None
    assert "cni0" not in hands.links.observe()
    assert len(hands.routes.observe()) == 1


def test_a_second_round_changes_nothing(keeper, hands):
    keeper.bring([HERE, THERE], hands, thorough=True)
    count = len(hands.rules.transactions)
    hands.links.run = hands.routes.run = lambda actions, netns="": pytest.fail(f"{actions}") if actions else None
    for thorough in (False, True):
        keeper.bring([HERE, THERE], hands, thorough=thorough)
    assert len(hands.rules.transactions) == count


def test_a_node_that_came_gets_a_route_and_an_exception_and_loses_both_with_it(keeper, hands):
    keeper.bring([HERE], hands, thorough=True)
    alone = hands.rules.tables["nat"][MASQUERADE]
    keeper.bring([HERE, THERE], hands, thorough=False)
    assert len(hands.rules.tables["nat"][MASQUERADE]) == len(alone) + 1
    keeper.bring([HERE], hands, thorough=False)
    assert hands.rules.tables["nat"][MASQUERADE] == alone
    assert hands.routes.observe() == ()


def test_routes_of_others_stay(keeper, hands):
    theirs = Route("10.244.9.0/24", "172.30.0.1", protocol=4)
    hands.routes.run((Put(theirs), Put(Route("10.244.8.0/24", "172.30.0.9", protocol=PROTOCOL))))
    keeper.bring([HERE], hands, thorough=True)
    assert hands.routes.observe() == (theirs,)


def test_what_somebody_removed_by_hand_comes_back_in_a_thorough_round(keeper, hands):
    keeper.bring([HERE, THERE], hands, thorough=True)
    hands.links.run((Remove("cni0"),))
    hands.routes.spaces[""].clear()
    withdraw = [("nat", "POSTROUTING"), ("filter", "FORWARD")]
    tables = {table: dict(chains) for table, chains in hands.rules.tables.items()}
    for table, chain in withdraw:
        tables[table][chain] = ()
    hands.rules.tables = tables
    hands.rules.run((RemoveChain("nat", MASQUERADE),))
    keeper.bring([HERE, THERE], hands, thorough=True)
    assert "cni0" in hands.links.observe()
    assert len(hands.routes.observe()) == 1
    assert hands.rules.tables["nat"][MASQUERADE]
    assert all(hands.rules.tables[table][chain] for table, chain in withdraw)


def test_pods_are_put_back_on_a_bridge_that_was_made_again(keeper, hands, settings):
    store = Store(settings.addresses_folder, "pyk8s")
    keeper.bring([HERE], hands, thorough=True)
    store.reserve(("c1", "eth0"), ((Pool.of("10.244.0.0/24"),),))
    name = host_link("c1", "eth0")
    hands.links.run((Add(Link(name, "veth", master="cni0", peer=Peer("eth0", "/ns/1"))), Change(name, hairpin=True)))
    hands.links.run((Remove("cni0"),))
    keeper.bring([HERE], hands, thorough=True)
    port = hands.links.observe()[name]
    assert (port.master, port.hairpin) == ("cni0", True)


def test_addresses_of_pods_that_are_gone_without_a_del_come_back_when_they_are_old(keeper, hands, settings):
    store = Store(settings.addresses_folder, "pyk8s")
    pool = ((Pool.of("10.244.0.0/24"),),)
    for name in ("alive", "lost", "coming"):
        store.reserve((name, "eth0"), pool)
    hands.links.run((Add(Link(host_link("alive", "eth0"), "veth", peer=Peer("eth0", "/ns/1"))),))
    for number in (2, 3):
        file = store.path / f"10.244.0.{number}"
        old = file.stat().st_mtime - ABANDONED_SECONDS - 1
        os.utime(file, (old, old))
    keeper.bring([HERE], hands, thorough=True)
    assert {owner for owner, _ in store.held().values()} == {"alive", "coming"}


def test_one_route_that_is_refused_does_not_keep_the_others_from_being_set(keeper, hands):
    hands.routes = FakeRoutes(reachable=lambda gateway: gateway != "172.30.0.3")
    third = Node("c", ("172.30.0.4",), ("10.244.2.0/24",))
    with pytest.raises(Refused, match=r"172\.30\.0\.3"):
        keeper.bring([HERE, THERE, third], hands, thorough=True)
    assert [route.gateway for route in hands.routes.observe()] == ["172.30.0.4"]


def test_two_nodes_with_one_range_are_refused_by_name(keeper, hands, settings):
    with pytest.raises(RangesClash, match=r"node b claims 10\.244\.0\.0/24"):
        keeper.bring([HERE, replace(THERE, ranges=HERE.ranges)], hands, thorough=True)
    assert conflist(settings) is None


def test_a_setting_that_cannot_be_made_does_not_stop_the_node(keeper, hands, settings):
    def refuse(name, value):
        raise Refused(f"sysctl {name}", 30)

    hands.sysctl = refuse
    keeper.bring([HERE], hands, thorough=True)
    assert conflist(settings) is not None


@pytest.mark.parametrize("key", ["nodeName", "nodeIP"])
def test_a_configuration_without_its_node_is_refused_by_key(key):
    with pytest.raises(ValueError, match=key):
        Config.read({"nodeName": "a", "nodeIP": "172.30.0.2"} | {key: ""})
