import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables.fake import EMPTY
from pyk8s.kernel.iptables.values import Remove as RemoveChain
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer, Remove
from pyk8s.kernel.pair.fake import FakePairs
from pyk8s.kernel.route.fake import FakeRoutes
from pyk8s.kernel.route.values import Put, Route
from pyk8s.network.bridge import BridgeTaken
from pyk8s.network.conf import HostPort
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Pool
from pyk8s.network.keeper import ABANDONED_SECONDS, Keeper
from pyk8s.network.masquerade import MASQUERADE
from pyk8s.network.nodes import Node
from pyk8s.network.plan import host_link
from pyk8s.network.portmap import Mapping
from pyk8s.network.waykeeper import LINGER_SECONDS, WayKeeper
from pyk8s.network.ways.values import PROTOCOL
from pyk8s.network.ways.values import Settings as Vxlan
from pyk8s.network.ways.vxlan import mac_of_vtep
from tests.network.fakeground import FakeGround

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
def ground(tmp_path):
    made = FakeGround(tmp_path, "/ns/1")
    made.links.run((Add(Link("eth0", "veth", mtu=1450, peer=Peer("up"))), AddAddress("eth0", "172.30.0.2/24")))
    return made


@pytest.fixture
def keeper(settings):
    return Sides(settings)


class Sides:
    """Both sides of a node's network, one after the other."""

    def __init__(self, settings):
        self.ways, self.pods = WayKeeper(settings), Keeper(settings)

    def bring(self, nodes, backend, ground, *, thorough, now):
        outcome = self.ways.bring(nodes, backend, ground, now=now)
        if outcome.failures:
            raise outcome.failures[0]
        self.pods.bring(nodes, backend, ground, thorough=thorough)
        return outcome


def conflist(settings):
    file = Path(settings.configuration_folder) / "10-pyk8s.conflist"
    return json.loads(file.read_bytes()) if file.exists() else None


def test_a_node_with_a_range_gets_bridge_rules_routes_and_configuration(keeper, ground, settings):
    keeper.bring([HERE, THERE], "host-gw", ground, thorough=True, now=0.0)
    bridge = ground.links.observe()["cni0"]
    assert (bridge.addresses, bridge.mtu) == (("10.244.0.1/24",), 1450)
    assert [(route.destination, route.gateway) for route in ground.routes.observe()] == [
        ("10.244.1.0/24", "172.30.0.3")
    ]
    assert ground.sysctls["net/bridge/bridge-nf-call-iptables"] == "1"
    (plugin,) = conflist(settings)["plugins"]
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.244.0.0/24"}]]
    assert plugin["mtu"] == 1450


def test_without_a_range_pods_cannot_come_but_routes_are_set(keeper, ground, settings):
    keeper.bring([replace(HERE, ranges=()), THERE], "host-gw", ground, thorough=True, now=0.0)
    assert conflist(settings) is None
    assert "cni0" not in ground.links.observe()
    assert len(ground.routes.observe()) == 1


def test_a_second_round_changes_nothing(keeper, ground):
    keeper.bring([HERE, THERE], "host-gw", ground, thorough=True, now=0.0)
    count = len(ground.rules[4].transactions)
    ground.links.run = ground.routes.run = lambda actions, netns="": pytest.fail(f"{actions}") if actions else None
    for thorough in (False, True):
        keeper.bring([HERE, THERE], "host-gw", ground, thorough=thorough, now=0.0)
    assert len(ground.rules[4].transactions) == count


def test_a_node_that_came_gets_a_route_and_an_exception_and_loses_both_with_it(keeper, ground):
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    alone = ground.rules[4].tables["nat"][MASQUERADE]
    keeper.bring([HERE, THERE], "host-gw", ground, thorough=False, now=0.0)
    assert len(ground.rules[4].tables["nat"][MASQUERADE]) == len(alone) + 1
    keeper.bring([HERE], "host-gw", ground, thorough=False, now=0.0)
    assert ground.rules[4].tables["nat"][MASQUERADE] == alone
    assert ground.routes.observe() == ()


def test_routes_of_others_stay(keeper, ground):
    theirs = Route("10.244.9.0/24", "172.30.0.1", protocol=4)
    ground.routes.run((Put(theirs), Put(Route("10.244.8.0/24", "172.30.0.9", protocol=PROTOCOL))))
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert ground.routes.observe() == (theirs,)


