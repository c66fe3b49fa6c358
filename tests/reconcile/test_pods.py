"""How controllers find, make and judge pods."""

from datetime import UTC, datetime

import pytest

from pyk8s.reconcile.objects import Pod, parse
from pyk8s.reconcile.pods import available_in, by_owner, orphans, pod_from_template

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def pod(ready=None, since="2026-01-01T11:59:50Z", owners=()):
    conditions = [{"type": "Ready", "status": ready, "lastTransitionTime": since}] if ready else []
    metadata = {"name": "a", "namespace": "shop", "ownerReferences": list(owners)}
    return parse(Pod, {"metadata": metadata, "status": {"conditions": conditions}})


@pytest.mark.parametrize(
    ("one", "seconds", "wait"),
    [
        pytest.param(pod(), 0, None, id="says nothing"),
        pytest.param(pod("False"), 0, None, id="not ready"),
        pytest.param(pod("True"), 0, 0.0, id="ready is enough"),
        pytest.param(pod("True"), 30, 20.0, id="ten seconds of thirty"),
        pytest.param(pod("True"), 10, 0.0, id="long enough"),
        pytest.param(pod("True", since=""), 30, 30.0, id="nobody knows since when"),
    ],
)
def test_availability(one, seconds, wait):
    assert available_in(one, seconds, NOON) == wait


def test_pods_are_filed_under_their_controller_or_as_orphans():
    owner = {"kind": "ReplicaSet", "name": "web", "uid": "u", "controller": True}
    assert by_owner(pod(owners=[owner])) == ("u",)
    assert by_owner(pod()) == (orphans("shop"),)


def test_a_pod_takes_what_the_template_says_and_nothing_more():
    metadata = {"labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["x.io/y"], "name": "ignored"}
    template = {"metadata": metadata, "spec": {"containers": []}}
    assert pod_from_template(template, {"uid": "u"}, "web") == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "web-",
            "labels": {"a": "b"},
            "annotations": {"c": "d"},
            "finalizers": ["x.io/y"],
            "ownerReferences": [{"uid": "u"}],
        },
        "spec": {"containers": []},
    }


def test_a_bare_template_is_enough():
    assert pod_from_template({}, {"uid": "u"}, "web")["spec"] == {}
