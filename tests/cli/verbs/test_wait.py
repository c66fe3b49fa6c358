"""What `wait` waits for, and what it says when it does not come."""

import click
import pytest

from pyk8s.api.refs import PODS
from pyk8s.cli.durations import seconds
from pyk8s.cli.verbs.rollout import judge_rollout
from pyk8s.cli.verbs.wait import parse_for, wait
from pyk8s.cli.waiting import WaitTimedOut

READY = {
    "metadata": {"generation": 1},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
}


@pytest.mark.parametrize(
    ("what", "value", "met"),
    [
        pytest.param("condition=Ready", READY, True, id="a condition"),
        pytest.param("condition=ready=true", READY, True, id="case does not matter"),
        pytest.param("condition=Ready=False", READY, False, id="another status"),
        pytest.param("condition=Available", READY, False, id="a condition that is not there"),
        pytest.param(
            "condition=Ready",
            {**READY, "metadata": {"generation": 2}, "status": {**READY["status"], "observedGeneration": 1}},
            False,
            id="a condition of an older generation does not count",
        ),
        pytest.param("delete", READY, False, id="still there"),
        pytest.param("delete", None, True, id="gone"),
        pytest.param("create", READY, True, id="there"),
        pytest.param("jsonpath={.status.phase}=Running", READY, True, id="a field with its value"),
        pytest.param("jsonpath={.status.phase}=Failed", READY, False, id="a field with another value"),
        pytest.param("jsonpath='{.status.podIP}'", READY, False, id="a field that is not there"),
        pytest.param("jsonpath={.status.phase}", READY, True, id="a field with any value"),
    ],
)
def test_for(what, value, met):
    assert bool(parse_for(what)(value)) is met


@pytest.mark.parametrize("what", ["ready", "condition=", "jsonpath=x", "gone"])
def test_an_unreadable_for_says_the_forms(what):
    with pytest.raises(click.UsageError, match="condition=NAME"):
        parse_for(what)


@pytest.mark.parametrize("what", ["jsonpath={.x", "jsonpath={"])
def test_a_path_that_is_never_closed_is_told(what):
    with pytest.raises(click.UsageError, match="is never closed"):
        parse_for(what)


def test_wait_says_that_it_is_met(shop):
    shop.patch(PODS.within("default").of("web-1").sub("status"), {"status": READY["status"]})
    assert shop.said(wait, "pod/web-1", "--for=condition=Ready") == "pod/web-1 condition met\n"


def test_wait_gives_up_at_its_time(shop):
    result = shop.run(wait, "pod/web-1", "--for=condition=Never", "--timeout=50ms")
    assert isinstance(result.exception, WaitTimedOut)
    assert "condition=Never on pod/web-1" in str(result.exception)


def test_wait_for_what_does_not_exist_fails_at_once(shop):
    assert 'pods "nope" not found' in shop.run(wait, "pod/nope", "--for=condition=Ready").output


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("7", 7), ("1.5m", 90)]
)
def test_duration(text, length):
    assert seconds(text, "--timeout") == length


def test_a_duration_that_is_none_names_its_flag():
    with pytest.raises(click.UsageError, match="--timeout 'soon'"):
        seconds("soon", "--timeout")


def rolling(**status):
    metadata = {"name": "web", "generation": 2}
    status = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3} | status
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 3}, "status": status}


@pytest.mark.parametrize(
    ("status", "says", "done"),
    [
        pytest.param({}, "successfully rolled out", True, id="all new and available"),
        pytest.param({"observedGeneration": 1}, "to be observed", False, id="not seen yet"),
        pytest.param({"updatedReplicas": 1}, "1 out of 3 new replicas", False, id="still making"),
        pytest.param({"replicas": 4}, "1 old replicas are pending", False, id="old ones left"),
        pytest.param({"availableReplicas": 2}, "2 of 3 updated replicas are available", False, id="not yet available"),
    ],
)
def test_rollout_status(status, says, done):
    text, ended = judge_rollout(rolling(**status))
    assert says in text
    assert ended is done


def test_a_rollout_past_its_deadline_is_an_error():
    late = rolling(updatedReplicas=1, conditions=[{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}])
    with pytest.raises(click.ClickException, match="exceeded its progress deadline"):
        judge_rollout(late)