def test_what_somebody_removed_by_hand_comes_back_in_a_thorough_round(keeper, ground):
    keeper.bring([HERE, THERE], "host-gw", ground, thorough=True, now=0.0)
    ground.links.run((Remove("cni0"),))
    ground.routes.spaces[""].clear()
    withdraw = [("nat", "POSTROUTING"), ("filter", "FORWARD")]
    tables = {table: dict(chains) for table, chains in ground.rules[4].tables.items()}
    for table, chain in withdraw:
        tables[table][chain] = ()
    ground.rules[4].tables = tables
    ground.rules[4].run((RemoveChain("nat", MASQUERADE),))
    keeper.bring([HERE, THERE], "host-gw", ground, thorough=True, now=0.0)
    assert "cni0" in ground.links.observe()
    assert len(ground.routes.observe()) == 1
    assert ground.rules[4].tables["nat"][MASQUERADE]
    assert all(ground.rules[4].tables[table][chain] for table, chain in withdraw)


def test_rules_that_were_refused_are_read_anew_by_the_next_round(keeper, ground):
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    rules = ground.rules[4]
    wanted, run = rules.tables, rules.run

    def refuse(_):
        raise Refused("restore", 1)

    rules.run = refuse
    with pytest.raises(Refused):
        keeper.bring([HERE, THERE], "host-gw", ground, thorough=False, now=0.0)
    rules.run, rules.tables = run, EMPTY  # why it was refused: somebody has taken everything away
    keeper.bring([HERE], "host-gw", ground, thorough=False, now=0.0)
    assert rules.tables == wanted


def test_pods_are_put_back_on_a_bridge_that_was_made_again(keeper, ground, settings):
    store = Store(settings.addresses_folder, "pyk8s")
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    store.reserve(("c1", "eth0"), ((Pool.of("10.244.0.0/24"),),))
    name = host_link("c1", "eth0")
    ground.links.run((Add(Link(name, "veth", master="cni0", peer=Peer("eth0", "/ns/1"))), Change(name, hairpin=True)))
    ground.links.run((Remove("cni0"),))
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    port = ground.links.observe()[name]
    assert (port.master, port.hairpin) == ("cni0", True)


def test_addresses_of_pods_that_are_gone_without_a_del_come_back_when_they_are_old(keeper, ground, settings):
    store = Store(settings.addresses_folder, "pyk8s")
    pool = ((Pool.of("10.244.0.0/24"),),)
    for name in ("alive", "lost", "coming"):
        store.reserve((name, "eth0"), pool)
    ground.links.run((Add(Link(host_link("alive", "eth0"), "veth", peer=Peer("eth0", "/ns/1"))),))
    for number in (2, 3):
        file = store.path / f"10.244.0.{number}"
        old = file.stat().st_mtime - ABANDONED_SECONDS - 1
        os.utime(file, (old, old))
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert {owner for owner, _ in store.held().values()} == {"alive", "coming"}


def test_one_route_that_is_refused_does_not_keep_the_others_from_being_set(keeper, ground):
    ground.routes = FakeRoutes(reachable=lambda gateway: gateway != "172.30.0.3")
    third = Node("c", ("172.30.0.4",), ("10.244.2.0/24",))
    with pytest.raises(Refused, match=r"172\.30\.0\.3"):
        keeper.bring([HERE, THERE, third], "host-gw", ground, thorough=True, now=0.0)
    assert [route.gateway for route in ground.routes.observe()] == ["172.30.0.4"]


def test_a_node_behind_a_router_is_told_of_though_no_route_to_it_can_be_set_yet(settings, ground):
    ground.routes = FakeRoutes(reachable=lambda gateway: False)
    keeper = WayKeeper(settings)
    outcome = keeper.bring([HERE, THERE], "vxlan", ground, now=0.0)
    assert [each.number for each in outcome.failures] == [errno.ENETUNREACH]
    assert (outcome.vtep, outcome.links) == (mac_of_vtep("a"), {"cni0", "eth0", "pyk8s.1"})
    assert outcome.indexes == {ground.links.index("pyk8s.1")}
    assert keeper.bring([HERE, FAR], "vxlan", ground, now=1.0).failures == ()
    assert [route.device for route in ground.routes.observe()] == ["pyk8s.1"]


