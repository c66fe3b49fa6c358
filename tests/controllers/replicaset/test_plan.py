"""How many pods, which go first, and what is said about them."""

from datetime import UTC, datetime, timedelta

import pytest

from pyk8s.controllers.replicaset.plan import (
    BURST,
    Failure,
    Replicas,
    deletion_cost,
    differs,
    plan_replicas,
    plan_status,
)
from pyk8s.reconcile.objects import Pod, ReplicaSet, parse, template_of

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE = NOON - timedelta(hours=1)


def stamp(ago):
    return (NOON - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def pod(name="p", node="n", phase="Running", ready=3600, age=3600, cost="", restarts=0, labels=None):
    """`ready` is for how many seconds it has been; None is not ready."""
    metadata = {"name": name, "uid": name, "creationTimestamp": stamp(age), "labels": labels or {}}
    if cost:
        metadata["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": cost}
    condition = {"type": "Ready", "status": "False" if ready is None else "True"}
    condition["lastTransitionTime"] = stamp(ready or 0)
    status = {"phase": phase, "conditions": [condition], "containerStatuses": [{"restartCount": restarts}]}
    return parse(Pod, {"metadata": metadata, "spec": {"nodeName": node}, "status": status})


def replica_set(wanted=3, min_ready=0, conditions=(), **status):
    template = {"metadata": {"labels": {"app": "web"}}}
    spec = {"replicas": wanted, "minReadySeconds": min_ready, "template": template}
    status = {"conditions": list(conditions), **status}
    return parse(ReplicaSet, {"metadata": {"name": "web", "generation": 4}, "spec": spec, "status": status})


@pytest.mark.parametrize(
    ("wanted", "there", "create", "delete"),
    [
        pytest.param(3, 0, 3, 0, id="none yet"),
        pytest.param(3, 2, 1, 0, id="one too few"),
        pytest.param(3, 3, 0, 0, id="enough"),
        pytest.param(1, 3, 0, 2, id="too many"),
        pytest.param(0, 2, 0, 2, id="none wanted"),
        pytest.param(5000, 0, BURST, 0, id="never too many at once"),
        pytest.param(0, 600, 0, BURST, id="nor too many deletions"),
    ],
)
def test_replicas(wanted, there, create, delete):
    pods = [pod(f"p{number}") for number in range(there)]
    planned = plan_replicas(wanted, pods, pods, NOON)
    assert (planned.create, len(planned.delete)) == (create, delete)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(pod(node=""), pod("a"), id="without a node before with one"),
        pytest.param(pod(phase="Pending"), pod("a"), id="pending before running"),
        pytest.param(pod(phase="Pending"), pod("a", phase="Unknown"), id="pending before unknown"),
        pytest.param(pod(ready=None), pod("a"), id="not ready before ready"),
        pytest.param(pod(cost="-5"), pod("a"), id="cheap before dear"),
        pytest.param(pod(ready=10), pod("a", ready=3600), id="just ready before long ready"),
        pytest.param(pod(restarts=3), pod("a"), id="often restarted before never"),
        pytest.param(pod(age=10), pod("a"), id="young before old"),
        pytest.param(pod(ready=None, cost="100"), pod("a", cost="-100"), id="readiness counts before cost"),
        pytest.param(pod("a", age=3500), pod("b", age=3600), id="of about the same age the uid decides"),
    ],
)
def test_the_least_is_lost_first(first, second):
    for pods in ([first, second], [second, first]):
        assert plan_replicas(1, pods, pods, NOON) == Replicas(delete=(first,))


def test_a_crowded_node_gives_first():
    alone, crowded, neighbour = pod("a", node="one"), pod("b", node="two"), pod("c", node="two")
    assert plan_replicas(1, [alone, crowded], [alone, crowded, neighbour], NOON).delete == (crowded,)


@pytest.mark.parametrize(
    ("text", "cost"),
    [("", 0), ("7", 7), ("-7", -7), ("07", 0), ("+7", 0), ("much", 0), (str(2**31), 0), (str(-(2**31)), -(2**31))],
)
def test_a_cost_is_a_plain_32_bit_number(text, cost):
    assert deletion_cost(pod(cost=text)) == cost


def test_status_counts_what_there_is():
    one = replica_set(min_ready=30)
    pods = [pod("a", ready=60, labels={"app": "web", "x": "y"}), pod("b", ready=10), pod("c", ready=None)]
    status, again = plan_status(one, pods, template_of(one), None, NOON)
    assert status == {
        "replicas": 3,
        "fullyLabeledReplicas": 1,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "observedGeneration": 4,
    }
    assert again == 20.0


def test_the_pod_that_is_available_first_is_waited_for():
    one = replica_set(min_ready=30)
    assert plan_status(one, [pod("a", ready=5), pod("b", ready=20), pod("c", ready=60)], {}, None, NOON)[1] == 10.0


def test_nothing_is_waited_for_when_time_changes_nothing():
    one = replica_set(min_ready=30)
    assert plan_status(one, [pod(ready=60), pod("q", ready=None)], {}, None, NOON)[1] is None


def test_a_failure_is_a_condition():
    one = replica_set()
    status, _ = plan_status(one, [], {}, Failure("FailedCreate", "quota"), NOON)
    (condition,) = status["conditions"]
    assert condition == {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "quota",
        "lastTransitionTime": stamp(0),
    }


def test_a_failure_that_lasts_keeps_its_time_and_one_that_is_over_goes():
    held = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "lastTransitionTime": stamp(60)}
    one = replica_set(conditions=[held])
    lasting, _ = plan_status(one, [], {}, Failure("FailedCreate", "quota again"), NOON)
    assert lasting["conditions"][0]["lastTransitionTime"] == stamp(60)
    other, _ = plan_status(one, [], {}, Failure("FailedDelete", "refused"), NOON)
    assert other["conditions"][0]["lastTransitionTime"] == stamp(0)
    over, _ = plan_status(one, [], {}, None, NOON)
    assert "conditions" not in over


@pytest.mark.parametrize(
    ("held", "is_other"),
    [
        pytest.param({"replicas": 1, "fullyLabeledReplicas": 0, "observedGeneration": 4}, True, id="not ready before"),
        pytest.param(
            {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 4}, False, id="the same"
        ),
        pytest.param(
            {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 3}, True, id="older spec"
        ),
        pytest.param(
            {
                "replicas": 1,
                "readyReplicas": 1,
                "availableReplicas": 1,
                "observedGeneration": 4,
                "conditions": [{"type": "ReplicaFailure", "status": "True"}],
            },
            True,
            id="a condition too many",
        ),
    ],
)
def test_a_status_is_written_only_when_it_differs(held, is_other):
    one = replica_set(**held)
    status, _ = plan_status(one, [pod()], template_of(one), None, NOON)
    assert differs(one, status) is is_other
