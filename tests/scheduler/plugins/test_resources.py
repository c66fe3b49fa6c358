"""resources, balance and ports."""

import pytest

from pyk8s.scheduler.plugins import balance, ports, resources
from tests.scheduler.makers import Cluster, node, template

GPU = "example.com/gpu"


@pytest.mark.parametrize(
    ("taken", "wanted", "fits"),
    [
        pytest.param({}, {"cpu": "2"}, True, id="all of it"),
        pytest.param({}, {"cpu": "2001m"}, False, id="a little too much"),
        pytest.param({"cpu": "1500m"}, {"cpu": "500m"}, True, id="all that is left"),
        pytest.param({"cpu": "1500m"}, {"cpu": "501m"}, False, id="more than is left"),
        pytest.param({"cpu": "3"}, {"memory": "1Gi"}, True, id="what is overdrawn is not asked for"),
        pytest.param({"memory": "1Gi"}, {"memory": "1Ki"}, False, id="memory"),
        pytest.param({}, {}, True, id="nothing"),
    ],
)
def test_a_node_takes_what_it_has_room_for(taken, wanted, fits):
    cluster = Cluster(node("n", cpu="2", memory="1Gi")).put("x", "n", **taken)
    assert resources.mask(template(**wanted), cluster)[0] == fits


def test_a_node_takes_so_many_pods_and_no_more():
    cluster = Cluster(node("n", pods="1")).put("x", "n")
    mask = resources.mask(template(), cluster)
    assert resources.reasons(template(), cluster, cluster.everywhere & ~mask) == {"Too many pods": 1}


def test_a_resource_that_no_node_has_is_not_there():
    cluster = Cluster(node("n"))
    pod = template(containers=[{"name": "x", "resources": {"requests": {GPU: "1"}}}])
    assert not resources.mask(pod, cluster)[0]
    assert resources.reasons(pod, cluster, cluster.everywhere) == {f"Insufficient {GPU}": 1}


def test_emptier_nodes_are_better():
    cluster = Cluster(node("empty"), node("half"), node("full"), node("gone", cpu="0", memory="0"))
    cluster.put("x", "half", cpu="2", memory="4Gi").put("y", "full", cpu="4", memory="8Gi")
    pod = template(cpu="1m", memory="1Ki")
    scores = cluster.scores(resources.score(pod, cluster, cluster.everywhere))
    assert scores == {"empty": 100, "half": 50, "full": 0, "gone": 0}


def test_pods_that_ask_for_nothing_fill_a_node_too_when_nodes_are_compared():
    cluster = Cluster(node("a"), node("b")).put("x", "a").put("y", "a")
    score = resources.score(template(), cluster, cluster.everywhere)
    assert score[0] < score[1]
    assert cluster.pods.used("cpu")[0] == 0


def test_even_use_of_cpu_and_memory_is_better():
    cluster = Cluster(node("even"), node("uneven"))
    cluster.put("x", "even", cpu="2", memory="4Gi").put("y", "uneven", cpu="4", memory="1Ki")
    scores = cluster.scores(balance.score(template(cpu="1m", memory="1Ki"), cluster, cluster.everywhere))
    assert scores == {"even": 100, "uneven": 50}


def test_a_port_of_a_node_is_taken_once():
    cluster = Cluster(node("a"), node("b")).put("x", "a", port=80)
    assert cluster.named(ports.mask(template(port=80), cluster)) == {"b"}
    assert cluster.named(ports.mask(template(port=81), cluster)) == {"a", "b"}
    assert cluster.named(ports.mask(template(), cluster)) == {"a", "b"}


def test_all_ports_of_a_pod_must_be_free():
    cluster = Cluster(node("a"), node("b")).put("x", "a", port=80).put("y", "b", port=81)
    both = [{"name": "x", "ports": [{"hostPort": 80}, {"hostPort": 81}]}]
    pod = template(containers=both)
    mask = ports.mask(pod, cluster)
    assert cluster.named(mask) == set()
    reason = "node(s) didn't have free ports for the requested pod ports"
    assert ports.PLUGIN.reasons(pod, cluster, cluster.everywhere & ~mask) == {reason: 2}
