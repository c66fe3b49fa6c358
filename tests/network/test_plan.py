from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.kernel.link.values import NAME_LIMIT, Link, Peer
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.vlan.values import DEFAULT, Join, Leave, Membership
from pyk8s.network.calls import Call
from pyk8s.network.conf import NetConf
from pyk8s.network.ipam.conf import IpamConf
from pyk8s.network.ipam.values import Pool
from pyk8s.network.plan import (
    alias_of,
    complete,
    gateways_of,
    host_link,
    host_mac,
    loopback_result,
    mac_of,
    plan_bridge,
    plan_pair,
    plan_routes,
    plan_vlan_gateway,
    plan_vlans,
    pod_mac,
    read_alias,
    shaper_link,
    tell_interfaces,
    wish_bridge,
)
from pyk8s.network.results import Dns, Interface, Ip, Result, RouteTo

FOUR, SIX = Pool.of("10.244.1.0/24"), Pool.of("fd00:1::/64")
CALL = Call("ADD", "c1", "/proc/self/fd/9", "/run/netns/p", "eth0")
CONF = NetConf("1.0.0", "pods", "pyk8s-cni", mtu=1450, hairpin=True, ipam=IpamConf("host-local", ((FOUR,), (SIX,))))
GIVEN = Result(
    ips=(Ip("10.244.1.7/24", None, "10.244.1.1"), Ip("fd00:1::7/64", None, "fd00:1::1")),
    routes=(RouteTo("0.0.0.0/0"), RouteTo("10.0.0.0/8", "10.244.1.9"), RouteTo("::/0")),
)

NAMES = some.text(min_size=1)


def conf(**changes):
    base = {"version": "1.0.0", "name": "pods", "type": "x", "ipam": CONF.ipam}
    return NetConf(**(base | changes))


@given(NAMES, NAMES)
def test_links_have_names_that_fit_and_are_always_the_same(container, link):
    for name in (host_link, shaper_link):
        assert name(container, link) == name(container, link)
        assert len(name(container, link)) <= NAME_LIMIT


def test_two_attachments_have_two_names():
    assert len({host_link("c1", "eth0"), host_link("c1", "eth1"), host_link("c2", "eth0")}) == 3


WORDS = some.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]{0,20}", fullmatch=True)


@given(WORDS, WORDS, WORDS)
def test_an_alias_tells_what_it_was_made_of(network, container, link):
    assert read_alias(alias_of(network, container, link)) == (network, (container, link))


@pytest.mark.parametrize("alias", ["", "uplink", "a b c d", "pyk8s-cni only two"])
def test_an_alias_of_somebody_else_is_not_ours(alias):
    assert read_alias(alias) is None


@given(some.ip_addresses())
def test_macs_are_locally_administered_and_for_one_station(address):
    for mac in (mac_of(address), host_mac(str(address))):
        first = int(mac[:2], 16)
        assert (first & 0x02, first & 0x01, len(mac)) == (0x02, 0, 17)


@pytest.mark.parametrize(("one", "other"), [("10.244.1.7", "10.244.1.8"), ("fd00:1::7", "fd00:1::8")])
def test_no_two_addresses_of_a_range_have_one_mac(one, other):
    assert mac_of(ip_address(one)) != mac_of(ip_address(other))


def test_a_pair_is_a_port_of_the_bridge_and_a_link_in_the_pod():
    host = host_link("c1", "eth0")
    assert plan_pair(CALL, CONF, "0a:58:0a:f4:01:07") == Link(
        host,
        "veth",
        mtu=1450,
        mac=host_mac(host),
        master="cni0",
        hairpin=True,
        alias="pyk8s-cni pods c1 eth0",
        peer=Peer("eth0", "/proc/self/fd/9", "0a:58:0a:f4:01:07"),
    )


def test_a_pods_mac_is_the_one_asked_for_or_follows_from_its_address_or_its_name():
    assert pod_mac(CALL, conf(mac="0a:00:00:00:00:01"), GIVEN.ips) == "0a:00:00:00:00:01"
    assert pod_mac(CALL, conf(), GIVEN.ips) == mac_of(ip_address("10.244.1.7"))
    assert pod_mac(CALL, conf(), ()) != pod_mac(CALL, conf(name="other"), ())


def test_routes_without_a_gateway_go_through_their_familys():
    assert [(route.destination, route.gateway, route.device) for route in plan_routes(CALL, GIVEN)] == [
        ("0.0.0.0/0", "10.244.1.1", "eth0"),
        ("10.0.0.0/8", "10.244.1.9", "eth0"),
        ("::/0", "fd00:1::1", "eth0"),
    ]


def test_the_gateway_of_the_first_of_several_addresses_counts():
    ips = tuple(Ip(f"10.244.{number}.7/24", 2, f"10.244.{number}.1") for number in (1, 2))
    (route,) = plan_routes(CALL, Result(ips=ips, routes=(RouteTo("0.0.0.0/0"),)))
    assert route.gateway == "10.244.1.1"


