import pytest

from pyk8s.scheduler.plugins import affinity
from tests.scheduler.makers import Cluster, node, template

NODES = {
    "a": {"disk": "ssd", "cores": "8"},
    "b": {"disk": "hdd", "cores": "16"},
    "c": {"cores": "many"},
    "d": {"disk": ""},
}


def labelled():
    return Cluster(*(node(name, labels=labels) for name, labels in NODES.items()))


def expression(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)}


def required(*terms):
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
    }


def preferred(*terms):
    some = [{"weight": weight, "preference": term} for weight, term in terms]
    return {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": some}}}


def expressions(*some):
    return {"matchExpressions": some}


def fits(**more):
    cluster = labelled()
    return cluster.named(affinity.mask(template(**more), cluster))


@pytest.mark.parametrize(
    ("selector", "wanted"),
    [({}, "abcd"), ({"disk": "ssd"}, "a"), ({"disk": ""}, "d"), ({"disk": "ssd", "cores": "16"}, ""), ({"x": "y"}, "")],
)
def test_a_node_selector_wants_every_label(selector, wanted):
    assert fits(nodeSelector=selector) == set(wanted)


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (expression("disk", "In", "ssd", "hdd"), "ab"),
        (expression("disk", "NotIn", "ssd"), "bcd"),
        (expression("disk", "Exists"), "abd"),
        (expression("disk", "DoesNotExist"), "c"),
        (expression("cores", "Gt", "8"), "b"),
        (expression("cores", "Lt", "16"), "a"),
        (expression("cores", "Gt", "x"), ""),
        (expression("cores", "Gt"), ""),
        (expression("disk", "Like", "ssd"), ""),
        (expression("nothing", "In", "x"), ""),
    ],
)
def test_an_expression(one, wanted):
    assert fits(**required(expressions(one))) == set(wanted)


@pytest.mark.parametrize(
    ("terms", "wanted"),
    [
        ([], ""),
        ([{}], ""),
        ([expressions(expression("disk", "Exists"), expression("cores", "Exists"))], "ab"),
        ([expressions(expression("disk", "In", "ssd")), expressions(expression("cores", "In", "many"))], "ac"),
        ([{}, expressions(expression("disk", "In", "ssd"))], "a"),
        ([{"matchFields": [expression("metadata.name", "In", "b", "c")]}], "bc"),
        ([{"matchFields": [expression("metadata.name", "NotIn", "b")]}], "acd"),
        ([{"matchFields": [expression("spec.x", "In", "b")]}], ""),
        (
            [
                {
                    "matchFields": [expression("metadata.name", "In", "a")],
                    "matchExpressions": [expression("disk", "Exists")],
                }
            ],
            "a",
        ),
    ],
)
def test_terms_are_alternatives_and_their_parts_are_not(terms, wanted):
    cluster = labelled()
    mask = affinity.mask(template(**required(*terms)), cluster) & cluster.everywhere
    assert cluster.named(mask) == set(wanted)


def test_selector_and_affinity_must_both_hold():
    assert fits(nodeSelector={"cores": "8"}, **required(expressions(expression("disk", "In", "hdd")))) == set()


def test_a_label_that_changes_is_seen():
    cluster = labelled()
    pod = template(nodeSelector={"disk": "ssd"})
    assert cluster.named(affinity.mask(pod, cluster)) == {"a"}
    cluster.set_node(node("c", labels={"disk": "ssd"}))
    assert cluster.named(affinity.mask(pod, cluster)) == {"a", "c"}


def test_liked_nodes_are_better_by_weight():
    cluster = labelled()
    pod = template(
        **preferred(
            (10, expressions(expression("disk", "Exists"))),
            (30, expressions(expression("disk", "In", "ssd"))),
            (10, {}),
        )
    )
    scores = cluster.scores(affinity.score(pod, cluster, cluster.everywhere))
    assert scores == {"a": 100, "b": 40, "c": 20, "d": 40}


def test_without_preference_all_are_alike():
    cluster = labelled()
    assert set(cluster.scores(affinity.score(template(), cluster, cluster.everywhere)).values()) == {0}


def test_the_best_of_those_that_fit_has_the_full_score():
    cluster = labelled()
    pod = template(
        **preferred((1, expressions(expression("disk", "In", "ssd"))), (2, expressions(expression("disk", "Exists"))))
    )
    only_b = cluster.nodes.label("disk").where(lambda text: text == "hdd")
    assert cluster.scores(affinity.score(pod, cluster, only_b))["b"] == 100
