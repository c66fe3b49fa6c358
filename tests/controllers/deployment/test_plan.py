"""One round of a rollout: the whole plan for a Deployment and its sets."""

import pytest

from pyk8s.controllers.deployment.plan import plan_deployment
from tests.controllers.deployment.objects import NOON, condition, deployment, replica_set

RECREATE = {"type": "Recreate"}
REVISION = {"deployment.kubernetes.io/revision": "1"}
SETTLED = {
    "observedGeneration": 3,
    "replicas": 10,
    "updatedReplicas": 10,
    "readyReplicas": 10,
    "availableReplicas": 10,
}
DONE = [
    condition("Available", "True", "MinimumReplicasAvailable"),
    condition("Progressing", "True", "NewReplicaSetAvailable"),
]


def planned(one, *sets, old_pods_exist=False):
    return plan_deployment(one, sets, old_pods_exist=old_pods_exist, now=NOON)


def sizes(plan):
    return {change.target.metadata.name: change.replicas for change in plan.changes if change.replicas is not None}


def progressing(plan):
    return next(one for one in plan.status["conditions"] if one["type"] == "Progressing")


def test_a_settled_deployment_needs_nothing():
    one = deployment(10, 1, conditions=DONE, annotations=REVISION, status=SETTLED)
    plan = planned(one, replica_set(1, 10, desired=10, maximum=13))
    assert (plan.create, plan.changes, plan.revision, plan.delete, plan.status, plan.again) == (
        None,
        (),
        None,
        (),
        None,
        None,
    )


def test_a_new_deployment_gets_its_first_set():
    plan = planned(deployment(10))
    assert plan.create["spec"]["replicas"] == 10
    assert plan.revision == "1"
    assert progressing(plan)["reason"] == "NewReplicaSetCreated"
    assert plan.status["observedGeneration"] == 3
    assert plan.again == 600.0


def test_a_new_template_starts_a_rollout_in_one_round():
    """The new set is made and the old one gives what may be missing, at once."""
    plan = planned(deployment(10, 2, surge=3, unavailable=2), replica_set(1, 10, desired=10, maximum=13))
    assert plan.create["spec"]["replicas"] == 3
    assert sizes(plan) == {"web-1": 8}
    assert plan.create["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_old_sets_shrink_and_the_new_one_grows_in_the_same_round():
    one = deployment(10, 2, surge=3, unavailable=2)
    plan = planned(one, replica_set(1, 6, desired=10, maximum=13), replica_set(2, 5, desired=10, maximum=13))
    assert sizes(plan) == {"web-2": 7, "web-1": 3}


def test_an_undo_is_a_rollout_to_an_older_set_under_a_new_revision():
    one = deployment(10, 1, surge=10, annotations={"deployment.kubernetes.io/revision": "2"})
    plan = planned(one, replica_set(1, 0, desired=10, maximum=20), replica_set(2, 10, desired=10, maximum=20))
    assert plan.create is None
    assert plan.revision == "3"
    (change,) = [change for change in plan.changes if change.target.metadata.name == "web-1"]
    assert change.replicas == 10
    assert change.annotations["deployment.kubernetes.io/revision"] == "3"
    assert change.annotations["deployment.kubernetes.io/revision-history"] == "1"


@pytest.mark.parametrize("paused", [False, True])
def test_scaling_does_not_roll_on(paused):
    one = deployment(20, 3, surge=0, unavailable=5, paused=paused)
    plan = planned(one, replica_set(1, 5, desired=10, maximum=10), replica_set(2, 5, desired=10, maximum=10))
    assert plan.create is None
    assert sizes(plan) == {"web-1": 10, "web-2": 10}
    assert all(change.annotations["deployment.kubernetes.io/desired-replicas"] == "20" for change in plan.changes)


def test_a_paused_deployment_starts_no_rollout():
    plan = planned(deployment(10, 2, paused=True), replica_set(1, 10, desired=10, maximum=13))
    assert (plan.create, sizes(plan), plan.revision) == (None, {}, None)
    assert progressing(plan)["reason"] == "DeploymentPaused"
    assert plan.again is None


def test_a_recreation_first_empties_the_old_sets():
    plan = planned(deployment(10, 2, strategy=RECREATE), replica_set(1, 10, desired=10, maximum=10))
    assert plan.create is None
    assert sizes(plan) == {"web-1": 0}


def test_a_recreation_waits_for_the_end_of_old_pods():
    one, old = deployment(10, 2, strategy=RECREATE), replica_set(1, 0)
    assert planned(one, old, old_pods_exist=True).create is None
    assert planned(one, old, old_pods_exist=False).create["spec"]["replicas"] == 10


def test_history_goes_when_the_rollout_is_complete():
    one = deployment(10, 3, revisionHistoryLimit=1, annotations={"deployment.kubernetes.io/revision": "3"})
    sets = [replica_set(1, 0), replica_set(2, 0), replica_set(3, 10, desired=10, maximum=13)]
    assert [old.metadata.name for old in planned(one, *sets).delete] == ["web-1"]
    running = [replica_set(1, 0), replica_set(2, 0), replica_set(3, 10, 9, desired=10, maximum=13)]
    assert planned(one, *running).delete == ()


def test_a_changed_minimum_of_ready_seconds_is_passed_on():
    one = deployment(10, 1, minReadySeconds=30)
    (change,) = planned(one, replica_set(1, 10, desired=10, maximum=13)).changes
    assert change.min_ready_seconds == 30


def test_a_deployment_that_is_being_deleted_only_says_how_it_is():
    one = deployment(10, 2, metadata={"deletionTimestamp": "2026-01-01T12:00:00Z"})
    plan = planned(one, replica_set(1, 10))
    assert (plan.create, plan.changes, plan.delete) == (None, (), ())
    assert plan.status["replicas"] == 10


def test_a_rollout_that_does_not_move_is_looked_at_again_at_its_deadline():
    held = [
        condition("Available", "False", "MinimumReplicasUnavailable"),
        condition("Progressing", "True", "ReplicaSetUpdated", updated="2026-01-01T11:58:00Z"),
    ]
    status = {"observedGeneration": 3, "replicas": 10, "updatedReplicas": 10, "unavailableReplicas": 10}
    one = deployment(10, 1, conditions=held, annotations=REVISION, status=status)
    plan = planned(one, replica_set(1, 10, 0, desired=10, maximum=13))
    assert plan.status is None
    assert plan.again == 480.0


def test_planning_twice_is_planning_once():
    """The sets as the first plan leaves them need nothing more before something else happens."""
    one = deployment(10, 2, surge=3, unavailable=2)
    first = planned(one, replica_set(1, 10, desired=10, maximum=13), replica_set(2, 0, desired=10, maximum=13))
    assert sizes(first) == {"web-2": 3, "web-1": 8}
    after = [
        replica_set(1, 8, 10, actual=10, desired=10, maximum=13),
        replica_set(2, 3, 0, actual=0, desired=10, maximum=13),
    ]
    assert sizes(planned(one, *after)) in ({}, {"web-2": 5})
