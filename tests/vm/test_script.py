"""The script: its exit codes, and that no machine outlives it."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.kernel.waiting import eventually

pytestmark = [pytest.mark.vm, pytest.mark.timeout(300)]

SCRIPT = Path(__file__).parents[2] / "scripts" / "vm"


def children(pid):
    """The processes that `pid` started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_machine_outlives_the_script(number):
    script = subprocess.Popen([SCRIPT, "run", "--", "sh", "-c", "echo up; sleep 600"], stdout=subprocess.PIPE)
    with script:
        assert script.stdout is not None
        assert script.stdout.readline() == b"up\n"
        (machine,) = children(script.pid)
        os.kill(script.pid, number)
        script.wait(30)
        eventually(lambda: not Path(f"/proc/{machine}").exists())


def test_the_scripts_exit_code_is_the_commands():
    done = subprocess.run([SCRIPT, "run", "--", "sh", "-c", "echo out; exit 9"], capture_output=True, timeout=200)
    assert (done.returncode, done.stdout) == (9, b"out\n")
