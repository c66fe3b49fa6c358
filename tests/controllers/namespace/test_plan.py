"""The order in which a namespace is emptied, and what it says meanwhile."""

from datetime import UTC, datetime

import pytest

from pyk8s.api.refs import PODS
from pyk8s.api.resources import Resources
from pyk8s.controllers.namespace.plan import Left, conditions, contents, stages

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_everything_in_a_namespace_that_can_be_deleted_is_content_once():
    found = [(ref.group, ref.resource) for ref in contents(Resources.builtin())]
    assert len(found) == len(set(found))
    assert {("", "pods"), ("", "secrets"), ("apps", "deployments"), ("coordination.k8s.io", "leases")} <= set(found)
    assert not {("", "nodes"), ("", "bindings"), ("authorization.k8s.io", "localsubjectaccessreviews")} & set(found)


def test_pods_go_first():
    refs = contents(Resources.builtin())
    first, rest = stages(refs)
    assert first == [PODS]
    assert len(rest) == len(refs) - 1


@pytest.mark.parametrize(
    ("left", "true"),
    [
        pytest.param(Left({}, {}), set(), id="nothing"),
        pytest.param(Left({"pods": 2}, {}), {"NamespaceContentRemaining"}, id="pods"),
        pytest.param(
            Left({"configmaps": 1}, {"example.com/wait": 1}),
            {"NamespaceContentRemaining", "NamespaceFinalizersRemaining"},
            id="a finalizer",
        ),
        pytest.param(Left({}, {}, ["secrets: no"]), {"NamespaceDeletionContentFailure"}, id="a refusal"),
    ],
)
def test_what_is_left_is_said(left, true):
    rows = {one["type"]: one for one in conditions([], left, NOON)}
    assert len(rows) == 4
    assert {type_ for type_, one in rows.items() if one["status"] == "True"} == true
    assert left.nothing is (not true)


def test_messages_name_and_count():
    rows = {one["type"]: one for one in conditions([], Left({"pods": 2, "jobs.batch": 1}, {"x.io/y": 3}), NOON)}
    assert rows["NamespaceContentRemaining"]["message"] == (
        "Some resources are remaining: jobs.batch has 1 resource instances, pods has 2 resource instances"
    )
    assert "x.io/y in 3 resource instances" in rows["NamespaceFinalizersRemaining"]["message"]


def test_the_same_again_changes_nothing():
    first = conditions([], Left({"pods": 2}, {}), NOON)
    assert conditions(first, Left({"pods": 2}, {}), datetime(2026, 1, 1, 13, tzinfo=UTC)) == first
