"""Which abandoned pods to remove."""

import pytest

from pyk8s.controllers.podgc.plan import is_out_of_service, plan_ended, plan_stuck
from pyk8s.reconcile.objects import Node, Pod, parse


def pod(name, created="2026-01-01T10:00:00Z", leaving=False):
    metadata = {"name": name, "creationTimestamp": created}
    if leaving:
        metadata["deletionTimestamp"] = "2026-01-01T12:00:00Z"
    return parse(Pod, {"metadata": metadata, "status": {"phase": "Succeeded"}})


def node(ready="False", *keys):
    taints = [{"key": key, "effect": "NoExecute"} for key in keys]
    conditions = [{"type": "Ready", "status": ready}]
    return parse(Node, {"metadata": {"name": "n"}, "spec": {"taints": taints}, "status": {"conditions": conditions}})


OUT = "node.kubernetes.io/out-of-service"
YOUNG, OLD = pod("young", "2026-01-01T11:00:00Z"), pod("old", "2026-01-01T09:00:00Z")


@pytest.mark.parametrize(
    ("pods", "threshold", "gone"),
    [
        pytest.param([YOUNG, OLD], 1, ["old"], id="the oldest first"),
        pytest.param([YOUNG, OLD], 2, [], id="no more than may stay"),
        pytest.param([YOUNG, OLD], 0, [], id="any number may stay"),
        pytest.param([YOUNG, pod("b", leaving=True)], 1, [], id="one goes already"),
        pytest.param([], 1, [], id="none"),
    ],
)
def test_ended_pods(pods, threshold, gone):
    assert [one.metadata.name for one in plan_ended(pods, threshold)] == gone


@pytest.mark.parametrize(
    ("one", "gone"),
    [
        pytest.param(None, True, id="no node"),
        pytest.param(node("False", OUT), True, id="out of service"),
        pytest.param(node("Unknown", OUT), True, id="silent and out of service"),
        pytest.param(node("True", OUT), False, id="runs although declared out of service"),
        pytest.param(node("False"), False, id="merely not ready"),
    ],
)
def test_stuck_pods(one, gone):
    leaving = pod("leaving", leaving=True)
    assert plan_stuck([leaving, pod("stays")], one) == ([leaving] if gone else [])
    assert one is None or is_out_of_service(one) is gone
