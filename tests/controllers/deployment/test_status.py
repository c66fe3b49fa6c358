"""What a Deployment says about its rollout."""

from datetime import timedelta

import pytest

from pyk8s.controllers.deployment.rollout import Sets
from pyk8s.controllers.deployment.status import (
    Conditions,
    Counts,
    count,
    deadline_in,
    has_progressed,
    is_complete,
    judge_availability,
    judge_pause,
    judge_progress,
)
from pyk8s.reconcile.fields import Condition
from tests.controllers.deployment.objects import EARLIER, NOON, STAMP, condition, deployment, replica_set

NEW, OLD = replica_set(2, 4, 3), replica_set(1, 6, 6)
SETS = Sets(NEW, (OLD,))


def judged(one, sets=SETS, counts=None, now=NOON):
    conditions = Conditions(one.status.conditions, now)
    judge_progress(conditions, one, sets, counts or count(sets, {}), now)
    return conditions.get("Progressing")


def test_counts_are_sums_over_the_sets():
    assert count(SETS, {}) == Counts(replicas=10, updated=4, ready=9, available=9, unavailable=1)


def test_what_was_just_asked_for_counts_as_unavailable():
    assert count(SETS, {"web-2": 8}).unavailable == 5


@pytest.mark.parametrize(
    ("counts", "complete"),
    [
        pytest.param(Counts(10, 10, 10, 10, 0), True, id="all there"),
        pytest.param(Counts(10, 10, 10, 9, 1), False, id="one is not available"),
        pytest.param(Counts(11, 10, 11, 11, 0), False, id="an old one is left"),
        pytest.param(Counts(9, 9, 9, 9, 0), False, id="one is missing"),
    ],
)
def test_complete(counts, complete):
    assert is_complete(deployment(10), counts) is complete


HELD = {"replicas": 10, "updatedReplicas": 4, "readyReplicas": 9, "availableReplicas": 9}


@pytest.mark.parametrize(
    ("counts", "progress"),
    [
        pytest.param(Counts(10, 4, 9, 9, 1), False, id="the same"),
        pytest.param(Counts(11, 5, 9, 9, 2), True, id="more of the new ones"),
        pytest.param(Counts(10, 4, 10, 9, 1), True, id="more ready"),
        pytest.param(Counts(10, 4, 9, 10, 0), True, id="more available"),
        pytest.param(Counts(9, 4, 9, 9, 0), True, id="fewer of the old ones"),
        pytest.param(Counts(8, 2, 7, 7, 1), False, id="fewer of everything"),
    ],
)
def test_progress(counts, progress):
    assert has_progressed(deployment(10, status=HELD), counts) is progress


@pytest.mark.parametrize(
    ("available", "status"), [(8, "True"), (7, "False")], ids=["as many as promised", "one too few"]
)
def test_available_means_no_more_than_allowed_are_missing(available, status):
    conditions = Conditions((), NOON)
    judge_availability(conditions, deployment(10, unavailable=2), Counts(10, 10, available, available, 2))
    assert conditions.get("Available").status == status


def test_a_complete_rollout_says_so():
    one = deployment(10, status=HELD)
    found = judged(one, counts=Counts(10, 10, 10, 10, 0))
    assert (found.status, found.reason) == ("True", "NewReplicaSetAvailable")
    assert found.message == 'ReplicaSet "web-2" has successfully progressed.'


def test_each_step_forward_winds_the_deadline_up_again():
    one = deployment(10, conditions=[condition("Progressing", "True", "ReplicaSetUpdated")])
    found = judged(one)
    assert (found.reason, found.last_update_time, found.last_transition_time) == ("ReplicaSetUpdated", STAMP, EARLIER)


