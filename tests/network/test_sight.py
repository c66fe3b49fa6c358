"""A node's network looked at from beside it: values only."""

from dataclasses import replace

import pytest

from pyk8s.kernel.iptables import shown as iptables
from pyk8s.kernel.iptables.shown import Counted
from pyk8s.kernel.iptables.text import render_rule
from pyk8s.kernel.link.values import Link
from pyk8s.kernel.neighbour.values import Forwarding
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.shown import compare
from pyk8s.network.config import Config
from pyk8s.network.masquerade import JUMPS
from pyk8s.network.nodes import Node
from pyk8s.network.sight import Hop, Network, Seen
from pyk8s.network.ways.values import PROTOCOL

HERE = Node("a", ("172.30.0.2",), ("10.244.0.0/24",), "0a:5a:00:00:00:0a")
THERE = Node("b", ("172.30.0.3",), ("10.244.1.0/24",), "0a:5a:00:00:00:0b")
CONFIG = Config("a", ("172.30.0.2",), ("10.244.0.0/16",))
ETH0 = Link("eth0", "veth", mtu=1500, addresses=("172.30.0.2/24",))


def network(backend="host-gw"):
    return Network.wanted(CONFIG, [HERE, THERE], backend, [ETH0])


def rules(wanted, *, without=""):
    """What a kernel has that was given all rules, but those whose text holds `without`."""
    tables = {table: dict(chains) for table, chains in wanted.rules[4].items()}
    for (table, chain), jumps in JUMPS.items():
        tables[table][chain] = jumps
    return {
        table: {
            chain: tuple(
                Counted(render_rule(each), 3, each) for each in held if not without or without not in render_rule(each)
            )
            for chain, held in chains.items()
        }
        for table, chains in tables.items()
    }


def seen(wanted, **more):
    """A kernel as planned; routes have found their links."""
    held = [Route(each.destination, each.gateway, each.device or "eth0", protocol=PROTOCOL, onlink=each.onlink)
            for each in wanted.way.routes]  # fmt: skip
    links = {each.name: each for each in (ETH0, *wanted.way.links)}
    return Seen(**({"links": links, "routes": held, "entries": wanted.way.entries, "rules": {4: rules(wanted)}} | more))


def differences(wanted, **more):
    return [(row.kind, row.place) for row in compare(wanted.planned(), wanted.found(seen(wanted, **more)))]


@pytest.mark.parametrize("backend", ["host-gw", "vxlan"])
def test_a_kernel_as_planned_has_no_difference(backend):
    assert differences(network(backend)) == []


def test_each_part_that_is_missing_or_too_many_is_told():
    hostgw, vxlan = network(), network("vxlan")
    assert differences(hostgw, routes=[]) == [("missing", "routes")]
    assert differences(hostgw, links=seen(vxlan).links) == [("surplus", "links")]
    assert differences(vxlan, links={"eth0": ETH0}) == [("missing", "links")]
    assert differences(vxlan, entries=[]) == [("missing", "neighbours")] * 2
    far = Forwarding("pyk8s.1", "0a:5a:00:00:00:0c", "172.30.0.9")
    assert differences(vxlan, entries=[*vxlan.way.entries, far]) == [("surplus", "neighbours")]
    narrow = {name: replace(link, mtu=1200) for name, link in seen(vxlan).links.items()}
    assert differences(vxlan, links=narrow) == [("changed", "links")]
    assert differences(hostgw, rules={4: rules(hostgw, without="pod to the world")}) == [
        ("missing", "nat PYK8S-MASQUERADE")
    ]


@pytest.mark.parametrize(
    ("address", "hop"),
    [
        ("172.30.0.2", Hop("to this node itself", "a")),
        ("10.244.0.9", Hop("10.244.0.0/24 dev cni0: pods of this node", "a", pod=True)),
        ("10.244.1.9", Hop("10.244.1.0/24 via 172.30.0.3: pods of b", "b", pod=True)),
        ("172.30.0.3", Hop("on the link of the nodes: b", "b")),
        ("203.0.113.9", Hop("by the default route: nobody of the cluster")),
    ],
)
def test_where_packets_go_on_to(address, hop):
    assert network().route(address) == hop


def test_the_rule_that_decides_about_a_pods_source():
    wanted = network()
    kept, replaced = (wanted.source_rule("10.244.0.5", to) for to in ("10.244.1.9", "203.0.113.9"))
    assert kept == "nat: -A PYK8S-MASQUERADE -s 10.244.0.0/24 -d 10.244.0.0/16 -j RETURN"
    assert "MASQUERADE --random-fully" in replaced
    assert wanted.source_rule("172.30.0.2", "203.0.113.9") == ""
    steps = {line.step for line in wanted.planned()["nat PYK8S-MASQUERADE"]}
    assert {kept, replaced} <= steps
    assert iptables.read("") == {}
