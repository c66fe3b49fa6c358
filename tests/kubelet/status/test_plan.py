"""The status of a pod, from what is seen of it."""

from dataclasses import replace

import msgspec
import pytest

from pyk8s.kubelet.fields import Facts
from pyk8s.kubelet.status.plan import is_urgent, known_status, pod_status, status_patch
from pyk8s.kubelet.values import Health, Hold, PodView
from tests.kubelet.values import NOON, POD, SANDBOX, exited, init, make_pod, running, view

FACTS = Facts("node-1", ("1.1.1.1",), ("10.0.0.1",))
STAMP = "2023-11-14T22:13:20Z"
NEVER = make_pod(restartPolicy="Never")
WITH_INIT = make_pod(initContainers=[init("init")])


def status(pod=POD, seen=None, before=()):
    return pod_status(pod, seen if seen is not None else view(running()), FACTS, NOON, before)


def conditions(made):
    return {each["type"]: each["status"] for each in made["conditions"]}


def condition(made, kind):
    return next(each for each in made["conditions"] if each["type"] == kind)


def of(made, number=0):
    return made["containerStatuses"][number]


def test_a_running_pod():
    made = status()
    assert (made["phase"], made["podIP"], made["hostIP"]) == ("Running", "10.0.0.1", "1.1.1.1")
    assert made["podIPs"] == [{"ip": "10.0.0.1"}]
    assert set(conditions(made).values()) == {"True"}
    assert of(made)["state"] == {"running": {"startedAt": "2023-11-14T22:11:50Z"}}
    assert (of(made)["ready"], of(made)["started"], of(made)["restartCount"]) == (True, True, 0)
    assert of(made)["containerID"] == "containerd://web-0"
    assert made["startTime"] == STAMP


def test_a_new_pod():
    made = status(seen=PodView())
    assert made["phase"] == "Pending"
    assert of(made)["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert conditions(made)["PodReadyToStartContainers"] == "False"
    assert condition(made, "Ready")["message"] == "containers with unready status: [web]"


@pytest.mark.parametrize(
    ("pod", "seen", "phase"),
    [
        pytest.param(POD, view(exited(code=1)), "Running", id="it will be started again"),
        pytest.param(POD, view(exited(attempt=1, crashes=1)), "Running", id="it is held back"),
        pytest.param(NEVER, view(exited()), "Succeeded", id="it ended well"),
        pytest.param(NEVER, view(exited(code=1)), "Failed", id="it failed"),
        pytest.param(make_pod("web", "other"), view(running()), "Pending", id="one has never been"),
        pytest.param(WITH_INIT, view(running("init")), "Pending", id="not initialized"),
        pytest.param(WITH_INIT, view(exited("init")), "Pending", id="initialized and not started"),
        pytest.param(WITH_INIT, view(running(), exited("init")), "Running", id="initialized and started"),
        pytest.param(make_pod(status={"phase": "Failed"}), view(), "Failed", id="failed stays failed"),
        pytest.param(
            make_pod(metadata={"deletionTimestamp": STAMP}), view(exited(code=1)), "Failed", id="stopped with an error"
        ),
        pytest.param(
            make_pod(metadata={"deletionTimestamp": STAMP}), view(exited()), "Succeeded", id="stopped in good order"
        ),
        pytest.param(
            make_pod(metadata={"deletionTimestamp": STAMP}), view(running()), "Running", id="still being stopped"
        ),
    ],
)
def test_the_phase(pod, seen, phase):
    assert status(pod, seen)["phase"] == phase


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (view(holds={"image/web": Hold("ErrImagePull", "no", NOON)}), "ErrImagePull"),
        (view(holds={"container/web": Hold("CreateContainerConfigError", "no", NOON)}), "CreateContainerConfigError"),
        (view(exited(attempt=1, crashes=1)), "CrashLoopBackOff"),
        (view(running(state="created")), "ContainerCreating"),
    ],
)
def test_why_a_container_waits(seen, reason):
    assert of(status(seen=seen))["state"]["waiting"]["reason"] == reason


def test_how_a_container_ended():
    made = of(status(NEVER, view(exited(code=137, reason="OOMKilled", message="bye"))))
    assert made["state"]["terminated"] == {
        "exitCode": 137,
        "reason": "OOMKilled",
        "startedAt": "2023-11-14T22:11:50Z",
        "finishedAt": STAMP,
        "containerID": "containerd://web-0",
        "message": "bye",
    }


