"""The pause program: its bytes, and that it waits, buries orphans and ends when told."""

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyk8s.cluster import pause
from pyk8s.cluster.errors import MachineUnfit

runs_here = pytest.mark.skipif(platform.machine() != "x86_64", reason="the pause program is written for x86_64")


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "pause"
    path.write_bytes(pause.program())
    path.chmod(0o755)
    return path


def test_the_same_bytes_every_time_and_few_of_them():
    assert pause.program("x86_64") == pause.program("x86_64")
    assert len(pause.program("x86_64")) < 300
    assert pause.program("x86_64").startswith(b"\x7fELF\x02\x01\x01")


def test_another_machine_is_told_that_it_is_not_written_for():
    with pytest.raises(MachineUnfit, match="no pause program for pdp11"):
        pause.program("pdp11")


def test_jumps_are_counted_from_their_end():
    assert pause.assemble(("here:", "90", "eb here", "eb there", "90", "there:")) == bytes.fromhex("90 ebfd eb01 90")


@runs_here
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_waits_until_it_is_told_to_end(program, number):
    started = subprocess.Popen([program])
    try:
        os.kill(started.pid, signal.SIGCHLD)
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.2)
        started.send_signal(number)
        assert started.wait(5) == 0
    finally:
        started.kill()
        started.wait()


@runs_here
@pytest.mark.kernel
def test_as_a_first_process_it_buries_orphans_and_ends_on_sigterm(program):
    script = (
        "import os, sys, signal, time\n"
        # Two children outlive the shell that became pause: they are its to bury.
        "for _ in range(2):\n"
        "    if os.fork() == 0:\n"
        "        os.execvp('sleep', ['sleep', '0.05'])\n"
        "os.execv(sys.argv[1], ['pause'])\n"
    )
    started = subprocess.Popen(["unshare", "--pid", "--fork", sys.executable, "-c", script, str(program)])
    try:
        first = _child(started.pid)
        _until(lambda: Path(f"/proc/{first}/exe").readlink().name == "pause")
        _until(lambda: not _children(first))
        os.kill(first, signal.SIGTERM)
        assert started.wait(5) == 0
    finally:
        started.kill()
        started.wait()


def _children(pid):
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in told.split()]


def _child(pid):
    _until(lambda: _children(pid))
    return _children(pid)[0]


def _until(true):
    for _ in range(200):
        if true():
            return
        subprocess.run(["sleep", "0.02"], check=True)
    raise AssertionError("it never came true")
