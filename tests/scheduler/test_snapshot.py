import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pyk8s.api.selectors import parse_labels
from tests.scheduler.makers import ZONE, Cluster, node, pod, template


def test_a_node_is_there_with_all_it_has():
    cluster = Cluster(node("n1", cpu="2", memory="1Gi", labels={ZONE: "a"}, taints=["k=v:NoSchedule"], gpu="3"))
    row = cluster.rows.find("n1")
    assert cluster.everywhere[row]
    assert (cluster.nodes.allocatable("cpu")[row], cluster.nodes.allocatable("gpu")[row]) == (2000, 3)
    assert cluster.nodes.label(ZONE).texts == ["a"]
    assert [(taint.key, taint.value) for taint, _ in cluster.nodes.taints] == [("k", "v")]


def test_a_node_that_changes_loses_what_it_had():
    cluster = Cluster(node("n1", labels={"old": "1"}, taints=["k=v:NoSchedule"], images=[("a", 5)], gpu="3"))
    cluster.set_node(node("n1", cpu="1", labels={"new": "1"}))
    row = cluster.rows.find("n1")
    assert cluster.nodes.label("old").values[row] == -1
    assert cluster.nodes.label("new").values[row] == 0
    assert (cluster.nodes.allocatable("cpu")[row], cluster.nodes.allocatable("gpu")[row]) == (1000, 0)
    assert list(cluster.nodes.taints) == []
    assert cluster.nodes.image("a:latest") == {}


def test_a_heartbeat_changes_nothing():
    cluster = Cluster(node("n1"))
    version = cluster.version
    assert not cluster.set_node(node("n1"))
    assert cluster.version == version
    assert cluster.set_node(node("n1", unschedulable=True))
    assert cluster.version == version + 1


def test_a_node_without_allocatable_gives_its_capacity():
    made = node("n1")
    bare = type(made)(metadata=made.metadata, status=type(made.status)(capacity={"cpu": "3"}))
    assert Cluster(bare).nodes.allocatable("cpu")[0] == 3000


def test_a_pod_takes_what_it_asks_for_and_gives_it_back():
    cluster = Cluster(node("n1"), node("n2")).put("a", "n2", cpu="1", memory="1Gi", port=80)
    assert list(cluster.pods.used("cpu")[:2]) == [0, 1000]
    assert list(cluster.pods.used("pods")[:2]) == [0, 1]
    assert cluster.named(cluster.pods.taken(("", "TCP", 80))) == {"n2"}
    cluster.remove("default/a")
    assert not cluster.pods.used("cpu").any()
    assert not cluster.pods.taken(("", "TCP", 80)).any()


def test_the_same_pod_again_counts_once():
    cluster = Cluster(node("n1"), node("n2")).put("a", "n1", cpu="1")
    changes = cluster.changes
    cluster.put("a", "n1", cpu="1")
    assert cluster.changes == changes
    cluster.put("a", "n2", cpu="1")
    assert list(cluster.pods.used("cpu")[:2]) == [0, 1000]


def test_a_pod_that_grows_takes_more():
    cluster = Cluster(node("n1")).put("a", "n1", cpu="1").put("a", "n1", cpu="2")
    assert cluster.pods.used("cpu")[0] == 2000


def test_the_removal_of_a_pod_that_is_not_there_changes_nothing():
    cluster = Cluster(node("n1"))
    changes = cluster.changes
    cluster.remove("default/never")
    assert cluster.changes == changes


def test_a_pod_is_counted_when_its_node_becomes_known():
    cluster = Cluster().put("a", "n1", cpu="1", labels={"app": "web"})
    cluster.set_node(node("n1"))
    assert cluster.pods.used("cpu")[0] == 1000
    assert cluster.tally(("namespace", "default"), parse_labels("app=web"))[0] == 1


def test_a_node_that_is_gone_leaves_nothing_for_the_next_one_in_its_row():
    cluster = Cluster(node("n1", labels={ZONE: "a"}, unschedulable=True)).put("a", "n1", cpu="1", port=80)
    tally = cluster.tally(("namespace", "default"))
    assert tally[0] == 1
    cluster.remove_node("n1")
    assert not cluster.everywhere.any()
    cluster.set_node(node("n2"))
    assert cluster.rows.find("n2") == 0
    assert (cluster.pods.used("cpu")[0], cluster.nodes.label(ZONE).values[0]) == (0, -1)
    assert not cluster.nodes.unschedulable[0]
    assert not cluster.pods.taken(("", "TCP", 80)).any()
    assert cluster.tally(("namespace", "default"))[0] == 0
    cluster.set_node(node("n1"))
    assert cluster.pods.used("cpu")[cluster.rows.find("n1")] == 1000


