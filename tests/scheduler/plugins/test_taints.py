import pytest

from pyk8s.scheduler.objects import Taint, Toleration
from pyk8s.scheduler.plugins import taints
from tests.scheduler.makers import Cluster, node, template

TAINT = Taint("role", "db", "NoSchedule")


@pytest.mark.parametrize(
    ("toleration", "bears"),
    [
        (Toleration(key="role", value="db"), True),
        (Toleration(key="role", value="web"), False),
        (Toleration(key="role", operator="Exists"), True),
        (Toleration(key="role", operator="Exists", value="ignored"), True),
        (Toleration(key="other", operator="Exists"), False),
        (Toleration(operator="Exists"), True),
        (Toleration(), False),
        (Toleration(key="role", value="db", effect="NoSchedule"), True),
        (Toleration(key="role", value="db", effect="NoExecute"), False),
        (Toleration(key="role", value="3", operator="Gt"), False),
    ],
)
def test_what_a_toleration_bears_with(toleration, bears):
    assert taints.tolerates([toleration], TAINT) is bears


@pytest.mark.parametrize(
    ("operator", "value", "bears"), [("Gt", "4", True), ("Gt", "5", False), ("Lt", "6", True), ("Lt", "x", False)]
)
def test_numbers_are_compared(operator, value, bears):
    taint = Taint("sla", "5", "NoSchedule")
    assert taints.tolerates([Toleration(key="sla", operator=operator, value=value)], taint) is bears


NODES = {
    "free": [],
    "away": ["role=db:NoSchedule"],
    "out": ["role=db:NoExecute"],
    "rather not": ["role=db:PreferNoSchedule"],
    "two": ["role=db:NoSchedule", "gpu=:NoSchedule"],
}


def tainted():
    return Cluster(*(node(name, taints=some) for name, some in NODES.items()))


@pytest.mark.parametrize(
    ("tolerations", "fits"),
    [
        ([], {"free", "rather not"}),
        ([{"key": "role", "value": "db"}], {"free", "rather not", "away", "out"}),
        ([{"key": "role", "value": "db", "effect": "NoExecute"}], {"free", "rather not", "out"}),
        ([{"operator": "Exists"}], set(NODES)),
    ],
)
def test_taints_keep_pods_away_that_do_not_tolerate_them(tolerations, fits):
    cluster = tainted()
    assert cluster.named(taints.mask(template(tolerations=tolerations), cluster) & cluster.everywhere) == fits


def test_a_node_counts_with_one_of_its_taints():
    cluster = tainted()
    refused = cluster.everywhere & ~taints.mask(template(), cluster)
    assert sum(taints.reasons(template(), cluster, refused).values()) == 3


def test_each_taint_is_named_as_kubernetes_does():
    cluster = Cluster(node("a", taints=["k=v:NoSchedule"]), node("b", taints=["empty=:NoExecute"]))
    assert taints.reasons(template(), cluster, cluster.everywhere) == {
        "node(s) had untolerated taint {k: v}": 1,
        "node(s) had untolerated taint {empty: }": 1,
    }


def test_the_answer_is_found_anew_when_nodes_change():
    cluster = Cluster(node("a", taints=["k=v:NoSchedule"]))
    pod = template()
    assert cluster.named(taints.mask(pod, cluster)) & {"a"} == set()
    cluster.set_node(node("a"))
    assert cluster.named(taints.mask(pod, cluster)) & {"a"} == {"a"}


@pytest.mark.parametrize(
    ("tolerations", "scores"),
    [
        ([], {"none": 100, "one": 50, "two": 0}),
        ([{"key": "a", "operator": "Exists"}], {"none": 100, "one": 100, "two": 0}),
        ([{"operator": "Exists"}], {"none": 100, "one": 100, "two": 100}),
    ],
)
def test_nodes_with_taints_that_prefer_others_are_worse(tolerations, scores):
    some = {"none": [], "one": ["a=:PreferNoSchedule"], "two": ["a=:PreferNoSchedule", "b=:PreferNoSchedule"]}
    cluster = Cluster(*(node(name, taints=taints_) for name, taints_ in some.items()))
    score = taints.score(template(tolerations=tolerations), cluster, cluster.everywhere)
    assert cluster.scores(score) == scores
