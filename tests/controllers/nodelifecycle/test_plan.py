"""What silence and conditions of a node lead to."""

from datetime import UTC, datetime, timedelta

import pytest

from pyk8s.controllers.nodelifecycle.plan import (
    UNREACHABLE,
    as_patch,
    plan_conditions,
    plan_eviction,
    plan_not_ready,
    plan_taints,
    ready_status,
    tolerates,
    too_many_silent,
)
from pyk8s.reconcile.objects import Node, Pod, Taint, Toleration, parse

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STAMP = "2026-01-01T12:00:00Z"


def node(ready="True", taints=(), unschedulable=False, **conditions):
    rows = [{"type": "Ready", "status": ready, "lastHeartbeatTime": "2026-01-01T11:59:00Z"}] if ready else []
    rows += [{"type": type_, "status": status} for type_, status in conditions.items()]
    spec = {"taints": list(taints), "unschedulable": unschedulable}
    metadata = {"name": "n", "creationTimestamp": "2026-01-01T11:00:00Z"}
    return parse(Node, {"metadata": metadata, "spec": spec, "status": {"conditions": rows}})


def taint(key, effect="NoExecute", **more):
    return {"key": f"node.kubernetes.io/{key}", "effect": effect, **more}


def pod(*tolerations, created="2026-01-01T11:00:00Z", scheduled=None, ready="True", phase="Running"):
    conditions = [{"type": "Ready", "status": ready}]
    if scheduled:
        conditions.append({"type": "PodScheduled", "status": "True", "lastTransitionTime": scheduled})
    metadata = {"name": "p", "creationTimestamp": created}
    status = {"phase": phase, "conditions": conditions}
    return parse(Pod, {"metadata": metadata, "spec": {"tolerations": list(tolerations)}, "status": status})


@pytest.mark.parametrize(
    ("silent", "nodes", "too_many"),
    [
        pytest.param(0, 3, False, id="nobody"),
        pytest.param(1, 3, False, id="one of three"),
        pytest.param(2, 3, True, id="two of three"),
        pytest.param(1, 2, False, id="half"),
        pytest.param(55, 100, False, id="55 percent is the most"),
        pytest.param(56, 100, True, id="more than 55 percent"),
        pytest.param(1, 1, True, id="the only one"),
        pytest.param(0, 0, False, id="no nodes"),
    ],
)
def test_many_silent_nodes_are_doubted(silent, nodes, too_many):
    assert too_many_silent(silent, nodes) is too_many


def test_a_silent_nodes_conditions_become_unknown():
    changed = plan_conditions(node(MemoryPressure="False"), NOON)
    assert {one["type"]: one["reason"] for one in changed} == {
        "Ready": "NodeStatusUnknown",
        "MemoryPressure": "NodeStatusUnknown",
        "DiskPressure": "NodeStatusNeverUpdated",
        "PIDPressure": "NodeStatusNeverUpdated",
    }
    assert {one["status"] for one in changed} == {"Unknown"}
    assert changed[0]["lastHeartbeatTime"] == "2026-01-01T11:59:00Z"
    assert changed[0]["lastTransitionTime"] == STAMP


def test_conditions_that_are_unknown_already_stay():
    unknown = node("Unknown", MemoryPressure="Unknown", DiskPressure="Unknown", PIDPressure="Unknown")
    assert plan_conditions(unknown, NOON) is None


def test_of_its_conditions_only_those_that_are_known_change():
    changed = plan_conditions(node("Unknown", MemoryPressure="False", DiskPressure="Unknown", PIDPressure="True"), NOON)
    assert [one["type"] for one in changed] == ["MemoryPressure", "PIDPressure"]


def test_a_time_that_nobody_knows_is_not_written():
    (changed, *_) = plan_conditions(parse(Node, {"metadata": {"name": "n"}}), NOON)
    assert "lastHeartbeatTime" not in changed


def test_a_node_without_conditions_counts_as_unknown():
    assert ready_status(node(ready="")) == "Unknown"
    assert plan_conditions(node(ready=""), NOON)[0]["reason"] == "NodeStatusNeverUpdated"


