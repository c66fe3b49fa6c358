"""One command at a time on a cluster, and no file left of it."""

import shutil
import subprocess
import sys

import pytest

from pyk8s.cluster.errors import Busy
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.lock import locked

HOLD = """
import sys
from pathlib import Path
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.lock import locked
with locked(Folder(Path(sys.argv[1]), "demo")):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path, "demo")


def test_a_second_command_is_told_that_another_is_at_work(folder, tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout.readline() == "held\n"
    with pytest.raises(Busy, match="another pyk8s command works on cluster demo"), locked(folder):
        pass
    other.communicate()
    with locked(folder):
        pass


def test_the_lock_leaves_no_file_and_survives_the_folders_removal(folder):
    with locked(folder):
        assert list(folder.path.iterdir()) == []
        shutil.rmtree(folder.path)
    with locked(folder):
        assert folder.path.is_dir()


def test_a_daemon_started_under_the_lock_does_not_hold_it_on(folder):
    with locked(folder):
        daemon = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with locked(folder):
            pass
    finally:
        daemon.kill()
        daemon.wait()