def test_a_vxlan_link_that_cannot_be_made_is_not_told_of(settings, ground):
    def refuse(transaction, netns=""):
        if transaction:
            raise Refused("add pyk8s.1", errno.EOPNOTSUPP)

    ground.links.run = refuse
    outcome = WayKeeper(settings).bring([HERE, FAR], "vxlan", ground, now=0.0)
    assert (outcome.vtep, outcome.indexes, outcome.failures[0].number) == ("", frozenset(), errno.EOPNOTSUPP)


def test_a_way_back_that_cannot_be_gone_takes_nothing_away(settings, ground):
    told = replace(HERE, vtep=mac_of_vtep("a"))
    keeper = WayKeeper(settings)
    keeper.bring([told, FAR], "vxlan", ground, now=0.0)
    held = ground.routes.spaces
    ground.routes = FakeRoutes(reachable=lambda gateway: False)
    ground.routes.spaces = held
    for now in (0.0, LINGER_SECONDS, 2 * LINGER_SECONDS):
        outcome = keeper.bring([told, FAR], "host-gw", ground, now=now)
        assert (outcome.vtep, len(outcome.failures)) == (told.vtep, 1)
    assert "pyk8s.1" in ground.links.observe()
    assert [route.device for route in ground.routes.observe()] == ["pyk8s.1"]


def test_two_nodes_with_one_range_are_refused_by_name(keeper, ground, settings):
    with pytest.raises(RangesClash, match=r"node b claims 10\.244\.0\.0/24"):
        keeper.bring([HERE, replace(THERE, ranges=HERE.ranges)], "host-gw", ground, thorough=True, now=0.0)
    assert conflist(settings) is None


def test_a_setting_that_cannot_be_made_does_not_stop_the_node(keeper, ground, settings):
    def refuse(name, value):
        raise Refused(f"sysctl {name}", 30)

    ground.sysctl = refuse
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert conflist(settings) is not None


# Two families.

BOTH = Node("a", ("172.30.0.2", "fd30::2"), ("10.244.0.0/24", "fd44:0:0:100::/64"))
OTHER = Node("b", ("172.30.0.3", "fd30::3"), ("10.244.1.0/24", "fd44:0:0:101::/64"))


@pytest.fixture
def dual(settings, ground):
    ground.links.run((AddAddress("eth0", "fd30::2/64"),))
    return Sides(replace(settings, addresses=BOTH.addresses, cluster_ranges=("10.244.0.0/16", "fd44:0:0:100::/56")))


def test_a_node_of_two_families_has_both_on_its_bridge_in_its_routes_rules_and_configuration(dual, ground, settings):
    dual.bring([BOTH, OTHER], "host-gw", ground, thorough=True, now=0.0)
    assert ground.links.observe()["cni0"].addresses == ("10.244.0.1/24", "fd44:0:0:100::1/64")
    assert [(route.destination, route.gateway) for route in ground.routes.observe()] == [
        ("10.244.1.0/24", "172.30.0.3"),
        ("fd44:0:0:101::/64", "fd30::3"),
    ]
    assert all(ground.rules[family].tables["nat"][MASQUERADE] for family in (4, 6))
    assert ground.sysctls["net/ipv6/conf/all/forwarding"] == "1"
    (plugin,) = conflist(settings)["plugins"]
    assert plugin["ipam"]["ranges"] == [[{"subnet": "10.244.0.0/24"}], [{"subnet": "fd44:0:0:100::/64"}]]


def test_a_node_of_ipv6_alone_leaves_ipv4_as_it_is(dual, ground):
    dual.bring([replace(BOTH, ranges=BOTH.ranges[1:])], "host-gw", ground, thorough=True, now=0.0)
    assert MASQUERADE not in ground.rules[4].tables.get("nat", {})
    assert "net/ipv4/ip_forward" not in ground.sysctls


# From one way to another.

FAR = replace(THERE, vtep="0a:5a:00:00:00:0b")


