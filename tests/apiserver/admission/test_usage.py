"""What objects use of a quota."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyk8s.apiserver.admission.charges import Charges, total
from pyk8s.apiserver.admission.usage import (
    add,
    counted_kinds,
    covers,
    exceeded,
    hard_of,
    shown,
    usage_of,
    used_of,
    written,
)
from tests.apiserver.registry.running import pod, row


def pod_of(requests=None, limits=None, **spec):
    resources = {"requests": requests or {}, "limits": limits or {}}
    return pod(containers=[{"name": "main", "image": "x", "resources": resources}], **spec)


def plain(amounts):
    return {name: float(amount) for name, amount in amounts.items()}


@pytest.mark.parametrize(
    ("plural", "obj", "used"),
    [
        ("configmaps", {}, {"configmaps": 1, "count/configmaps": 1}),
        ("deployments.apps", {}, {"count/deployments.apps": 1}),
        ("leases.coordination.k8s.io", {}, {"count/leases.coordination.k8s.io": 1}),
        ("serviceaccounts", {}, {"count/serviceaccounts": 1}),
        (
            "pods",
            pod_of({"cpu": "500m", "memory": "1Gi"}, {"cpu": "1"}),
            {
                "count/pods": 1,
                "pods": 1,
                "cpu": 0.5,
                "requests.cpu": 0.5,
                "memory": 2**30,
                "requests.memory": 2**30,
                "limits.cpu": 1,
            },
        ),
        ("pods", pod_of({"example.com/gpu": "2"}), {"count/pods": 1, "pods": 1, "requests.example.com/gpu": 2}),
        ("pods", {**pod_of({"cpu": "1"}), "status": {"phase": "Succeeded"}}, {"count/pods": 1}),
        ("services", {"spec": {"ports": [{}]}}, {"services": 1, "count/services": 1}),
        (
            "services",
            {"spec": {"type": "LoadBalancer", "ports": [{}, {}]}},
            {"services": 1, "count/services": 1, "services.nodeports": 2, "services.loadbalancers": 1},
        ),
        (
            "persistentvolumeclaims",
            {"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1Ki"}}}},
            {
                "persistentvolumeclaims": 1,
                "count/persistentvolumeclaims": 1,
                "requests.storage": 1024,
                "fast.storageclass.storage.k8s.io/requests.storage": 1024,
                "fast.storageclass.storage.k8s.io/persistentvolumeclaims": 1,
            },
        ),
    ],
)
def test_usage_of(plural, obj, used):
    assert plain(usage_of(row(plural), obj)) == used


def quota(hard, used=None, **spec):
    made = {"metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}
    return made if used is None else {**made, "status": {"used": used}}


def test_a_status_that_lacks_a_name_says_nothing():
    assert used_of(quota({"pods": "1"})) is None
    assert used_of(quota({"pods": "1", "cpu": "1"}, {"pods": "1"})) is None
    assert used_of(quota({"cpu": "1"}, {"cpu": "500m", "pods": "1"})) == {"cpu": Fraction(1, 2)}


@pytest.mark.parametrize(
    ("hard", "used", "wanted", "over"),
    [
        ({"pods": 2}, {"pods": 1}, {"pods": 1}, []),
        ({"pods": 2}, {"pods": 2}, {"pods": 1}, ["pods"]),
        ({"pods": 2}, {}, {"pods": 3, "cpu": 9}, ["pods"]),
        ({"pods": 1, "cpu": 1}, {"pods": 1, "cpu": 1}, {"pods": 1, "cpu": 1}, ["cpu", "pods"]),
    ],
)
def test_exceeded(hard, used, wanted, over):
    assert exceeded(hard, used, wanted) == over


def test_usage_is_written_in_the_units_of_each_name():
    hard = {"cpu": "2", "requests.memory": "1Gi", "pods": "5", "requests.storage": "1Ti"}
    used = {"cpu": Fraction(1, 2), "requests.memory": Fraction(2**20), "requests.storage": Fraction(3 * 2**30)}
    status = written(quota(hard), used)["status"]
    assert status == {
        "hard": hard,
        "used": {"cpu": "500m", "requests.memory": "1Mi", "pods": "0", "requests.storage": "3Gi"},
    }


@given(st.integers(0, 10**9))
def test_what_is_written_is_what_is_read(amount):
    for name in ("cpu", "memory", "pods"):
        read = used_of(written(quota({name: "1"}), {name: Fraction(amount)}))
        assert read == {name: amount}


@pytest.mark.parametrize(
    ("name", "amount", "text"),
    [
        ("limits.cpu", Fraction(1, 3), "334m"),
        ("memory", Fraction(1000), "1000"),
        ("hugepages-2Mi", Fraction(2**21), "2Mi"),
        ("count/pods", Fraction(3), "3"),
    ],
)
def test_shown(name, amount, text):
    assert shown(name, amount) == text


def test_the_kinds_to_look_at_follow_from_the_names():
    names = ["count/deployments.apps", "pods", "limits.cpu", "services.nodeports", "requests.storage", "secrets"]
    assert counted_kinds(names) == {"deployments.apps", "pods", "services", "persistentvolumeclaims", "secrets"}
    assert counted_kinds(["requests.ephemeral-storage"]) == {"pods"}


BEST_EFFORT, BURSTABLE = pod_of(), pod_of({"cpu": "1"})


@pytest.mark.parametrize(
    ("scopes", "obj", "meant"),
    [
        ([], BEST_EFFORT, True),
        (["BestEffort"], BEST_EFFORT, True),
        (["BestEffort"], BURSTABLE, False),
        (["NotBestEffort"], BURSTABLE, True),
        (["Terminating"], pod_of(activeDeadlineSeconds=5), True),
        (["Terminating"], BEST_EFFORT, False),
        (["NotTerminating", "BestEffort"], BEST_EFFORT, True),
        (["PriorityClass"], pod_of(priorityClassName="high"), True),
        (["PriorityClass"], BEST_EFFORT, False),
        (["SomethingNew"], BEST_EFFORT, False),
    ],
)
def test_scopes_mean_some_pods(scopes, obj, meant):
    assert covers(quota({"pods": "1"}, scopes=scopes), row("pods"), obj) is meant
    assert covers(quota({"pods": "1"}, scopes=scopes), row("configmaps"), {}) is (not scopes)


@pytest.mark.parametrize(
    ("operator", "values", "name", "meant"),
    [
        ("In", ["high"], "high", True),
        ("In", ["high"], "low", False),
        ("NotIn", ["high"], "low", True),
        ("DoesNotExist", [], "", True),
        ("DoesNotExist", [], "high", False),
        ("Exists", [], "high", True),
    ],
)
def test_priority_classes_may_be_named(operator, values, name, meant):
    expression = {"scopeName": "PriorityClass", "operator": operator, "values": values}
    selector = {"matchExpressions": [expression]}
    assert covers(quota({}, scopeSelector=selector), row("pods"), pod_of(priorityClassName=name)) is meant


amounts = st.dictionaries(st.sampled_from(["pods", "cpu", "memory"]), st.fractions(0, 100), max_size=3)


@given(amounts, amounts)
def test_adding_is_the_same_both_ways(one, other):
    assert add(one, other) == add(other, one)


def test_charges_of_others_count_while_they_are_under_way():
    charges, key = Charges(), ("team", "q")
    first, second = charges.begin(key, {"pods": Fraction(1)}), charges.begin(key, {"pods": Fraction(2)})
    assert total(charges.under_way(key)) == {"pods": 3}
    charges.end(key, second)
    charges.end(key, second)
    assert total(charges.under_way(key)) == {"pods": 1}
    charges.end(key, first)
    assert charges.under_way(key) == {}


def test_one_quota_is_charged_by_one_at_a_time():
    charges = Charges()
    held = charges.lock(("team", "q"))
    assert charges.lock(("team", "q")) is held
    assert charges.lock(("team", "other")) is not held


def test_what_a_quota_allows():
    assert hard_of(quota({"cpu": "500m"})) == {"cpu": Fraction(1, 2)}
    assert hard_of({"metadata": {}}) == {}
