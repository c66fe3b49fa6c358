"""The way of a packet over nodes, with nodes made of plans and fakes: no kernel is asked."""

from dataclasses import dataclass, field, replace

import pytest

from pyk8s.cluster.net import path as room
from pyk8s.cluster.net.path import Branch, Path, Step, Walk, counted, deciding
from pyk8s.kernel.iptables.fake import FakeIptables
from pyk8s.kernel.iptables.shown import Counted, planned
from pyk8s.kernel.iptables.shown import found as found_rules
from pyk8s.kernel.iptables.text import render_rule
from pyk8s.kernel.link.values import Link
from pyk8s.network.config import Config
from pyk8s.network.nodes import Node
from pyk8s.network.sight import Network, Seen
from pyk8s.proxy.iptables.ruleset import Ruleset, is_ours
from pyk8s.proxy.iptables.shared import JUMPS
from pyk8s.proxy.iptables.trace import trace
from pyk8s.proxy.packet import Fate, Packet, Way
from pyk8s.proxy.sight import Wanted
from tests.proxy.flows import GROUND, LOCAL, NODE, OTHER, OUTSIDE, POD, REMOTE, SELF, THERE_GROUND, intents, settings

NODES = [Node("here", (NODE,), ("10.244.0.0/24",)), Node("there", (OTHER,), ("10.244.1.0/24",))]


class FakeView:
    """The mode iptables on a kernel of fakes; `without` are chains that somebody has taken out of it."""

    def __init__(self, wanted, without=()):
        ruleset, kernel = Ruleset(wanted.settings), FakeIptables()
        ruleset.change(wanted.intents)
        kernel.run(ruleset.whole({table: kernel.survey(table) for table in ("nat", "filter")}))
        self.plan, self.tables = ruleset.tables(), kernel.tables
        self.kernel = {
            table: {chain: () if chain in without else rules for chain, rules in chains.items()}
            for table, chains in kernel.tables.items()
        }

    def planned(self):
        return planned(self.plan, JUMPS)

    def observe(self):
        seen = {
            table: {
                chain: tuple(Counted(render_rule(each), 4, each) for each in rules) for chain, rules in chains.items()
            }
            for table, chains in self.kernel.items()
        }
        return found_rules(seen, is_ours)

    def trace_plan(self, packet, ground):
        return trace(self.tables, packet, ground)

    def trace_kernel(self, packet, ground):
        return trace(self.kernel, packet, ground)


@dataclass
class FakeSite:
    """A node of the packet table."""

    name: str
    without: tuple = ()
    mode: str = "iptables"
    netns: str = "nowhere"
    node: Node = field(init=False)

    def __post_init__(self):
        self.node = next(each for each in NODES if each.name == self.name)

    def wanted(self, family):
        return Wanted("iptables", settings(family), intents(family, "tcp", self.name))

    def view(self, family):
        return FakeView(self.wanted(family), self.without)

    def addresses(self):
        return (GROUND if self.name == "here" else THERE_GROUND).local

    def net(self):
        config = Config(self.name, self.node.addresses, ("10.244.0.0/16",))
        link = Link("eth0", "veth", mtu=1500, addresses=(f"{self.node.addresses[0]}/24",))
        return Network.wanted(config, NODES, "host-gw", [link]), Seen()


@pytest.fixture(autouse=True)
def no_kernel(monkeypatch):
    """Routes are not looked up."""
    monkeypatch.setattr(room.ways, "look_up", lambda netns, goal, **more: f"{goal} looked up {more}")


def walk(packet, node="here", **more):
    sites = {name: FakeSite(name, **more) for name in ("here", "there")}
    return list(Walk(sites).branches(packet, node))


def test_a_pod_to_a_service_has_a_way_for_each_endpoint_and_each_names_the_rule_that_decides():
    branches = [branch for branch, surprise in walk(Packet(POD, "10.96.0.20", 80)) if not surprise]
    assert [branch.fate for branch in branches] == [Fate("goes", f"{LOCAL}:8080"), Fate("goes", f"{REMOTE}:8080")]
    for branch, place in zip(branches, (LOCAL, REMOTE), strict=True):
        assert branch.decides.at == "iptables"
        assert branch.decides.plan.endswith(f"-j DNAT --to-destination {place}:8080")
        assert (branch.decides.kernel, branch.decides.before) == ("there", 4)
        assert branch.steps[0].plan.startswith("shop/web: cluster IP 10.96.0.20:80; endpoint")


