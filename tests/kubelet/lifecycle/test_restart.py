"""When a container that ended is started again."""

import pytest

from pyk8s.kubelet.lifecycle.restart import crashes_after, delay, is_restarted, start_at
from pyk8s.kubelet.spec import pod_of
from tests.kubelet.values import NOON, exited

PLAIN = pod_of({"spec": {"containers": [{"name": "web"}]}}).spec.containers[0]
SIDECAR = pod_of({"spec": {"containers": [{"name": "web", "restartPolicy": "Always"}]}}).spec.containers[0]


@pytest.mark.parametrize(
    ("policy", "code", "is_init", "again"),
    [
        ("Always", 0, False, True),
        ("Always", 1, False, True),
        ("OnFailure", 0, False, False),
        ("OnFailure", 1, False, True),
        ("Never", 0, False, False),
        ("Never", 1, False, False),
        ("Always", 0, True, False),
        ("Always", 1, True, True),
        ("Never", 1, True, False),
    ],
)
def test_the_policy_decides(policy, code, is_init, again):
    assert is_restarted(PLAIN, policy, exited(code=code), is_init=is_init) is again


@pytest.mark.parametrize("policy", ["Always", "OnFailure", "Never"])
def test_a_sidecar_is_always_started_again(policy):
    assert is_restarted(SIDECAR, policy, exited(), is_init=True)


@pytest.mark.parametrize(
    ("crashes", "seconds"), [(0, 0), (1, 0), (2, 10), (3, 20), (4, 40), (5, 80), (6, 160), (7, 300), (1000, 300)]
)
def test_the_delay_doubles_from_ten_seconds_to_five_minutes(crashes, seconds):
    assert delay(crashes) == seconds


def test_a_long_run_is_forgiven():
    assert crashes_after(exited(crashes=5, started_at=NOON - 599.9)) == 6
    assert crashes_after(exited(crashes=5, started_at=NOON - 600)) == 1


def test_one_that_never_ran_counts_as_a_crash():
    assert crashes_after(exited(crashes=1, started_at=0.0)) == 2


def test_a_container_that_never_was_may_start_at_once():
    assert (crashes_after(None), start_at(None)) == (0, 0.0)


def test_the_delay_counts_from_the_end():
    assert start_at(exited(crashes=2, ago=5)) == NOON - 5 + 20
