"""What is asked of `up`, and what a cluster becomes of it."""

import msgspec
import pytest

from pyk8s.cluster import wish
from pyk8s.cluster.errors import AddressTaken, SettingInvalid
from pyk8s.cluster.wish import Wish
from tests.cluster.test_settings import DEMO

PORTS = (20001, 20002, 20003, 20004)


def test_a_cluster_has_three_nodes_unless_told_otherwise():
    made = wish.settle(Wish(), "demo", "0123456789", "172.28.0.0/24", PORTS)
    assert [(node.name, node.address, node.cpus, node.memory) for node in made.nodes] == [
        ("node-1", "172.28.0.11", "2", "4Gi"),
        ("node-2", "172.28.0.12", "2", "4Gi"),
        ("node-3", "172.28.0.13", "2", "4Gi"),
    ]
    assert not made.complete
    assert (made.ports.https, made.ports.etcd_peer) == (20001, 20004)


def test_nodes_are_as_asked():
    made = wish.settle(Wish(1, "500m", "1Gi"), "demo", "0123456789", "172.28.0.0/24", PORTS)
    assert [(node.millicores, node.bytes) for node in made.nodes] == [(500, 1 << 30)]


@pytest.mark.parametrize("asked", [Wish(0), Wish(-3), Wish(201), Wish(cpus="x"), Wish(memory="1")])
def test_wishes_that_cannot_be_met_are_refused(asked):
    with pytest.raises(SettingInvalid):
        wish.check(asked)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Wish(), []),
        (Wish(1, "2", "4Gi"), []),
        (Wish(1, "2000m", "4096Mi"), []),
        (Wish(3), ["node add"]),
        (Wish(cpus="4"), ["2 CPUs each, 4 were asked for"]),
        (Wish(memory="8Gi"), ["4Gi memory each, 8Gi was asked for"]),
        (Wish(2, "1", "1Gi"), ["1 nodes, 2 were", "CPUs", "memory"]),
    ],
)
def test_differences_are_told_one_by_one(asked, says):
    found = wish.differences(asked, DEMO)
    assert len(found) == len(says)
    for sentence, part in zip(found, says, strict=True):
        assert part in sentence


def test_fewer_nodes_than_there_are_point_to_remove():
    three = wish.settle(Wish(3), "demo", "0123456789", "172.28.0.0/24", PORTS)
    assert "node remove" in wish.differences(Wish(2), three)[0]


def test_new_nodes_get_the_lowest_free_name_and_address():
    three = wish.settle(Wish(3), "demo", "0123456789", "172.28.0.0/24", PORTS).without_node("node-2")
    assert wish.next_name(three) == "node-2"
    assert wish.new_node(three, "extra", "1", "1Gi").address == "172.28.0.12"


def test_a_full_network_takes_no_more_nodes():
    full = wish.settle(Wish(200), "demo", "0123456789", "172.28.0.0/24", PORTS)
    for number in range(201, 241):
        full = full.with_node(wish.new_node(full, f"node-{number}", "1", "1Gi"))
    with pytest.raises(AddressTaken, match="is full"):
        wish.new_node(full, "one-more", "1", "1Gi")
    assert len({node.address for node in full.nodes}) == 240


def test_a_wish_changes_no_settings():
    before = msgspec.json.encode(DEMO)
    wish.differences(Wish(9, "9", "9Gi"), DEMO)
    assert msgspec.json.encode(DEMO) == before
