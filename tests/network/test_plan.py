from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.kernel.link.values import NAME_LIMIT, Link, Peer
from pyk8s.kernel.route.values import Route
from pyk8s.network.calls import Call, NetConf
from pyk8s.network.ipam.values import Pool
from pyk8s.network.plan import (
    host_link,
    host_mac,
    mac_of,
    plan_attachment,
    plan_bridge,
    ranges_of,
    tell_attachment,
    tell_loopback,
)

FOUR, SIX = Pool.of("10.244.1.0/24"), Pool.of("fd00:1::/64")
CALL = Call("ADD", "c1", "/proc/self/fd/9", "/run/netns/p", "eth0")
CONF = NetConf(
    "1.0.0", "pods", "pyk8s-cni", mtu=1450, hairpin=True, pools=((FOUR,),), routes=(("0.0.0.0/0", ""), ("::/0", ""))
)
GIVEN = [(ip_address("10.244.1.7"), FOUR)]


@given(some.text(min_size=1), some.text(min_size=1))
def test_a_host_link_has_a_name_that_fits_and_is_always_the_same(container, link):
    assert host_link(container, link) == host_link(container, link)
    assert len(host_link(container, link)) <= NAME_LIMIT


def test_two_attachments_have_two_names():
    assert len({host_link("c1", "eth0"), host_link("c1", "eth1"), host_link("c2", "eth0")}) == 3


@given(some.ip_addresses())
def test_macs_are_locally_administered_and_for_one_station(address):
    for mac in (mac_of(address), host_mac(str(address))):
        first = int(mac[:2], 16)
        assert (first & 0x02, first & 0x01, len(mac)) == (0x02, 0, 17)


def test_an_attachment_is_a_pair_an_address_and_the_routes_of_its_family():
    made = plan_attachment(CALL, CONF, GIVEN)
    host = host_link("c1", "eth0")
    assert made.pair == Link(
        host,
        "veth",
        mtu=1450,
        mac=host_mac(host),
        master="cni0",
        hairpin=True,
        peer=Peer("eth0", "/proc/self/fd/9", "0a:58:0a:f4:01:07"),
    )
    assert made.pod == Link("eth0", addresses=("10.244.1.7/24",))
    assert made.routes == (Route("0.0.0.0/0", "10.244.1.1", "eth0"),)


def test_both_families_give_an_address_and_a_route_each():
    conf = NetConf("1.0.0", "pods", "x", pools=((FOUR,), (SIX,)), routes=CONF.routes)
    made = plan_attachment(CALL, conf, [*GIVEN, (ip_address("fd00:1::5"), SIX)])
    assert made.pod.addresses == ("10.244.1.7/24", "fd00:1::5/64")
    assert [(route.destination, route.gateway) for route in made.routes] == [
        ("0.0.0.0/0", "10.244.1.1"),
        ("::/0", "fd00:1::1"),
    ]
    assert [str(each) for each in ranges_of(conf.pools)] == ["10.244.1.0/24", "fd00:1::/64"]


def test_a_bridge_holds_the_gateways_and_a_mac_that_stays():
    assert plan_bridge("cni0", [FOUR, SIX], mtu=1450) == Link(
        "cni0", "bridge", mtu=1450, mac="0a:58:0a:f4:01:01", addresses=("10.244.1.1/24", "fd00:1::1/64")
    )
    assert plan_bridge("cni0", [FOUR], is_gateway=False).addresses == ()


@pytest.mark.parametrize(
    ("version", "address"),
    [
        ("0.4.0", {"version": "4", "interface": 2, "address": "10.244.1.7/24", "gateway": "10.244.1.1"}),
        ("1.0.0", {"interface": 2, "address": "10.244.1.7/24", "gateway": "10.244.1.1"}),
        ("1.1.0", {"interface": 2, "address": "10.244.1.7/24", "gateway": "10.244.1.1"}),
    ],
)
def test_the_result_has_the_form_of_its_version(version, address):
    conf = NetConf(version, "pods", "x", pools=CONF.pools, routes=(("0.0.0.0/0", ""), ("10.0.0.0/8", "10.244.1.9")))
    told = tell_attachment(CALL, conf, GIVEN, plan_attachment(CALL, conf, GIVEN), "0a:58:0a:f4:01:01")
    host = host_link("c1", "eth0")
    assert told == {
        "cniVersion": version,
        "interfaces": [
            {"name": "cni0", "mac": "0a:58:0a:f4:01:01"},
            {"name": host, "mac": host_mac(host)},
            {"name": "eth0", "mac": "0a:58:0a:f4:01:07", "sandbox": "/run/netns/p"},
        ],
        "ips": [address],
        "routes": [{"dst": "0.0.0.0/0"}, {"dst": "10.0.0.0/8", "gw": "10.244.1.9"}],
        "dns": {},
    }


def test_the_loopback_result_has_both_addresses():
    assert [each["address"] for each in tell_loopback("1.0.0", "/ns")["ips"]] == ["127.0.0.1/8", "::1/128"]
    assert [each["version"] for each in tell_loopback("0.3.1", "/ns")["ips"]] == ["4", "6"]
