import json

import pytest

from pyk8s.kernel.route.values import Route
from pyk8s.network.nodes import PROTOCOL, Node, addresses_of, clash, decode, plan_routes, view

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
    ("others", "routes"),
    [
        pytest.param([], [], id="alone"),
        pytest.param([THERE], [("10.244.1.0/24", "172.30.0.3")], id="one other"),
        pytest.param([Node("b", ("172.30.0.3",))], [], id="no range yet"),
        pytest.param([Node("b", (), ("10.244.1.0/24",))], [], id="no address yet"),
        pytest.param(
            [Node("b", ("172.30.0.3", "fd30::3"), ("10.244.1.0/24", "fd00:1::/64"))],
            [("10.244.1.0/24", "172.30.0.3"), ("fd00:1::/64", "fd30::3")],
            id="each family through its own address",
        ),
        pytest.param([Node("b", ("172.30.0.3",), ("fd00:1::/64",))], [], id="a range without an address of its family"),
    ],
)
def test_plan_routes(others, routes):
    expected = tuple(Route(destination, gateway, protocol=PROTOCOL) for destination, gateway in routes)
    assert plan_routes("a", [HERE, *others]) == expected


def test_the_order_of_nodes_makes_no_difference():
    third = Node("c", ("172.30.0.4",), ("10.244.2.0/24",))
    assert plan_routes("a", [third, THERE, HERE]) == plan_routes("a", [HERE, THERE, third])


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
