import pytest

from pyk8s.scheduler.plugins import spread
from tests.scheduler.makers import HOSTNAME, ZONE, Cluster, node, template

APP = {"app": "web"}


def constraint(key=ZONE, skew=1, *, soft=False, **more):
    how = "ScheduleAnyway" if soft else "DoNotSchedule"
    return {
        "topologyKey": key,
        "maxSkew": skew,
        "whenUnsatisfiable": how,
        "labelSelector": {"matchLabels": APP},
        **more,
    }


def zones(counts, **more):
    """Nodes "a1", "a2", "b1", … in zones "a", "b", …, each with so many pods."""
    cluster = Cluster(*(node(name, labels={ZONE: name[0]}, **more) for name in counts))
    for name, count in counts.items():
        for n in range(count):
            cluster.put(f"{name}-{n}", name, labels=APP)
    return cluster


def fits(cluster, *constraints, labels=APP, **more):
    pod = template(labels=labels, topologySpreadConstraints=list(constraints), **more)
    return cluster.named(spread.mask(pod, cluster) & cluster.everywhere)


@pytest.mark.parametrize(
    ("counts", "skew", "wanted"),
    [
        ({"a1": 0, "b1": 0}, 1, {"a1", "b1"}),
        ({"a1": 1, "b1": 0}, 1, {"b1"}),
        ({"a1": 1, "a2": 0, "b1": 0}, 1, {"b1"}),
        ({"a1": 1, "a2": 1, "b1": 1}, 1, {"b1"}),
        ({"a1": 1, "b1": 0}, 2, {"a1", "b1"}),
        ({"a1": 3, "b1": 1, "c1": 2}, 2, {"b1", "c1"}),
    ],
)
def test_no_zone_gets_further_ahead_than_allowed(counts, skew, wanted):
    assert fits(zones(counts), constraint(skew=skew)) == wanted


def test_nodes_can_be_domains_too():
    assert fits(zones({"a1": 1, "a2": 0, "b1": 0}), constraint(HOSTNAME)) == {"a2", "b1"}


def test_all_constraints_must_hold():
    cluster = zones({"a1": 1, "a2": 0, "b1": 1, "b2": 1, "b3": 0})
    assert fits(cluster, constraint(ZONE), constraint(HOSTNAME)) == {"a2"}


def test_a_node_without_the_label_is_no_place_and_says_so():
    cluster = zones({"a1": 0, "b1": 1})
    cluster.set_node(node("bare"))
    pod = template(labels=APP, topologySpreadConstraints=[constraint()])
    refused = cluster.everywhere & ~spread.mask(pod, cluster)
    assert cluster.named(refused) == {"bare", "b1"}
    assert spread.reasons(pod, cluster, refused) == {
        "node(s) didn't match pod topology spread constraints (missing required label)": 1,
        "node(s) didn't match pod topology spread constraints": 1,
    }


def test_pods_of_another_namespace_do_not_count():
    cluster = zones({"a1": 0, "b1": 0})
    cluster.put("x", "a1", namespace="other", labels=APP)
    assert fits(cluster, constraint()) == {"a1", "b1"}


def test_a_pod_that_its_own_selector_does_not_mean_adds_nothing():
    assert fits(zones({"a1": 1, "b1": 0}), constraint(), labels={"app": "db"}) == {"a1", "b1"}


def test_fewer_domains_than_wanted_count_as_an_empty_one():
    assert fits(zones({"a1": 1, "b1": 1}), constraint(minDomains=3)) == set()
    assert fits(zones({"a1": 1, "b1": 1}), constraint(minDomains=2)) == {"a1", "b1"}


@pytest.mark.parametrize(("policy", "wanted"), [("Honor", {"a1", "b1"}), ("Ignore", {"c1"})])
def test_zones_the_pod_cannot_go_to_count_or_not(policy, wanted):
    cluster = zones({"a1": 1, "b1": 1, "c1": 0})
    one = constraint(nodeAffinityPolicy=policy)
    terms = [{"matchExpressions": [{"key": ZONE, "operator": "NotIn", "values": ["c"]}]}]
    needed = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    assert fits(cluster, one, affinity=needed) - {"c1"} == wanted - {"c1"}


@pytest.mark.parametrize(("policy", "wanted"), [("Honor", {"a1"}), ("Ignore", set())])
def test_zones_with_taints_count_or_not(policy, wanted):
    cluster = zones({"a1": 1})
    cluster.set_node(node("b1", labels={ZONE: "b"}, taints=["k=v:NoSchedule"]))
    assert fits(cluster, constraint(nodeTaintsPolicy=policy)) - {"b1"} == wanted


def scores(cluster, **more):
    return cluster.scores(spread.score(template(**more), cluster, cluster.everywhere))


def test_a_soft_constraint_refuses_nobody_and_makes_fuller_zones_worse():
    cluster = zones({"a1": 2, "b1": 1, "c1": 0})
    soft = constraint(soft=True)
    assert fits(cluster, soft) == {"a1", "b1", "c1"}
    found = scores(cluster, labels=APP, topologySpreadConstraints=[soft])
    assert found["c1"] == 100 > found["b1"] > found["a1"]


def test_replicas_of_one_controller_are_spread_when_nothing_is_said():
    cluster = Cluster(node("a"), node("b")).put("x", "a", owner="rs").put("y", "b", owner="other").put("z", "b")
    found = scores(cluster, owner="rs")
    assert found["b"] > found["a"]
    assert len(set(scores(cluster, owner="new").values())) == 1


def test_pods_that_belong_to_nobody_are_not_spread():
    cluster = Cluster(node("a"), node("b")).put("x", "a")
    assert set(scores(cluster).values()) == {100}


def test_nodes_without_zones_and_host_names_are_all_alike():
    cluster = Cluster(node("a", labels={HOSTNAME: ""}), node("b", labels={HOSTNAME: ""}))
    assert len(set(scores(cluster, owner="rs").values())) == 1