def test_vxlan_has_a_link_of_its_own_and_leaves_pods_less_room(keeper, ground, settings):
    outcome = keeper.bring([HERE, FAR], "vxlan", ground, thorough=True, now=0.0)
    vtep = ground.links.observe()["pyk8s.1"]
    assert (vtep.addresses, vtep.mtu, vtep.mac) == (("10.244.0.0/32",), 1400, mac_of_vtep("a"))
    assert (outcome.vtep, outcome.links) == (mac_of_vtep("a"), {"cni0", "eth0", "pyk8s.1"})
    assert outcome.indexes == {ground.links.index("pyk8s.1")}
    assert len(ground.neighbours.observe(["pyk8s.1"])) == 2
    assert [(route.destination, route.gateway, route.device) for route in ground.routes.observe()] == [
        ("10.244.1.0/24", "10.244.1.0", "pyk8s.1")
    ]
    assert ground.links.observe()["cni0"].mtu == conflist(settings)["plugins"][0]["mtu"] == 1400


def test_pods_of_before_a_change_get_the_mtu_of_those_after_it(keeper, ground, settings):
    store = Store(settings.addresses_folder, "pyk8s")
    for name, place in (("near", "/ns/1"), ("far", "/ns/2")):
        ground.links.spaces.setdefault(place, {})
        store.reserve((name, "eth0"), ((Pool.of("10.244.0.0/24"),),))
        pair = Link(host_link(name, "eth0"), "veth", mtu=1450, peer=Peer("eth0", place))
        ground.links.run((Add(pair),))
    ground.pairs = FakePairs(ground.links, unseen=["/ns/2"])
    asked, fit = [], ground.pairs.fit
    ground.pairs.fit = lambda names, mtu: asked.append((len(names), mtu)) or fit(names, mtu)
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    for _ in range(2):
        keeper.bring([HERE], "vxlan", ground, thorough=True, now=0.0)
    assert [ground.links.observe(place)["eth0"].mtu for place in ("/ns/1", "/ns/2")] == [1400, 1450]
    assert asked == [(2, 1400)], "who is out of reach is not asked for again"
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert ground.links.observe("/ns/1")["eth0"].mtu == 1450
    assert asked == [(2, 1400), (1, 1450)]


def test_an_mtu_that_was_asked_for_is_that_of_pods(settings, ground):
    Sides(replace(settings, mtu=1300)).bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert conflist(settings)["plugins"][0]["mtu"] == 1300


def test_what_vxlan_was_made_of_goes_when_nobody_can_think_any_more_that_it_is_there(keeper, ground):
    told = replace(HERE, vtep=mac_of_vtep("a"))
    assert keeper.bring([told, FAR], "vxlan", ground, thorough=True, now=100).again is None
    # The way back: routes change at once; the link stays while the Node still names it, and a while after.
    outcome = keeper.bring([told, FAR], "host-gw", ground, thorough=False, now=100)
    assert (outcome.vtep, outcome.again) == ("", LINGER_SECONDS)
    assert [route.gateway for route in ground.routes.observe()] == ["172.30.0.3"]
    assert keeper.bring([told, FAR], "host-gw", ground, thorough=False, now=105).again == LINGER_SECONDS
    assert keeper.bring([HERE, FAR], "host-gw", ground, thorough=False, now=106).again == LINGER_SECONDS - 1
    assert "pyk8s.1" in ground.links.observe()
    assert keeper.bring([HERE, FAR], "host-gw", ground, thorough=False, now=105 + LINGER_SECONDS).again is None
    assert "pyk8s.1" not in ground.links.observe()


def test_another_number_of_the_network_takes_the_place_of_the_old_one(settings, ground):
    Sides(settings).bring([HERE, FAR], "vxlan", ground, thorough=True, now=100)
    second = Sides(replace(settings, vxlan=Vxlan(vni=2)))
    second.bring([HERE, FAR], "vxlan", ground, thorough=True, now=100)
    second.bring([HERE, FAR], "vxlan", ground, thorough=False, now=100 + LINGER_SECONDS)
    assert {"pyk8s.1", "pyk8s.2"} & ground.links.observe().keys() == {"pyk8s.2"}


def test_links_of_others_stay_whatever_their_kind(keeper, ground):
    ground.links.run((Add(Link("flannel.1", "vxlan")), Add(Link("pyk8s.0", "bridge"))))
    assert keeper.bring([HERE], "host-gw", ground, thorough=True, now=100).again is None


