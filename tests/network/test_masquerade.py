import pytest

from pyk8s.kernel.iptables.values import ACCEPT, RETURN, Destination, Masquerade, Source
from pyk8s.network.masquerade import FORWARD, MASQUERADE, plan_masquerade

POD, CLUSTER, NODES = ["10.244.1.0/24"], ["10.244.0.0/16"], ["172.30.0.2", "172.30.0.3"]


def fate(tables, source, destination):
    """What the first rule that fits says, as a packet would meet it; ranges are compared as texts the rules hold."""
    for rule in tables["nat"][MASQUERADE]:
        wanted = {type(match): match.range for match in rule.matches}
        if wanted.get(Source, source) == source and wanted.get(Destination, destination) == destination:
            return rule.target
    return None


@pytest.mark.parametrize("destination", ["10.244.0.0/16", "172.30.0.3/32", "224.0.0.0/4"])
def test_a_pods_packet_to_the_cluster_keeps_its_source(destination):
    assert fate(plan_masquerade(POD, CLUSTER, NODES), POD[0], destination) == RETURN


def test_a_pods_packet_to_the_world_leaves_under_the_nodes_address():
    assert fate(plan_masquerade(POD, CLUSTER, NODES), POD[0], "198.51.100.1/32") == Masquerade(random=True)


def test_a_packet_of_anybody_else_is_left_alone():
    assert fate(plan_masquerade(POD, CLUSTER, NODES), "172.30.0.2/32", "198.51.100.1/32") is None


def test_packets_of_the_cluster_are_let_through():
    assert [(rule.matches[0], rule.target) for rule in plan_masquerade(POD, CLUSTER, NODES)["filter"][FORWARD]] == [
        (Source("10.244.0.0/16"), ACCEPT),
        (Destination("10.244.0.0/16"), ACCEPT),
    ]


def test_each_family_has_its_own_rules():
    tables = plan_masquerade([*POD, "fd00:1::/64"], [*CLUSTER, "fd00::/48"], [*NODES, "fd30::2"], family=6)
    ranges = {match.range for rule in tables["nat"][MASQUERADE] for match in rule.matches}
    assert ranges == {"fd00:1::/64", "fd00::/48", "fd30::2/128", "ff00::/8"}


def test_the_order_of_nodes_makes_no_difference():
    assert plan_masquerade(POD, CLUSTER, NODES) == plan_masquerade(POD, CLUSTER, [*NODES[::-1], NODES[0]])