@pytest.mark.parametrize(
    ("taken", "wanted", "clash"),
    [
        (("", "TCP", 80), ("", "TCP", 80), True),
        (("", "TCP", 80), ("", "UDP", 80), False),
        (("", "TCP", 80), ("", "TCP", 81), False),
        (("10.0.0.1", "TCP", 80), ("10.0.0.2", "TCP", 80), False),
        (("10.0.0.1", "TCP", 80), ("10.0.0.1", "TCP", 80), True),
        (("10.0.0.1", "TCP", 80), ("", "TCP", 80), True),
        (("", "TCP", 80), ("10.0.0.1", "TCP", 80), True),
    ],
)
def test_ports_clash_on_the_same_address_or_on_all(taken, wanted, clash):
    address, protocol, number = taken
    ports = [{"hostPort": number, "protocol": protocol, "hostIP": address}]
    cluster = Cluster(node("n1")).put("a", "n1", containers=[{"name": "x", "ports": ports}])
    assert cluster.pods.taken(wanted)[0] == clash


def test_a_port_taken_twice_is_free_after_two_removals():
    cluster = Cluster(node("n1")).put("a", "n1", port=80).put("b", "n1", port=80)
    cluster.remove("default/a")
    assert cluster.pods.taken(("", "TCP", 80))[0]
    cluster.remove("default/b")
    assert not cluster.pods.taken(("", "TCP", 80))[0]


def test_tallies_follow_the_pods():
    cluster = Cluster(node("n1"), node("n2"))
    web = parse_labels("app=web")
    group = ("namespace", "default")
    assert not cluster.tally(group, web).any()
    cluster.put("a", "n1", labels={"app": "web"}).put("b", "n1", labels={"app": "db"})
    cluster.put("c", "n2", labels={"app": "web"}, owner="rs").put("d", "n2", namespace="other", labels={"app": "web"})
    assert list(cluster.tally(group, web)[:2]) == [1, 1]
    assert list(cluster.tally(("owner", "rs"))[:2]) == [0, 1]
    cluster.remove("default/c")
    assert list(cluster.tally(group, web)[:2]) == [1, 0]
    assert not cluster.tally(("owner", "rs")).any()


def test_pods_that_are_leaving_take_their_place_and_are_not_tallied():
    cluster = Cluster(node("n1"))
    one = pod("a", cpu="1")
    cluster.place(one.key, "uid-a", "n1", template(cpu="1"), leaving=True)
    assert cluster.pods.used("cpu")[0] == 1000
    assert cluster.tally(("namespace", "default"))[0] == 0


class SnapshotMachine(RuleBasedStateMachine):
    """The model: two dicts. Columns must be what is summed up from them."""

    def __init__(self):
        super().__init__()
        self.real = Cluster()
        self.nodes = {}
        self.pods = {}

    @rule(name=st.sampled_from("pqrs"), cpu=st.sampled_from(["1", "2"]), zone=st.sampled_from(["a", "b"]))
    def set_node(self, name, cpu, zone):
        self.real.set_node(node(name, cpu=cpu, labels={ZONE: zone}))
        self.nodes[name] = (int(cpu) * 1000, zone)

    @rule(name=st.sampled_from("pqrs"))
    def remove_node(self, name):
        self.real.remove_node(name)
        self.nodes.pop(name, None)

    @rule(name=st.sampled_from("xyz"), on=st.sampled_from("pqrs"), cpu=st.sampled_from(["1", "2"]))
    def place(self, name, on, cpu):
        self.real.put(name, on, cpu=cpu)
        self.pods[name] = (on, int(cpu) * 1000)

    @rule(name=st.sampled_from("xyz"))
    def remove(self, name):
        self.real.remove(f"default/{name}")
        self.pods.pop(name, None)

    @invariant()
    def columns_are_the_sum_of_what_is_there(self):
        real = self.real
        assert real.named(real.everywhere) == set(self.nodes)
        tally = real.tally(("namespace", "default"))
        for name, (cpu, zone) in self.nodes.items():
            row = real.rows.find(name)
            on = [taken for node_name, taken in self.pods.values() if node_name == name]
            assert real.nodes.allocatable("cpu")[row] == cpu
            assert real.nodes.label(ZONE).texts[real.nodes.label(ZONE).values[row]] == zone
            assert (real.pods.used("cpu")[row], real.pods.used("pods")[row], tally[row]) == (sum(on), len(on), len(on))
        nobody = ~real.everywhere
        assert not np.any(real.pods.used("cpu")[nobody]) and not np.any(real.nodes.allocatable("cpu")[nobody])


TestSnapshot = SnapshotMachine.TestCase
TestSnapshot.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
