"""Names, networks and texts of the host's side: tables."""

from ipaddress import IPv4Network

import pytest

from pyk8s.cluster import links
from pyk8s.cluster.links import Host

HOST = Host("demo", "0123456789", ("172.28.3.0/24",))
BOTH = Host("demo", "0123456789", ("172.28.3.0/24", "fd01:2345:6789::/64"))


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ([], "172.28.0.0/24"),
        (["172.28.0.0/24"], "172.28.1.0/24"),
        (["172.28.0.5"], "172.28.1.0/24"),
        (["172.16.0.0/12"], None),
        (["172.28.0.0/16", "10.0.0.0/8"], "172.29.0.0/24"),
        (["172.28.1.128/25"], "172.28.0.0/24"),
        (["172.28.0.0/23", "172.28.2.1/24"], "172.28.3.0/24"),
    ],
)
def test_the_first_network_that_overlaps_nothing_is_taken(used, expected):
    assert links.free_subnet(used) == expected


def test_default_routes_use_no_network():
    routes = [{"dst": "default"}, {"dst": "0.0.0.0/0"}, {"dst": "10.0.0.0/8"}, {"type": "local", "dst": "127.0.0.1"}]
    assert links.used_networks(routes) == ["10.0.0.0/8", "127.0.0.1"]


def test_nodes_get_the_lowest_free_address_from_eleven_on():
    assert links.node_address("172.28.3.0/24", []) == "172.28.3.11"
    assert links.node_address("172.28.3.0/24", ["172.28.3.11", "172.28.3.13"]) == "172.28.3.12"
    full = [str(address) for address in IPv4Network("172.28.3.0/24")]
    assert links.node_address("172.28.3.0/24", full) is None


def test_names_of_links_fit_into_fifteen_characters_and_differ():
    names = {HOST.bridge, *(HOST.port(f"node-{number}") for number in range(50))}
    assert len(names) == 51
    assert max(map(len, names)) <= 15
    assert Host("demo", "9876543210", HOST.subnets).port("node-1") != HOST.port("node-1")


def test_the_bridge_carries_what_forwarding_was_before():
    batch = links.bridge_batch(HOST, {"ip_forward": "0"})
    assert f"link add name {HOST.bridge} type bridge" in batch
    assert "address add 172.28.3.1/24" in batch
    alias = batch.split('alias "')[1].split('"')[0]
    assert links.said([alias], "ip_forward") == "0"


@pytest.mark.parametrize(
    ("aliases", "expected"),
    [
        ([], None),
        (["pyk8s cluster a ip_forward=0"], "0"),
        (["something else", "pyk8s cluster b ip_forward=1"], "1"),
        (["somebody's ip_forward=0"], None),
        (["pyk8s cluster six ipv6_forward=0 ra="], None),
        (["pyk8s cluster six ipv6_forward=0 ra=", "pyk8s cluster four ip_forward=1"], "1"),
    ],
)
def test_a_bridges_alias_says_what_forwarding_was_before_the_first_cluster(aliases, expected):
    assert links.said(aliases, "ip_forward") == expected


def test_links_that_learn_their_way_out_from_routers_are_known():
    routes = [
        {"dst": "default", "dev": "wlan0", "protocol": "ra"},
        {"dst": "default", "dev": "eth0", "protocol": "static"},
        {"dst": "default", "dev": "eth1", "protocol": "ra"},
        {"dst": "default", "protocol": "ra", "nexthops": []},
    ]
    assert links.learned_routers(routes) == ["eth1", "wlan0"]


def test_a_node_is_plugged_into_the_bridge_and_gets_its_address_and_way_out():
    outside, inside = links.node_batch_outside(HOST, "node-1"), links.node_batch_inside(HOST, ["172.28.3.11"])
    assert f"link add name {HOST.port('node-1')} type veth peer name eth0 netns PID" in outside
    assert f"master {HOST.bridge}" in outside
    assert "address add 172.28.3.11/24 dev eth0" in inside
    assert "route add default via 172.28.3.1\n" in inside


def test_a_node_of_two_families_has_an_address_and_a_way_out_of_each():
    bridge = links.bridge_batch(BOTH, {"ip_forward": "0", "ipv6_forward": "0", "ra": "eth0,wlan0"})
    assert "address add 172.28.3.1/24 dev pkb0123456789\n" in bridge
    assert "address add fd01:2345:6789::1/64 dev pkb0123456789 nodad\n" in bridge
    assert links.said([bridge.split('alias "')[1].split('"')[0]], "ra") == "eth0,wlan0"
    inside = links.node_batch_inside(BOTH, ["172.28.3.11", "fd01:2345:6789::b"])
    assert "address add 172.28.3.11/24 dev eth0\n" in inside
    assert "address add fd01:2345:6789::b/64 dev eth0 nodad\n" in inside
    assert "route add default via fd01:2345:6789::1\n" in inside
    rules = links.rules(BOTH)
    assert "ip6 saddr fd01:2345:6789::/64 ip6 daddr != fd01:2345:6789::/64 masquerade" in rules
    assert "table ip6 pyk8s_0123456789 {" in rules


def test_nodes_get_the_same_number_in_both_networks():
    assert links.node_address("fd01:2345:6789::/64", []) == "fd01:2345:6789::b"
    assert links.node_address("fd01:2345:6789::/64", ["fd01:2345:6789::b"]) == "fd01:2345:6789::c"


def test_rules_masquerade_what_leaves_the_network_and_only_that():
    text = links.rules(HOST)
    assert "ip saddr 172.28.3.0/24 ip daddr != 172.28.3.0/24 masquerade" in text
    assert text.startswith(f"add table ip {HOST.table}\ndelete table ip {HOST.table}\n")
    assert links.without_rules(HOST, 4) == text[: len(links.without_rules(HOST, 4))]
    for rule in links.forward_rules(HOST):
        assert HOST.bridge in rule
        assert f"pyk8s cluster demo {HOST.id}" in rule


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["nameserver 10.0.0.2\nsearch a.b\n"], "nameserver 10.0.0.2\nsearch a.b\n"),
        (["nameserver 127.0.0.53\noptions edns0\n", "nameserver 192.0.2.1\n"], "nameserver 192.0.2.1\n"),
        (["# said\nnameserver 127.0.0.1\nnameserver 10.1.1.1\n"], "nameserver 10.1.1.1\n"),
        (["nameserver fe80::1\nnameserver ::1\n"], "nameserver fe80::1\n"),
    ],
)
def test_a_node_asks_servers_it_can_reach(texts, expected):
    assert links.resolvers(*texts) == expected


def test_a_node_without_a_server_in_reach_is_told_why():
    assert links.resolvers("nameserver 127.0.0.1\n").startswith("#")
    assert links.resolvers().startswith("#")


def test_a_nodes_hosts_name_itself():
    assert "172.28.3.11 node-1" in links.hosts("node-1", ["172.28.3.11"])