def test_a_vxlan_link_that_was_removed_by_hand_comes_back_with_all_that_hung_on_it(keeper, ground):
    keeper.bring([HERE, FAR], "vxlan", ground, thorough=True, now=0.0)
    before = (ground.links.observe()["pyk8s.1"], ground.neighbours.observe(["pyk8s.1"]))
    ground.links.run((Remove("pyk8s.1"),))
    ground.neighbours.spaces.clear()
    ground.routes.spaces[""].clear()
    keeper.bring([HERE, FAR], "vxlan", ground, thorough=False, now=0.0)
    assert (ground.links.observe()["pyk8s.1"], ground.neighbours.observe(["pyk8s.1"])) == before
    assert len(ground.routes.observe()) == 1


def test_host_ports_and_networks_that_somebody_flushed_come_back_in_a_thorough_round(keeper, ground):
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    ground.ports.put(Mapping("c1/eth0", ("10.244.0.2/24",), (HostPort(80, 8080),)))
    ground.networks.join("other", ("c1", "eth0"), ["10.9.0.0/24"])
    for chain in ground.rules[4].tables["nat"]:
        ground.rules[4].tables["nat"][chain] = ()
    assert not ground.ports.has("c1/eth0")
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=1.0)
    assert ground.ports.has("c1/eth0")
    assert ground.networks.has("other")


def test_127_0_0_1_leads_to_the_bridge_only_where_host_ports_need_it_also_when_it_is_made_again(keeper, ground):
    name = "net/ipv4/conf/cni0/route_localnet"
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert name not in ground.sysctls
    ground.ports.put(Mapping("c1/eth0", ("10.244.0.2/24",), (HostPort(80, 8080),), "pyk8s"))
    keeper.bring([HERE], "host-gw", ground, thorough=False, now=1.0)
    assert name not in ground.sysctls, "whoever puts a port sees to it"
    ground.links.run((Remove("cni0"),))
    keeper.bring([HERE], "host-gw", ground, thorough=False, now=2.0)
    assert ground.sysctls.pop(name) == "1"
    keeper.bring([HERE], "host-gw", ground, thorough=True, now=3.0)
    assert ground.sysctls[name] == "1"


# Ended in the middle.


class Ended(Exception):
    """The agent is killed."""


def cut_off(ground, after):
    """Let the agent end after so many changes of the kernel."""
    left = [after]

    def guarded(run):
        def one_by_one(transaction):
            for action in transaction:
                if not left[0]:
                    raise Ended
                left[0] -= 1
                run((action,))

        return one_by_one

    for part in (ground.links, ground.routes, ground.neighbours):
        part.run = guarded(part.run)
    return left


def kernel(ground):
    links = ground.links.observe()
    return links, set(ground.routes.observe()), set(ground.neighbours.observe(links)), ground.rules[4].tables


@pytest.mark.parametrize(
    ("before", "after"), [("", "host-gw"), ("", "vxlan"), ("host-gw", "vxlan"), ("vxlan", "host-gw")]
)
def test_a_round_that_ends_anywhere_is_finished_by_the_next_agent(settings, tmp_path, before, after):
    def fresh(name):
        made = FakeGround(tmp_path / name, "/ns/1")
        made.links.run((Add(Link("eth0", "veth", mtu=1450, peer=Peer("up"))), AddAddress("eth0", "172.30.0.2/24")))
        return made

    def settle(ground, backend):
        keeper = Sides(settings)
        for passed in (0.0, LINGER_SECONDS):
            keeper.bring([HERE, FAR], backend, ground, thorough=True, now=passed)

    wanted = fresh("whole")
    if before:
        settle(wanted, before)
    settle(wanted, after)
    for count in range(100):
        ground = fresh(str(count))
        if before:
            settle(ground, before)
        parts = [(part, part.run) for part in (ground.links, ground.routes, ground.neighbours)]
        left = cut_off(ground, count)
        try:
            settle(ground, after)
        except Ended:
            pass
        else:
            assert count > 1, "there was something to cut off"
            break
        assert left == [0]
        for part, run in parts:
            part.run = run
        settle(ground, after)
        assert kernel(ground) == kernel(wanted)
    else:
        pytest.fail("no round comes to its end")


def test_a_link_of_somebody_else_that_has_the_bridges_name_stays(keeper, ground, settings):
    ground.links.run((Add(Link("cni0", "ifb")),))
    with pytest.raises(BridgeTaken, match="cni0 is no bridge"):
        keeper.bring([HERE], "host-gw", ground, thorough=True, now=0.0)
    assert ground.links.observe()["cni0"].kind == "ifb"
    assert conflist(settings) is None
