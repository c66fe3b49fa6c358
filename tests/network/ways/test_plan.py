"""The ways between nodes as values: tables of Nodes in, links, routes, neighbours and forwarding entries out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.kernel.link.values import Link, Vxlan
from pyk8s.kernel.neighbour.values import Forwarding, Neighbour
from pyk8s.kernel.route.values import Route
from pyk8s.network.nodes import Node
from pyk8s.network.ways.plan import find_under, plan_way
from pyk8s.network.ways.values import BACKENDS, PROTOCOL, Settings, Under
from pyk8s.network.ways.vxlan import is_vtep, mac_of_vtep

HERE = Node("a", ("172.30.0.2", "fd30::2"), ("10.244.0.0/24", "fd44:0:0:100::/64"))
THERE = Node("b", ("172.30.0.3", "fd30::3"), ("10.244.1.0/24", "fd44:0:0:101::/64"))
MAC = "0a:5a:00:00:00:0b"
FAR = Node("b", THERE.addresses, THERE.ranges, MAC)
UNDER = {4: Under("172.30.0.2", "eth0", 1500), 6: Under("fd30::2", "eth0", 1500)}


def way(backend, *nodes, under=UNDER, **settings):
    return plan_way(backend, "a", nodes, under, Settings(**settings))


@pytest.mark.parametrize(
    ("others", "routes"),
    [
        pytest.param([], [], id="alone"),
        pytest.param(
            [THERE], [("10.244.1.0/24", "172.30.0.3"), ("fd44:0:0:101::/64", "fd30::3")], id="each family by its own"
        ),
        pytest.param([Node("b", ("172.30.0.3",))], [], id="no range yet"),
        pytest.param([Node("b", (), ("10.244.1.0/24",))], [], id="no address yet"),
        pytest.param([Node("b", ("172.30.0.3",), ("fd44::/64",))], [], id="a range without an address of its family"),
    ],
)
def test_host_gw_is_a_route_through_each_other_node(others, routes):
    made = way("host-gw", HERE, *others)
    assert made.routes == tuple(Route(to, gateway, protocol=PROTOCOL) for to, gateway in routes)
    assert (made.links, made.entries, made.mtu, made.vtep) == ((), (), 1500, "")


@pytest.mark.parametrize(("backend", "mtu"), [("host-gw", 1400), ("vxlan", 1350)])
def test_pods_may_send_what_the_narrower_of_two_links_carries(backend, mtu):
    under = {4: Under("172.30.0.2", "eth1", 1400), 6: Under("fd30::2", "eth0", 1500)}
    assert way(backend, HERE, under=under).mtu == mtu


def test_vxlan_has_a_link_for_each_family_with_room_for_what_it_adds():
    made = way("vxlan", HERE)
    assert made.links == (
        Link(
            "pyk8s.1",
            "vxlan",
            mtu=1450,
            mac=mac_of_vtep("a"),
            addresses=("10.244.0.0/32",),
            vxlan=Vxlan(1, "172.30.0.2", 4789),
        ),
        Link(
            "pyk8s-v6.1",
            "vxlan",
            mtu=1430,
            mac=mac_of_vtep("a"),
            addresses=("fd44:0:0:100::/128",),
            vxlan=Vxlan(1, "fd30::2", 4789),
        ),
    )
    assert made.mtu == 1430
    assert made.vtep == mac_of_vtep("a")


@pytest.mark.parametrize(("family", "mtu"), [(4, 1450), (6, 1430)])
def test_pods_of_one_family_may_send_what_that_familys_link_carries(family, mtu):
    ranges = tuple(each for each in HERE.ranges if (":" in each) == (family == 6))
    assert way("vxlan", Node("a", HERE.addresses, ranges), under={family: UNDER[family]}).mtu == mtu


def test_vxlan_says_of_each_other_node_its_route_its_neighbour_and_where_its_frames_go():
    made = way("vxlan", HERE, FAR)
    assert made.routes == (
        Route("10.244.1.0/24", "10.244.1.0", "pyk8s.1", protocol=PROTOCOL, onlink=True),
        Route("fd44:0:0:101::/64", "fe80::85a:ff:fe00:b", "pyk8s-v6.1", protocol=PROTOCOL),
    )
    assert made.entries == (
        Neighbour("pyk8s.1", "10.244.1.0", MAC),
        Forwarding("pyk8s.1", MAC, "172.30.0.3"),
        Neighbour("pyk8s-v6.1", "fe80::85a:ff:fe00:b", MAC),
        Forwarding("pyk8s-v6.1", MAC, "fd30::3"),
    )


def test_a_node_that_has_not_said_where_its_link_is_is_reached_directly():
    made = way("vxlan", HERE, THERE)
    assert made.routes == way("host-gw", HERE, THERE).routes
    assert made.entries == ()


@pytest.mark.parametrize(
    ("own", "under"),
    [
        pytest.param(Node("a", HERE.addresses), UNDER, id="no range of its own yet"),
        pytest.param(HERE, {}, id="its address is on no link"),
    ],
)
def test_without_a_link_of_its_own_a_node_uses_none_and_names_none(own, under):
    made = way("vxlan", own, FAR, under=under)
    assert (made.links, made.entries, made.vtep) == ((), (), "")
    assert made.routes == way("host-gw", own, THERE).routes


def test_the_number_and_the_port_are_those_of_the_settings():
    link = way("vxlan", HERE, vni=42, port=8472).links[0]
    assert (link.name, link.vxlan.id, link.vxlan.port) == ("pyk8s.42", 42, 8472)
    assert is_vtep(link)


def test_what_a_nodes_addresses_lie_on():
    links = [
        Link("lo", mtu=65536, addresses=("127.0.0.1/8",)),
        Link("eth0", mtu=1500, addresses=("172.30.0.2/24", "fe80::1/64")),
        Link("eth1", mtu=9000, addresses=("fd30::2/64",)),
    ]
    assert find_under(links, ("172.30.0.2", "fd30::2")) == {
        4: Under("172.30.0.2", "eth0", 1500),
        6: Under("fd30::2", "eth1", 9000),
    }
    assert find_under(links, ("192.0.2.1",)) == {}


MACS = st.sampled_from(["", MAC, "0a:5a:00:00:00:0c"])


@st.composite
def clusters(draw):
    count = draw(st.integers(0, 12))
    return [
        Node(
            f"n{number}",
            tuple(draw(st.sets(st.sampled_from([f"172.30.0.{number + 3}", f"fd30::{number + 3:x}"])))),
            tuple(draw(st.sets(st.sampled_from([f"10.244.{number + 1}.0/24", f"fd44::{number + 1:x}:0:0:0:0/64"])))),
            draw(MACS),
        )
        for number in range(count)
    ]


@given(clusters(), st.sampled_from(BACKENDS), st.randoms())
def test_each_range_has_one_route_at_most_whatever_the_order_of_nodes(nodes, backend, random):
    shuffled = list(nodes)
    random.shuffle(shuffled)
    made = way(backend, HERE, *nodes)
    assert made == way(backend, *shuffled, HERE)
    destinations = [route.destination for route in made.routes]
    assert len(destinations) == len(set(destinations))
    reachable = {
        range_ for node in nodes for range_ in node.ranges if any((":" in a) == (":" in range_) for a in node.addresses)
    }
    assert set(destinations) == reachable


@given(clusters())
def test_every_gateway_on_a_vxlan_link_is_a_neighbour_whose_frames_have_somewhere_to_go(nodes):
    made = way("vxlan", HERE, *nodes)
    macs = {(entry.device, entry.address): entry.mac for entry in made.entries if isinstance(entry, Neighbour)}
    hosts = {(entry.device, entry.mac) for entry in made.entries if isinstance(entry, Forwarding)}
    for route in made.routes:
        if route.device:
            assert (route.device, macs[route.device, route.gateway]) in hosts