@pytest.mark.parametrize(
    ("before", "evicting", "after"),
    [
        pytest.param(node(), False, None, id="well: nothing"),
        pytest.param(node("Unknown"), False, [("unreachable", "NoSchedule")], id="silent: no new pods"),
        pytest.param(
            node("Unknown"), True, [("unreachable", "NoSchedule"), ("unreachable", "NoExecute")], id="silent: empty it"
        ),
        pytest.param(
            node("False"), True, [("not-ready", "NoSchedule"), ("not-ready", "NoExecute")], id="says it is not ready"
        ),
        pytest.param(
            node("True", [taint("unreachable"), taint("unreachable", "NoSchedule")]), False, [], id="well again"
        ),
        pytest.param(
            node("Unknown", [taint("unreachable"), taint("unreachable", "NoSchedule")]),
            False,
            [("unreachable", "NoSchedule")],
            id="evictions are stopped",
        ),
        pytest.param(node(MemoryPressure="True"), False, [("memory-pressure", "NoSchedule")], id="short of memory"),
        pytest.param(node(DiskPressure="True"), False, [("disk-pressure", "NoSchedule")], id="short of disk"),
        pytest.param(node(PIDPressure="True"), False, [("pid-pressure", "NoSchedule")], id="short of processes"),
        pytest.param(
            node(NetworkUnavailable="True"), False, [("network-unavailable", "NoSchedule")], id="without network"
        ),
        pytest.param(node(unschedulable=True), False, [("unschedulable", "NoSchedule")], id="cordoned"),
        pytest.param(node("True", [taint("unschedulable", "NoSchedule")]), False, [], id="uncordoned"),
    ],
)
def test_taints(before, evicting, after):
    planned = plan_taints(before, evicting=evicting, now=NOON)
    if after is None:
        assert planned is None
    else:
        assert [(one.key.removeprefix("node.kubernetes.io/"), one.effect) for one in planned] == after


def test_peoples_taints_stay():
    own = {"key": "dedicated", "value": "db", "effect": "NoSchedule"}
    planned = plan_taints(node("Unknown", [own]), evicting=False, now=NOON)
    assert planned[0] == Taint("dedicated", "NoSchedule", "db")


def test_a_taint_keeps_the_time_it_was_added_at():
    held = taint("unreachable", timeAdded="2026-01-01T10:00:00Z")
    planned = plan_taints(node("Unknown", [held]), evicting=True, now=NOON)
    assert {one.effect: one.time_added for one in planned} == {
        "NoExecute": "2026-01-01T10:00:00Z",
        "NoSchedule": STAMP,
    }
    assert as_patch(planned)[1] == {"key": UNREACHABLE, "effect": "NoSchedule", "timeAdded": STAMP}


@pytest.mark.parametrize(
    ("toleration", "wanted"),
    [
        pytest.param(Toleration(operator="Exists"), True, id="everything"),
        pytest.param(Toleration("k", "Exists"), True, id="the key"),
        pytest.param(Toleration("k", "Equal", "v"), True, id="key and value"),
        pytest.param(Toleration("k", "Equal", "w"), False, id="another value"),
        pytest.param(Toleration("j", "Exists"), False, id="another key"),
        pytest.param(Toleration("k", "Exists", effect="NoSchedule"), False, id="another effect"),
        pytest.param(Toleration("", "Equal", "v"), False, id="no key needs Exists"),
    ],
)
def test_toleration(toleration, wanted):
    assert tolerates(toleration, Taint("k", "NoExecute", "v")) is wanted


FOR_A_WHILE = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
FOR_EVER = {"key": UNREACHABLE, "operator": "Exists"}
SHORT = {"key": UNREACHABLE, "operator": "Exists", "tolerationSeconds": 10}
ADDED = Taint(UNREACHABLE, "NoExecute", time_added="2026-01-01T11:58:00Z")


@pytest.mark.parametrize(
    ("one", "after"),
    [
        pytest.param(pod(), 0, id="tolerates nothing: at once"),
        pytest.param(pod(FOR_EVER), None, id="tolerates it for ever"),
        pytest.param(pod(FOR_A_WHILE), 180, id="five minutes from when the taint was added"),
        pytest.param(pod(FOR_A_WHILE, SHORT), -110, id="the shortest counts"),
        pytest.param(pod(FOR_A_WHILE, FOR_EVER), 180, id="a limit counts beside none"),
        pytest.param(pod(FOR_A_WHILE, scheduled=STAMP), 300, id="from when the pod came, if that was later"),
        pytest.param(pod({**SHORT, "tolerationSeconds": -5}), -120, id="a negative time is none"),
    ],
)
def test_eviction(one, after):
    at = plan_eviction(one, [ADDED], NOON).at
    if after is None:
        assert at is None
    else:
        assert at == (NOON if not one.spec.tolerations else NOON + timedelta(seconds=after))


def test_only_noexecute_drives_away():
    assert plan_eviction(pod(), [Taint("k", "NoSchedule")], NOON).at is None


def test_of_several_taints_the_first_to_run_out_counts():
    other = Taint("other", "NoExecute", time_added=STAMP)
    one = pod(FOR_A_WHILE, {"key": "other", "operator": "Exists", "tolerationSeconds": 60})
    assert plan_eviction(one, [ADDED, other], NOON).at == NOON + timedelta(seconds=60)


def test_pods_that_count_as_ready_are_marked():
    pods = [pod(), pod(ready="False"), pod(phase="Succeeded")]
    assert plan_not_ready(pods) == [pods[0]]