def test_no_step_in_time_is_a_timeout():
    held = condition("Progressing", "True", "ReplicaSetUpdated")
    one = deployment(10, conditions=[held], status=HELD, progressDeadlineSeconds=600)
    assert judged(one, now=NOON - timedelta(seconds=1)).reason == "ReplicaSetUpdated"
    found = judged(one)
    assert (found.status, found.reason) == ("False", "ProgressDeadlineExceeded")
    assert found.last_transition_time == STAMP


def test_a_rollout_that_timed_out_may_still_go_on():
    held = condition("Progressing", "False", "ProgressDeadlineExceeded")
    assert judged(deployment(10, conditions=[held])).reason == "ReplicaSetUpdated"


def test_a_complete_rollout_stays_complete_when_a_pod_dies():
    held = condition("Progressing", "True", "NewReplicaSetAvailable")
    one = deployment(10, conditions=[held], status=HELD)
    found = judged(one, Sets(replica_set(2, 10, 8), ()), Counts(10, 10, 8, 8, 2))
    assert (found.reason, found.last_update_time) == ("NewReplicaSetAvailable", EARLIER)


def test_without_a_deadline_nothing_is_said_about_progress():
    held = condition("Progressing", "True", "ReplicaSetUpdated")
    assert judged(deployment(10, conditions=[held], progressDeadlineSeconds=2**31 - 1)) is None


@pytest.mark.parametrize(
    ("held", "seconds"),
    [
        pytest.param(None, None, id="nothing begun"),
        pytest.param(condition("Progressing", "True", "ReplicaSetUpdated"), 0.0, id="over"),
        pytest.param(condition("Progressing", "True", "ReplicaSetUpdated", updated=STAMP), 600.0, id="just moved"),
        pytest.param(condition("Progressing", "True", "NewReplicaSetAvailable"), None, id="complete"),
        pytest.param(condition("Progressing", "Unknown", "DeploymentPaused"), None, id="paused"),
        pytest.param(condition("Progressing", "False", "ProgressDeadlineExceeded", updated=STAMP), 0.0, id="timed out"),
    ],
)
def test_the_time_left(held, seconds):
    one = deployment(conditions=[held] if held else [])
    current = one.status.conditions[0] if held else None
    assert deadline_in(current, one, NOON) == seconds


@pytest.mark.parametrize(
    ("held", "paused", "reason"),
    [
        pytest.param("ReplicaSetUpdated", True, "DeploymentPaused", id="paused"),
        pytest.param("DeploymentPaused", True, "DeploymentPaused", id="still paused"),
        pytest.param("DeploymentPaused", False, "DeploymentResumed", id="resumed"),
        pytest.param("ReplicaSetUpdated", False, "ReplicaSetUpdated", id="not paused"),
        pytest.param("ProgressDeadlineExceeded", True, "ProgressDeadlineExceeded", id="timed out stays"),
    ],
)
def test_pausing_is_said(held, paused, reason):
    one = deployment(conditions=[condition("Progressing", "True", held)], paused=paused)
    conditions = Conditions(one.status.conditions, NOON)
    judge_pause(conditions, one)
    assert conditions.get("Progressing").reason == reason


def test_a_failure_of_a_set_is_passed_on_and_taken_back():
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota"}
    conditions = Conditions((), NOON)
    failing = Sets(replica_set(2, 4, conditions=[failure]), ())
    judge_progress(conditions, deployment(), failing, count(failing, {}), NOON)
    assert conditions.get("ReplicaFailure").reason == "FailedCreate"
    judge_progress(conditions, deployment(), SETS, count(SETS, {}), NOON)
    assert conditions.get("ReplicaFailure") is None


def test_a_condition_keeps_its_time_while_its_status_is_the_same():
    conditions = Conditions([Condition("Available", "True", "A", "", EARLIER, EARLIER)], NOON)
    conditions.set("Available", "True", "B", "why")
    assert conditions.as_list() == [condition("Available", "True", "B", updated=STAMP, message="why")]
    conditions.set("Available", "False", "C", "why")
    assert conditions.as_list()[0]["lastTransitionTime"] == STAMP
