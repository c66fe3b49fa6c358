"""A supervisor that was killed leaves its processes running; the next one takes over from the pid files."""

import os
import subprocess

import msgspec
import pytest

from pyk8s.cluster import procs
from pyk8s.cluster.supervisor import process
from pyk8s.cluster.supervisor.process import Process, environment
from pyk8s.cluster.supervisor.unit import Record, State
from tests.cluster.supervisor.rig import FakeHands, unit


@pytest.fixture
def sleeper():
    started = subprocess.Popen(["sleep", "60"])
    yield started
    started.kill()
    started.wait()


def adopted(tmp_path, record):
    """What a process object finds in a pid file of that content."""
    made = Process(unit("a"), tmp_path, FakeHands(), lambda process: None)
    (tmp_path / "a.pid").write_bytes(record)
    return made, made._adopted()


@pytest.mark.parametrize(("said", "state"), [(True, State.READY), (False, State.STARTING)])
def test_a_living_process_is_taken_over_as_it_was(tmp_path, sleeper, said, state):
    identity = procs.identify(sleeper.pid)
    made, found = adopted(tmp_path, msgspec.json.encode(Record(identity=identity, ready=said)))
    assert found == identity
    assert made.state is state
    assert made.ready.is_set() is said


def test_a_pid_that_another_process_has_now_is_left_alone(tmp_path, sleeper):
    identity = procs.identify(sleeper.pid)
    other = procs.Identity(identity.pid, identity.started - 1, identity.boot)
    assert adopted(tmp_path, msgspec.json.encode(Record(identity=other, ready=True)))[1] is None


def test_a_pid_of_another_boot_is_left_alone(tmp_path, sleeper):
    identity = procs.identify(sleeper.pid)
    other = procs.Identity(identity.pid, identity.started, "another boot")
    assert adopted(tmp_path, msgspec.json.encode(Record(identity=other, ready=True)))[1] is None


@pytest.mark.parametrize("content", [b"", b"12", b"{}", b"\xff"])
def test_a_damaged_pid_file_counts_as_none(tmp_path, content):
    assert adopted(tmp_path, content)[1] is None


def test_a_process_is_told_where_to_say_that_it_serves(tmp_path):
    env = environment(unit("a", env={"LEVEL": "debug"}), tmp_path)
    assert env["NOTIFY_SOCKET"] == str(tmp_path / "a.notify")
    assert env["LEVEL"] == "debug"
    assert env["PATH"]
    assert "NOTIFY_SOCKET" not in environment(unit("b", says_ready=False), tmp_path)
    assert not set(env) & {name for name in os.environ if name.startswith("PYTEST")}


def test_the_schedule_of_restarts_is_prompt_at_first_and_bounded():
    assert process.RESTARTS.delay(1) <= 0.2
    assert process.RESTARTS.delay(50) == process.RESTARTS.limit
