import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyk8s.scheduler.plan import Placement, Refusal, plan_placement
from pyk8s.scheduler.plugins import ORDER
from tests.scheduler.makers import Cluster, node, pod, template


def plan(cluster, turn=0, **more):
    return plan_placement(template(**more), cluster, ORDER, turn)


def test_without_nodes_there_is_nowhere_to_go():
    outcome = plan(Cluster())
    assert outcome == Refusal(0)
    assert outcome.message == "no nodes available to schedule pods"


def test_the_only_node_that_fits_is_taken():
    cluster = Cluster(node("small", cpu="1"), node("large", cpu="8"))
    assert plan(cluster, cpu="4") == Placement("large")


def test_the_emptiest_node_is_taken():
    cluster = Cluster(node("a"), node("b"), node("c")).put("x", "a", cpu="1").put("y", "c", cpu="2")
    assert plan(cluster, cpu="1") == Placement("b")


def test_of_equally_good_nodes_each_has_its_turn():
    cluster = Cluster(node("a"), node("b"), node("c"))
    assert {plan(cluster, turn).node for turn in range(3)} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("nodes", "wanted", "message", "refused_by"),
    [
        pytest.param(
            [node("a", taints=["role=:NoSchedule"]), node("b", cpu="1"), node("c", cpu="1")],
            {"cpu": "2"},
            "0/3 nodes are available: 1 node(s) had untolerated taint {role: }, 2 Insufficient cpu.",
            {"taints", "resources"},
            id="taint and cpu",
        ),
        pytest.param(
            [node("a", cpu="1", memory="1Mi"), node("b", memory="1Mi"), node("c", pods="0")],
            {"cpu": "2", "memory": "1Gi"},
            "0/3 nodes are available: 1 Insufficient cpu, 1 Too many pods, 2 Insufficient memory.",
            {"resources"},
            id="a node may lack several resources",
        ),
        pytest.param(
            [node("a", unschedulable=True, cpu="1"), node("b", unschedulable=True)],
            {"cpu": "2"},
            "0/2 nodes are available: 2 node(s) were unschedulable.",
            {"unschedulable"},
            id="only the first reason of a node counts",
        ),
        pytest.param(
            [node("a"), node("b", taints=["k=v:NoExecute"])],
            {"nodeSelector": {"disk": "ssd"}},
            "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, "
            "1 node(s) had untolerated taint {k: v}.",
            {"taints", "affinity"},
            id="selector and taint",
        ),
        pytest.param(
            [node("a")],
            {"node": "b"},
            "0/1 nodes are available: 1 node(s) didn't match the requested node name.",
            {"nodename"},
            id="another node",
        ),
    ],
)
def test_why_there_is_nowhere_to_go(nodes, wanted, message, refused_by):
    outcome = plan(Cluster(*nodes), **wanted)
    assert (outcome.message, outcome.refused_by) == (message, refused_by)


NODES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=5)
PODS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 0, 80, 81])), max_size=30)


@settings(max_examples=60, deadline=None)
@given(NODES, PODS)
def test_no_node_is_ever_given_more_than_it_has(nodes, pods):
    cluster = Cluster(*(node(f"n{n}", cpu=str(c), memory=f"{m}Gi", pods=str(p)) for n, (c, m, p) in enumerate(nodes)))
    left = {f"n{n}": list(had) for n, had in enumerate(nodes)}
    ports = set()
    for n, (cpu, memory, port) in enumerate(pods):
        wanted = {"cpu": str(cpu), "memory": f"{memory}Gi", "port": port}
        outcome = plan(cluster, n, **wanted)
        room = {
            name
            for name, (c, m, p) in left.items()
            if c >= cpu and m >= memory and p >= 1 and (port == 0 or (name, port) not in ports)
        }
        if isinstance(outcome, Refusal):
            assert not room, "a pod was refused that would have fitted"
            continue
        assert outcome.node in room
        cluster.put(f"p{n}", outcome.node, **wanted)
        for at, taken in enumerate((cpu, memory, 1)):
            left[outcome.node][at] -= taken
        ports.add((outcome.node, port))


def test_replicas_are_spread_over_the_nodes():
    cluster = Cluster(*(node(f"n{n}") for n in range(4)))
    for n in range(12):
        made = pod(f"p{n}", owner="rs", cpu="10m", memory="10Mi")
        outcome = plan(cluster, n, owner="rs", cpu="10m", memory="10Mi")
        cluster.put(made.metadata.name, outcome.node, owner="rs", cpu="10m", memory="10Mi")
    assert list(cluster.pods.used("pods")[:4]) == [3, 3, 3, 3]
