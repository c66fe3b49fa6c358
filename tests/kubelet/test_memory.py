"""What is remembered of a pod between two plans."""

from dataclasses import replace

from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.values import Health
from tests.kubelet.values import NOON, SANDBOX, exited, running


def test_the_newest_comes_first():
    old, new = exited(attempt=0), running(attempt=1)
    memory = Memory("u", containers={"a": old, "b": new}, sandboxes={"s0": SANDBOX})
    memory.sandboxes["s1"] = replace(SANDBOX, id="s1", created_at=NOON, ips=("10.0.0.2",))
    seen = memory.view(frozenset(), lambda container_id: None)
    assert [one.attempt for one in seen.containers] == [1, 0]
    assert [one.id for one in seen.sandboxes] == ["s1", "s0"]
    assert memory.ips == ("10.0.0.2",)
    assert Memory("u").ips == ()


def test_health_is_that_of_observed_containers():
    memory = Memory("u", containers={"web-0": running(), "web-1": running(attempt=1)})
    seen = memory.view(frozenset(), lambda container_id: Health(True, True) if container_id == "web-0" else None)
    assert seen.health == {"web-0": Health(True, True)}


def test_failures_are_counted_until_something_works():
    memory = Memory("u")
    memory.failed("volumes", "FailedMount", "no", NOON, 1.5)
    memory.failed("volumes", "FailedMount", "no", NOON, 3)
    assert (memory.failures["volumes"], memory.holds["volumes"].until) == (2, NOON + 3)
    memory.succeeded("volumes")
    memory.succeeded("other")
    assert (memory.failures, memory.holds) == ({}, {})


def test_a_container_is_forgotten_with_its_hooks():
    memory = Memory("u", containers={"web-0": running()}, hooked={"web-0"}, hook_failed={"web-0"})
    memory.forget_container("web-0")
    assert (memory.containers, memory.hooked, memory.hook_failed) == ({}, set(), set())
