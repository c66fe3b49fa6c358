import json

import pytest

from pyk8s.network.nodes import VTEP, Node, addresses_of, clash, decode, view

HERE = Node("a", ("172.30.0.2",), ("10.244.0.0/24",))
THERE = Node("b", ("172.30.0.3",), ("10.244.1.0/24",))


def node(name="b", spec=None, addresses=()):
    status = {"addresses": [{"type": kind, "address": address} for kind, address in addresses]}
    return json.dumps({"metadata": {"name": name, "labels": {}}, "spec": spec or {}, "status": status}).encode()


def test_a_node_is_seen_by_its_ranges_and_internal_addresses():
    addresses = [("Hostname", "b"), ("InternalIP", "172.30.0.3"), ("ExternalIP", "192.0.2.1")]
    body = node(spec={"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "fd00:1::/64"]}, addresses=addresses)
    assert view(decode(body)) == Node("b", ("172.30.0.3",), ("10.244.1.0/24", "fd00:1::/64"))


def test_the_older_field_alone_will_do():
    assert view(decode(node(spec={"podCIDR": "10.244.1.0/24"}))).ranges == ("10.244.1.0/24",)


@pytest.mark.parametrize("spec", [{}, {"podCIDR": ""}, {"podCIDRs": ["nonsense"]}])
def test_a_node_without_a_range_has_none(spec):
    assert view(decode(node(spec=spec))).ranges == ()


@pytest.mark.parametrize(
    ("said", "mac"),
    [
        ({}, ""),
        ({VTEP: "0a:5a:00:00:00:01"}, "0a:5a:00:00:00:01"),
        ({VTEP: "0a:5a:00:00:00"}, ""),
        ({VTEP: "0a:5a:00:00:00:01; rm"}, ""),
    ],
)
def test_a_nodes_vxlan_links_are_found_under_a_mac_that_is_one(said, mac):
    body = json.dumps({"metadata": {"name": "b", "annotations": said}}).encode()
    assert view(decode(body)).vtep == mac


def test_a_node_is_reached_at_its_first_address_of_a_family():
    node = Node("b", ("172.30.0.3", "fd30::3", "fd30::4"), ())
    assert (node.address_like("10.0.0.0/8"), node.address_like("fd00::/64")) == ("172.30.0.3", "fd30::3")
    assert Node("b", ("172.30.0.3",)).address_like("fd00::/64") == ""


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("10.244.1.0/24", ""),
        ("10.244.0.0/24", "b"),
        ("10.244.0.128/25", "b"),
        ("10.240.0.0/12", "b"),
        ("fd00::/64", ""),
    ],
)
def test_a_node_that_claims_our_range_is_found(theirs, expected):
    assert clash("a", [HERE, Node("b", ("172.30.0.3",), (theirs,))]) == expected


def test_a_node_that_is_not_there_yet_clashes_with_nobody():
    assert clash("z", [HERE, THERE]) == ""


def test_every_address_of_every_node():
    assert addresses_of([HERE, THERE, Node("c")]) == {"172.30.0.2", "172.30.0.3"}
