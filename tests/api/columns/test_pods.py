from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pyk8s.api.columns.pods import pod_cells, pod_conditions

NOON = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)
RUNNING = {"running": {"startedAt": "2026-01-02T11:59:00Z"}}
READY = {"type": "Ready", "status": "True"}


def container(state: dict[str, Any], *, ready: bool = False, restarts: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": "a", "state": state, "ready": ready, "restartCount": restarts, **more}


def pod(*containers: dict[str, Any], spec: Any = None, deleted: bool = False, **status: Any) -> dict[str, Any]:
    metadata = {"name": "web", "creationTimestamp": "2026-01-02T11:00:00Z"}
    if deleted:
        metadata["deletionTimestamp"] = "2026-01-02T11:59:00Z"
    return {
        "metadata": metadata,
        "spec": {"containers": [{"name": "a"}] * max(len(containers), 1), **(spec or {})},
        "status": {"phase": "Running", "containerStatuses": list(containers), **status},
    }


def waiting(reason: str) -> dict[str, Any]:
    return {"waiting": {"reason": reason}}


def ended(code: int = 0, **more: Any) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, **more}}


INIT = {"initContainers": [{"name": "i"}, {"name": "j"}]}
SIDECAR = {"initContainers": [{"name": "s", "restartPolicy": "Always"}]}


@pytest.mark.parametrize(
    ("given", "ready", "reason"),
    [
        pytest.param(pod(container(RUNNING, ready=True)), "1/1", "Running", id="all is well"),
        pytest.param(pod(phase="Pending"), "0/1", "Pending", id="nothing started"),
        pytest.param(pod(container(RUNNING, ready=True), container(RUNNING)), "1/2", "Running", id="one not ready"),
        pytest.param(pod(container(waiting("CrashLoopBackOff"))), "0/1", "CrashLoopBackOff", id="crash loop"),
        pytest.param(pod(container(ended(1))), "0/1", "ExitCode:1", id="ended without a reason"),
        pytest.param(pod(container(ended(137, signal=9))), "0/1", "Signal:9", id="ended by a signal"),
        pytest.param(pod(container(ended(0, reason="Completed")), phase="Succeeded"), "0/1", "Completed", id="done"),
        pytest.param(
            pod(container(ended(0, reason="Completed")), container(RUNNING, ready=True), conditions=[READY]),
            "1/2", "Running", id="one done, one runs, ready",
        ),
        pytest.param(
            pod(container(ended(0, reason="Completed")), container(RUNNING, ready=True)),
            "1/2", "NotReady", id="one done, one runs, not ready",
        ),
        pytest.param(pod(reason="Evicted", phase="Failed"), "0/1", "Evicted", id="evicted"),
        pytest.param(pod(container(RUNNING, ready=True), deleted=True), "1/1", "Terminating", id="being deleted"),
        pytest.param(pod(deleted=True, reason="NodeLost"), "0/1", "Unknown", id="deleted on a lost node"),
        pytest.param(
            pod(container(ended(0, reason="Completed")), deleted=True, phase="Succeeded"), "0/1", "Completed",
            id="deleted when done",
        ),
        pytest.param(
            pod(spec=INIT, phase="Pending", initContainerStatuses=[container(ended()), container(RUNNING)]),
            "0/1", "Init:1/2", id="second init container runs",
        ),
        pytest.param(
            pod(spec=INIT, phase="Pending", initContainerStatuses=[container(ended(2))]),
            "0/1", "Init:ExitCode:2", id="init container failed",
        ),
        pytest.param(
            pod(spec=INIT, phase="Pending", initContainerStatuses=[container(ended(2, reason="Error"))]),
            "0/1", "Init:Error", id="init container failed with a reason",
        ),
        pytest.param(
            pod(spec=INIT, phase="Pending", initContainerStatuses=[container(waiting("ErrImagePull"))]),
            "0/1", "Init:ErrImagePull", id="init container waits",
        ),
        pytest.param(
            pod(spec=INIT, phase="Pending", initContainerStatuses=[container(waiting("PodInitializing"))]),
            "0/1", "Init:0/2", id="init container about to start",
        ),
        pytest.param(
            pod(
                container(RUNNING, ready=True),
                spec=SIDECAR,
                initContainerStatuses=[container(RUNNING, ready=True, started=True) | {"name": "s"}],
            ),
            "2/2", "Running", id="a sidecar counts",
        ),
        pytest.param(
            pod(phase="Pending", conditions=[{"type": "PodScheduled", "reason": "SchedulingGated"}]),
            "0/1", "SchedulingGated", id="gated",
        ),
    ],
)  # fmt: skip
def test_one_word_says_how_a_pod_does(given: dict[str, Any], ready: str, reason: str) -> None:
    assert pod_cells(given, NOON)[1:3] == [ready, reason]


def test_restarts_are_counted_and_the_last_is_told() -> None:
    last = {"terminated": {"finishedAt": "2026-01-02T11:55:00Z"}}
    older = {"terminated": {"finishedAt": "2026-01-02T10:00:00Z"}}
    given = pod(
        container(RUNNING, ready=True, restarts=2, lastState=last), container(RUNNING, restarts=1, lastState=older)
    )
    assert pod_cells(given, NOON)[3] == "3 (5m ago)"
    assert pod_cells(pod(container(RUNNING)), NOON)[3] == "0"


def test_restarts_of_finished_init_containers_no_longer_count() -> None:
    given = pod(container(RUNNING), spec=INIT, initContainerStatuses=[container(ended(), restarts=4)])
    assert pod_cells(given, NOON)[3] == "0"


def test_the_wide_cells_tell_where_a_pod_is() -> None:
    spec = {"nodeName": "n1", "readinessGates": [{"conditionType": "g"}, {"conditionType": "h"}]}
    given = pod(spec=spec, podIPs=[{"ip": "10.0.0.1"}], conditions=[{"type": "g", "status": "True"}])
    assert pod_cells(given, NOON)[4:] == ["60m", "10.0.0.1", "n1", "<none>", "1/2"]
    assert pod_cells(pod(), NOON)[5:] == ["<none>"] * 4


def test_a_pod_that_is_over_says_so_in_the_condition_of_its_row() -> None:
    assert pod_conditions(pod()) == []
    (done,) = pod_conditions(pod(phase="Succeeded"))
    (failed,) = pod_conditions(pod(phase="Failed"))
    assert (done["reason"], failed["reason"], done["type"]) == ("Succeeded", "Failed", "Completed")
