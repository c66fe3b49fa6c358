"""What every `Groups` promises: the kernel's, below a group of the test, and the fake."""

import os
import subprocess
from contextlib import contextmanager

import pytest

from pyk8s.kernel.cgroup.fake import FakeGroups
from pyk8s.kernel.cgroup.run import Groups
from pyk8s.kernel.cgroup.values import Add, Group, Move, Remove, plan
from pyk8s.kernel.errors import Refused

TOP = f"/pyk8s-test-{os.getpid()}"


@contextmanager
def kernel():
    groups = Groups()
    try:
        yield groups
    finally:
        groups.run((Remove(TOP),))


@contextmanager
def fake():
    yield FakeGroups()


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def groups(request):
    with request.param() as made:
        yield made


@pytest.fixture
def process():
    started = subprocess.Popen(["sleep", "30"])
    yield started
    started.kill()
    started.wait()


def test_planned_groups_are_there_with_their_parents(groups):
    groups.run(plan([Group(f"{TOP}/node/pod", 500, 250, 64 << 20, 100)], groups.observe(TOP), groups.version))
    assert groups.observe(TOP) == {TOP, f"{TOP}/node", f"{TOP}/node/pod"}


def test_limits_can_be_set_again_and_lifted(groups):
    for group in (Group(TOP, 500, 250, 64 << 20, 100), Group(TOP, 250, 100, 32 << 20, 50), Group(TOP)):
        groups.run(plan([group], groups.observe(TOP), groups.version))
    assert groups.observe(TOP) == {TOP}


def test_what_is_owned_and_not_desired_goes_children_first(groups):
    groups.run(plan([Group(f"{TOP}/a/b"), Group(f"{TOP}/c")], (), groups.version))
    held = groups.observe(TOP)
    groups.run(plan([Group(TOP), Group(f"{TOP}/c")], held, groups.version, owned=held))
    assert groups.observe(TOP) == {TOP, f"{TOP}/c"}


def test_removing_takes_all_below_and_twice_is_no_error(groups):
    groups.run((Add(f"{TOP}/a/b/c"),))
    groups.run((Remove(TOP),))
    groups.run((Remove(TOP),))
    assert groups.observe(TOP) == frozenset()


def test_a_process_is_in_its_group_and_keeps_it_from_going(groups, process):
    groups.run((Add(f"{TOP}/a"), Move(f"{TOP}/a", process.pid)))
    assert groups.processes(TOP) == {process.pid}
    assert groups.usage(f"{TOP}/a").pids == 1
    with pytest.raises(Refused):
        groups.run((Remove(TOP),))


def test_writing_into_a_group_that_is_not_there_is_refused(groups):
    with pytest.raises(Refused):
        groups.run(plan([Group(TOP)], {TOP}, groups.version))
