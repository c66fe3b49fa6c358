"""Whether a pod has ended, and how."""

from dataclasses import replace

import pytest

from pyk8s.kubelet.lifecycle.outcome import Outcome, deadline, outcome, seconds_of
from pyk8s.kubelet.values import Hold
from tests.kubelet.values import NOON, SANDBOX, exited, init, make_pod, running, view

NEVER = make_pod("web", "other", restartPolicy="Never")
ON_FAILURE = make_pod("web", "other", restartPolicy="OnFailure")
WITH_INIT = make_pod(initContainers=[init("init")], restartPolicy="Never")


@pytest.mark.parametrize(
    ("pod", "seen", "phase"),
    [
        pytest.param(make_pod(), view(exited()), None, id="what is always restarted never ends"),
        pytest.param(NEVER, view(exited(), running("other")), None, id="one still runs"),
        pytest.param(NEVER, view(exited()), None, id="one has never been"),
        pytest.param(NEVER, view(exited(), exited("other")), "Succeeded", id="all ended well"),
        pytest.param(NEVER, view(exited(), exited("other", code=2)), "Failed", id="one failed"),
        pytest.param(ON_FAILURE, view(exited(), exited("other", code=2)), None, id="a failure is tried again"),
        pytest.param(ON_FAILURE, view(exited(), exited("other")), "Succeeded", id="all ended well in the end"),
        pytest.param(WITH_INIT, view(exited("init", code=1)), "Failed", id="an init container failed for good"),
        pytest.param(WITH_INIT, view(exited("init")), None, id="an init container did its part"),
        pytest.param(
            NEVER,
            view(exited(), exited("other"), sandboxes=(replace(SANDBOX, id="new"),)),
            "Succeeded",
            id="what ended in a former sandbox has ended",
        ),
        pytest.param(make_pod(status={"phase": "Succeeded"}), view(running()), "Succeeded", id="recorded as an end"),
    ],
)
def test_the_containers_decide(pod, seen, phase):
    found = outcome(pod, seen, NOON)
    assert (found.phase if found is not None else None) == phase


def test_a_pod_past_its_deadline_has_failed():
    late = make_pod(activeDeadlineSeconds=60, status={"startTime": "2023-11-14T22:12:20Z"})
    assert deadline(late) == NOON
    assert outcome(late, view(running()), NOON - 1) is None
    found = outcome(late, view(running()), NOON)
    assert found is not None
    assert (found.phase, found.reason) == ("Failed", "DeadlineExceeded")


def test_a_pod_without_a_start_has_no_deadline_yet():
    assert deadline(make_pod(activeDeadlineSeconds=60)) is None


def test_a_rejected_pod_has_failed_and_says_why():
    seen = view(rejected=Hold("Evicted", "too much", NOON))
    assert outcome(make_pod(), seen, NOON) == Outcome("Failed", "Evicted", "too much")


def test_what_is_no_time_is_none():
    assert (seconds_of(""), seconds_of("yesterday")) == (0.0, 0.0)
