"""Processes told apart by pid and start time."""

import os
import select
import signal
import subprocess

import pytest

from pyk8s.cluster import procs


@pytest.fixture
def sleeper():
    started = subprocess.Popen(["sleep", "60"])
    yield started
    started.kill()
    started.wait()


def test_a_process_is_alive_until_it_has_ended(sleeper):
    identity = procs.identify(sleeper.pid)
    assert procs.alive(identity)
    handle = procs.open_pidfd(identity)
    sleeper.kill()
    assert select.select([handle], [], [], 5)[0] == [handle]
    os.close(handle)
    assert not procs.alive(identity), "a zombie is no living process"
    sleeper.wait()
    assert procs.identify(sleeper.pid) is None
    assert procs.open_pidfd(identity) is None


def test_a_recycled_pid_is_another_process(sleeper):
    identity = procs.identify(sleeper.pid)
    stranger = procs.Identity(identity.pid, identity.started + 1, identity.boot)
    assert not procs.alive(stranger)
    assert procs.open_pidfd(stranger) is None


def test_a_name_with_brackets_and_blanks_does_not_confuse(tmp_path):
    program = tmp_path / "a) b (c"
    program.symlink_to("/bin/cat")
    started = subprocess.Popen([program, "-u"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        started.stdin.write(b"x")
        started.stdin.flush()
        assert started.stdout.read(1) == b"x"
        assert procs.identify(started.pid).pid == started.pid
        assert procs.command(started.pid) == "a) b (c"
        assert procs.arguments(started.pid) == [str(program), "-u"]
    finally:
        started.kill()
        started.communicate()


def test_ending_waits_until_all_have_ended_and_names_who_did_not(sleeper):
    deaf = subprocess.Popen(["sh", "-c", "trap '' TERM; echo; while :; do wait; done"], stdout=subprocess.PIPE)
    deaf.stdout.readline()
    try:
        assert procs.end([sleeper.pid, deaf.pid, 2**22 - 1], signal.SIGTERM, 0.3) == [deaf.pid]
        assert procs.end([deaf.pid], signal.SIGKILL, 5) == []
    finally:
        deaf.kill()
        deaf.wait()
        deaf.stdout.close()


def test_what_is_not_there_has_no_name():
    assert procs.command(2**22 - 1) == ""
    assert procs.arguments(2**22 - 1) == []