def test_a_way_to_another_node_goes_by_its_route_and_is_delivered_there():
    _, far = (branch for branch, _ in walk(Packet(POD, "10.96.0.20", 80)))
    routes = [(step.node, step.plan) for step in far.steps if step.at == "route"]
    assert routes == [
        ("here", f"10.244.1.0/24 via {OTHER}: pods of there"),
        ("there", "10.244.1.0/24 dev cni0: pods of this node"),
    ]
    (leaving,) = (step for step in far.steps if step.at == "route" and step.node == "here")
    assert f"'source': '{POD}', 'link': 'cni0'" in leaving.kernel
    assert any(step.at == "source" and step.plan.endswith("-j RETURN") for step in far.steps)


def test_what_the_service_has_masqueraded_already_is_no_matter_for_the_pods_rules():
    found = {branch.fate: {step.at for step in branch.steps} for branch, _ in walk(Packet(LOCAL, "10.96.0.20", 80))}
    assert {(fate.masqueraded, "source" in decided) for fate, decided in found.items()} == {
        (True, False),
        (False, True),
    }


def test_a_node_port_of_another_node_is_decided_there():
    found = [branch for branch, _ in walk(Packet(SELF, OTHER, 30080))]
    assert {branch.fate.what for branch in found} == {"goes"}
    assert {branch.decides.node for branch in found} == {"there"}
    assert found[0].steps[0].plan == "no service is asked for"


@pytest.mark.parametrize(
    ("packet", "what", "words"),
    [
        (Packet(POD, "10.96.0.23", 80), "rejected", "REJECT"),
        (Packet(POD, "10.96.0.25", 80), "dropped", "DROP"),
        (Packet(OUTSIDE, NODE, 30082), "dropped", "DROP"),
    ],
)
def test_a_packet_that_is_refused_or_dropped_ends_at_the_rule_that_does_it(packet, what, words):
    ((branch, surprise),) = walk(packet)
    assert (branch.fate.what, surprise) == (what, "")
    assert words in branch.decides.plan


def test_a_packet_past_all_services_is_decided_by_the_last_route():
    ((branch, _),) = walk(Packet(POD, REMOTE, 8080))
    assert branch.fate == Fate("passes")
    assert (branch.decides.node, branch.decides.at) == ("there", "route")
    ((outward, _),) = walk(Packet(SELF, OUTSIDE, 80))
    assert outward.decides.plan == "by the default route: nobody of the cluster"


def test_a_kernel_that_lost_a_rule_is_a_surprise():
    found = walk(Packet(POD, "10.96.0.20", 80), without=("KUBE-SERVICES",))
    branch, surprise = found[0]
    assert surprise.startswith("here: by the plan the packet goes to") and "passes" in surprise
    assert any(step.kernel == "MISSING" for step in branch.steps)


@pytest.mark.parametrize(
    ("steps", "to", "at"),
    [
        (("a", "-j DNAT --to-destination 10.0.0.1:80", "masquerade"), "10.0.0.1:80", 1),
        (("look", "@m { 10.96.0.1 . tcp . 80 . 1 : 10.0.0.1 . 80 }", "b"), "10.0.0.1:80", 1),
        (("a", "b"), "10.0.0.1:80", 1),
        (("a", "b", "drop"), "", 2),
    ],
)
def test_the_step_that_decides_names_where_the_packet_goes(steps, to, at):
    assert deciding(Way(Fate("goes" if to else "dropped", to), steps)) == at


def test_a_probe_shows_by_its_counters_which_way_was_taken():
    steps = (Step("n", "iptables", "a", "there", 1, decides=True), Step("n", "route", "r"))
    other = (replace(steps[0], plan="b"),)
    branches = tuple(Branch(Fate("goes", "x:1"), each) for each in (steps, other))
    path = counted(Path("pod/a", "svc/b:80", Packet("1.1.1.1", "2.2.2.2", 80), branches), {"n": {"a": 2, "b": 1}})
    assert [branch.taken for branch in path.branches] == [True, False]
    document = path.document()
    assert document["ways"][0]["steps"][0] | {"packets": 1, "packetsAfter": 2} == document["ways"][0]["steps"][0]
    assert document["ways"][0]["decides"] == {"node": "n", "at": "iptables", "rule": "a"}
    assert "probe" not in document
    assert replace(path, probe="answered").document()["probe"] == "answered"
