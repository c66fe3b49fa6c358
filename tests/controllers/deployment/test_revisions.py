"""Revisions of a Deployment: which set is the new one, and what is written on it."""

import pytest

from pyk8s.controllers.deployment.revisions import (
    DESIRED,
    HISTORY,
    MAXIMUM,
    REVISION,
    find_new,
    new_annotations,
    new_replica_set,
    next_revision,
    size_annotations,
    superfluous,
)
from tests.controllers.deployment.objects import deployment, replica_set


def test_the_new_set_is_the_one_with_the_same_template_whatever_its_hash():
    sets = [replica_set(1, 1), replica_set(2, 1)]
    assert find_new(deployment(version=2), sets) is sets[1]
    assert find_new(deployment(version=3), sets) is None


def test_of_several_with_the_template_the_oldest_is_the_new_one():
    first, second = replica_set(2, 1), replica_set(2, 1, minReadySeconds=9)
    assert find_new(deployment(version=2), [second, first]) in (first, second)
    older = replica_set(1, 1)
    assert find_new(deployment(version=1), [replica_set(3, 1), older]) is older


def test_a_new_set_is_named_for_its_template():
    made = new_replica_set(deployment(version=2), 4, 7)
    mark = made["metadata"]["labels"]["pod-template-hash"]
    assert made["metadata"]["name"] == f"web-{mark}"
    assert made["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": mark}
    assert made["spec"]["template"]["metadata"]["labels"] == {"app": "web", "pod-template-hash": mark}
    assert made["spec"]["replicas"] == 4
    assert made["metadata"]["ownerReferences"][0]["uid"] == "d"
    assert made["metadata"]["annotations"][REVISION] == "7"
    assert "minReadySeconds" not in made["spec"]


def test_another_count_of_collisions_is_another_name():
    first = new_replica_set(deployment(version=2), 1, 1)
    second = new_replica_set(deployment(version=2, status={"collisionCount": 1}), 1, 1)
    assert first["metadata"]["name"] != second["metadata"]["name"]


def test_a_deployments_annotations_are_copied_except_those_about_itself():
    own = {"team": "shop", REVISION: "3", "kubectl.kubernetes.io/last-applied-configuration": "{}", DESIRED: "1"}
    assert new_annotations(deployment(annotations=own), {}, 4) == {"team": "shop", REVISION: "4"}


@pytest.mark.parametrize(
    ("held", "revision", "wanted"),
    [
        pytest.param({REVISION: "2"}, 2, {REVISION: "2"}, id="as it is"),
        pytest.param({REVISION: "2"}, 5, {REVISION: "5", HISTORY: "2"}, id="an undo: its former number is history"),
        pytest.param({REVISION: "5", HISTORY: "2"}, 7, {REVISION: "7", HISTORY: "2,5"}, id="again"),
        pytest.param({REVISION: "9"}, 5, {REVISION: "9"}, id="never back"),
        pytest.param({REVISION: "nonsense"}, 5, {REVISION: "5"}, id="nonsense"),
    ],
)
def test_revisions_on_a_set(held, revision, wanted):
    assert new_annotations(deployment(), held, revision) == wanted


def test_history_does_not_grow_without_end():
    held = {REVISION: "999", HISTORY: ",".join(["123456789"] * 300)}
    grown = new_annotations(deployment(), held, 1000)[HISTORY]
    assert len(grown) <= 2000
    assert grown.endswith(",999")


@pytest.mark.parametrize(("olds", "revision"), [([], 1), ([replica_set(1, 1), replica_set(4, 1)], 5)])
def test_the_next_revision_follows_the_highest(olds, revision):
    assert next_revision(olds) == revision


def test_a_set_remembers_what_it_was_sized_for():
    assert size_annotations(deployment(10, surge=3)) == {DESIRED: "10", MAXIMUM: "13"}


@pytest.mark.parametrize(
    ("limit", "olds", "gone"),
    [
        pytest.param(2, [3, 1, 2], ["web-1"], id="the lowest revision first"),
        pytest.param(0, [1, 2], ["web-1", "web-2"], id="no history"),
        pytest.param(5, [1, 2], [], id="within the limit"),
    ],
)
def test_history_beyond_the_limit_goes(limit, olds, gone):
    found = superfluous(deployment(revisionHistoryLimit=limit), [replica_set(version, 0) for version in olds])
    assert [old.metadata.name for old in found] == gone


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param(replica_set(1, 2), id="has pods"),
        pytest.param(replica_set(1, 0, actual=1), id="still has some"),
        pytest.param(replica_set(1, 0, metadata={"generation": 2}), id="has not seen its new size yet"),
        pytest.param(replica_set(1, 0, metadata={"deletionTimestamp": "2026-01-01T12:00:00Z"}), id="goes already"),
    ],
)
def test_history_that_may_have_pods_stays(busy):
    assert superfluous(deployment(revisionHistoryLimit=0), [busy]) == []
