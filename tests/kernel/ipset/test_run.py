import pytest

from pyk8s.kernel.errors import Absent, Refused
from pyk8s.kernel.ipset.run import Sets
from pyk8s.kernel.ipset.values import Add, Create, Destroy, Set
from tests.kernel.spaces import inside

pytestmark = pytest.mark.kernel

FRONTS = Set("KUBE-CLUSTER-IP", "hash:ip,port")


def test_a_set_that_a_rule_uses_is_not_removed(netns):
    sets = Sets(netns)
    sets.run((Create(FRONTS),))
    inside(netns, "iptables-nft", "-A", "INPUT", "-m", "set", "--match-set", FRONTS.name, "dst,dst", "-j", "ACCEPT")
    with pytest.raises(Refused, match="a packet rule uses the set"):
        sets.run((Destroy(FRONTS.name),))


def test_a_full_set_is_said_to_be_full(netns):
    small = Set("KUBE-SMALL", "hash:ip", limit=1)
    with pytest.raises(Refused, match="the set is full"):
        Sets(netns).run((Create(small), *(Add(small, f"10.0.0.{number}") for number in range(1, 255))))


def test_sets_of_kinds_that_are_not_ours_are_passed_over(netns):
    inside(netns, "ipset", "create", "KUBE-OTHER", "hash:net")
    assert Sets(netns).observe() == {}


def test_a_namespace_that_is_not_there_is_absent():
    with pytest.raises(Absent):
        Sets("/nowhere/at/all").observe()