def test_the_first_route_for_a_destination_counts():
    twice = Result(GIVEN.ips, routes=(RouteTo("0.0.0.0/0", "10.244.1.5"), RouteTo("0.0.0.0/0")))
    assert [route.gateway for route in plan_routes(CALL, Result(ips=GIVEN.ips, routes=twice.routes))] == ["10.244.1.5"]


def test_attributes_of_a_route_are_the_routes():
    route = RouteTo("10.0.0.0/8", "10.244.1.9", mtu=1300, advmss=1260, priority=7, table=100, scope=0)
    (planned,) = plan_routes(CALL, Result(ips=GIVEN.ips, routes=(route,)))
    assert planned == Route("10.0.0.0/8", "10.244.1.9", "eth0", table=100, metric=7, mtu=1300, advmss=1260, scope=0)


BARE = Result(ips=(Ip("10.7.3.5/16"), Ip("fd07::5/64")))


@pytest.mark.parametrize(
    ("change", "gateways", "routes"),
    [
        ({}, ["", ""], []),
        ({"is_gateway": True}, ["10.7.0.1", "fd07::1"], []),
        (
            {"is_gateway": True, "is_default_gateway": True},
            ["10.7.0.1", "fd07::1"],
            [("0.0.0.0/0", "10.7.0.1"), ("::/0", "fd07::1")],
        ),
    ],
)
def test_gateways_and_default_routes_are_filled_in_as_asked(change, gateways, routes):
    result = complete(BARE, conf(**change))
    assert [each.gateway for each in result.ips] == gateways
    assert [(each.dst, each.gw) for each in result.routes] == routes
    assert {each.interface for each in result.ips} == {2}


def test_a_default_route_with_a_gateway_of_its_own_is_not_doubled():
    given = Result(ips=BARE.ips[:1], routes=(RouteTo("0.0.0.0/0", "10.7.0.99"),))
    assert complete(given, conf(is_gateway=True, is_default_gateway=True)).routes == given.routes


def test_dns_of_the_network_goes_before_that_of_ipam():
    given = Result(dns=Dns(("10.1.1.1",)))
    assert complete(given, conf()).dns == Dns(("10.1.1.1",))
    assert complete(given, conf(dns=Dns(("10.2.2.2",)))).dns == Dns(("10.2.2.2",))


def test_a_bridge_that_is_a_gateway_holds_an_address_for_each_of_the_pods():
    assert gateways_of(GIVEN) == ("10.244.1.1/24", "fd00:1::1/64")
    wish = wish_bridge(conf(is_gateway=True, mtu=1400), GIVEN)
    assert (wish.addresses, wish.mac, wish.mtu) == (gateways_of(GIVEN), "0a:58:0a:f4:01:01", 1400)
    assert wish_bridge(conf(), GIVEN).addresses == ()
    assert wish_bridge(conf(is_gateway=True, vlan=10), GIVEN).addresses == ()


def test_a_nodes_bridge_holds_the_gateways_and_a_mac_that_stays():
    assert plan_bridge("cni0", [FOUR, SIX], mtu=1450) == Link(
        "cni0", "bridge", mtu=1450, mac="0a:58:0a:f4:01:01", addresses=("10.244.1.1/24", "fd00:1::1/64")
    )
    assert plan_bridge("cni0", [FOUR], is_gateway=False).addresses == ()


@pytest.mark.parametrize(
    ("change", "actions"),
    [
        ({}, ()),
        ({"vlan": 10}, (Join(Membership("p", 10, primary=True, untagged=True)),)),
        ({"vlan_trunk": (20, 30)}, (Join(Membership("p", 20)), Join(Membership("p", 30)))),
        (
            {"vlan": 10, "keep_default_vlan": False},
            (Leave("p", DEFAULT), Join(Membership("p", 10, primary=True, untagged=True))),
        ),
    ],
)
def test_a_port_joins_the_vlans_that_are_asked_for(change, actions):
    assert plan_vlans(conf(**change), "p") == actions


def test_the_gateway_of_a_vlan_has_the_bridges_name_and_the_number():
    port = plan_vlan_gateway(conf(vlan=10, bridge="br0", mtu=1400))
    assert (port.master, port.mtu, port.peer.name) == ("br0", 1400, "br0.10")
    assert len(port.name) <= NAME_LIMIT


def test_interfaces_are_told_in_the_order_that_addresses_number_them():
    pair = plan_pair(CALL, CONF, "0a:58:0a:f4:01:07")
    told = tell_interfaces(CALL, CONF, pair, "0a:58:0a:f4:01:01")
    assert told == (
        Interface("cni0", "0a:58:0a:f4:01:01"),
        Interface(pair.name, pair.mac),
        Interface("eth0", "0a:58:0a:f4:01:07", 1450, "/run/netns/p"),
    )


def test_the_loopback_result_has_both_addresses():
    assert [each.address for each in loopback_result("/ns").ips] == ["127.0.0.1/8", "::1/128"]