def test_the_instance_before_is_the_last_state():
    made = of(status(seen=view(running(attempt=1), exited(code=3))))
    assert made["restartCount"] == 1
    assert made["lastState"]["terminated"]["exitCode"] == 3


def test_a_container_held_back_tells_its_end_as_last_state():
    made = of(status(seen=view(exited(attempt=2, code=5, crashes=2), exited(attempt=1, code=4))))
    assert made["state"]["waiting"]["message"] == "back-off 20s restarting failed container=web pod=p_default(uid-1)"
    assert made["lastState"]["terminated"]["exitCode"] == 5


def test_init_containers_wait_for_one_another():
    pod = make_pod(initContainers=[init("init"), init("second")])
    made = status(pod, view(running("init")))
    first, second = made["initContainerStatuses"]
    assert "running" in first["state"]
    assert second["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert of(made)["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert condition(made, "Initialized")["message"] == "containers with incomplete status: [init second]"


def test_a_sidecar_counts_for_readiness():
    pod = make_pod(initContainers=[init("side", restartPolicy="Always")])
    seen = view(running(), running("side"), health={"web-0": Health(True, True), "side-0": Health(True, False)})
    made = status(pod, seen)
    assert condition(made, "Ready")["message"] == "containers with unready status: [side]"


@pytest.mark.parametrize(("gates", "ready"), [([], "False"), ([{"type": "x/y", "status": "True"}], "True")])
def test_readiness_gates_are_waited_for(gates, ready):
    pod = make_pod(readinessGates=[{"conditionType": "x/y"}], status={"conditions": gates})
    made = status(pod)
    assert conditions(made)["Ready"] == ready
    assert conditions(made)["ContainersReady"] == "True"


def test_an_unhealthy_container_is_not_ready():
    made = status(seen=view(running(), health={"web-0": Health(started=True, ready=False)}))
    assert (of(made)["ready"], of(made)["started"]) == (False, True)
    assert conditions(made)["Ready"] == "False"


def test_a_pod_past_its_deadline_says_so():
    pod = make_pod(activeDeadlineSeconds=1, status={"startTime": "2023-11-14T22:13:00Z"})
    made = status(pod, view(running()))
    assert (made["phase"], made["reason"]) == ("Failed", "DeadlineExceeded")


def test_a_condition_keeps_the_time_of_its_change():
    old = [{"type": "Ready", "status": "True", "lastTransitionTime": "2020-01-01T00:00:00Z"}]
    assert condition(status(before=old), "Ready")["lastTransitionTime"] == "2020-01-01T00:00:00Z"
    changed = status(seen=PodView(), before=old)
    assert condition(changed, "Ready")["lastTransitionTime"] == STAMP


def test_the_first_word_of_a_pod_is_not_urgent_and_any_other_is():
    waiting, up = status(seen=PodView()), status()
    assert not is_urgent(None, waiting)
    assert is_urgent(None, up)
    assert is_urgent(waiting, up)
    assert is_urgent(None, status(seen=view(holds={"image/web": Hold("ErrImagePull", "", NOON)})))


def test_a_patch_takes_away_what_is_gone():
    old = known_status(
        make_pod(status={"reason": "Odd", "conditions": [{"type": "Ready", "status": "False", "reason": "X"}]})
    )
    patch = status_patch(old, status())
    assert patch["reason"] is None
    ready = next(each for each in patch["conditions"] if each["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("True", None)


def test_conditions_of_others_are_not_touched():
    pod = make_pod(status={"conditions": [{"type": "example.com/gate", "status": "True", "reason": "X"}]})
    patch = status_patch(known_status(pod), status(pod))
    assert "example.com/gate" not in [each["type"] for each in patch["conditions"]]


def test_addresses_replace_the_ones_before():
    patch = status_patch({}, status(seen=view(running(), sandboxes=(replace(SANDBOX, ips=("10.0.0.9",)),))))
    assert patch["podIPs"][0] == {"$patch": "replace"}


def test_a_pod_without_a_generation_observes_none():
    """As static pods are: whoever waits for the mirror compares the two."""
    made = make_pod()
    with_one = msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, generation=3))
    without = msgspec.structs.replace(made, metadata=msgspec.structs.replace(made.metadata, generation=0))
    assert status(with_one)["observedGeneration"] == 3
    assert "observedGeneration" not in status(without)
