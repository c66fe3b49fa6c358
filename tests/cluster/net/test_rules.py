"""The rules of a node: plan and kernel together, of both families, and of a mode that is not the node's."""

from pyk8s.cluster.net import rules
from pyk8s.cluster.net.sites import of_family
from pyk8s.kernel.shown import Line, Row


def lines(*texts):
    return tuple(Line(text, text) for text in texts)


class FakeView:
    def __init__(self, family):
        self.family = family

    def planned(self):
        return {"nat A": lines("a", f"of {self.family}")}

    def observe(self):
        return {"nat A": lines("a") if self.family == 6 else lines("a", "of 4")}


class FakeNetwork:
    def planned(self):
        return {"routes": lines("r")}

    def found(self, seen):
        return {"routes": lines(*seen)}


class FakeSite:
    name, mode, families = "node-1", "nftables", (4, 6)

    def view(self, family):
        return FakeView(family)

    def net(self):
        return FakeNetwork(), ("r", "s")

    def leftovers(self, mode):
        return {"nat KUBE-SERVICES": lines(f"of {mode}")}


def test_both_families_and_the_network_are_shown():
    found = rules.look(FakeSite())
    assert (found.node, found.mode, found.active, len(found.rows)) == ("node-1", "nftables", "nftables", 6)
    assert found.differences == (
        Row("missing", "nat A (IPv6)", planned="of 6"),
        Row("surplus", "routes", found="s"),
    )
    assert [each["state"] for each in found.document()["differences"]] == ["missing", "surplus"]


def test_of_a_mode_that_is_not_the_nodes_everything_is_surplus():
    found = rules.look(FakeSite(), "ipvs")
    assert (found.mode, found.active) == ("ipvs", "nftables")
    assert found.differences == (Row("surplus", "nat KUBE-SERVICES", found="of ipvs"),)


def test_the_nodes_own_mode_by_name_is_the_node_itself():
    assert rules.look(FakeSite(), "nftables") == rules.look(FakeSite())


def test_places_of_ipv6_are_named_so():
    assert list(of_family({"a": ()}, 6)) == ["a (IPv6)"]
    assert list(of_family({"a": ()}, 4)) == ["a"]
