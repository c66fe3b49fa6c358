"""The supervisor as a program."""

import subprocess
import sys
import uuid


def test_without_its_group_it_starts_nothing(tmp_path):
    """A `down` was faster: nobody would find this supervisor again."""
    argv = [sys.executable, "-m", "pyk8s.cluster.supervisor", "--group", f"/pyk8s-test-{uuid.uuid4().hex}/supervisor"]
    for name in ("units", "run", "logs"):
        (tmp_path / name).mkdir()
        argv += [f"--{name}", str(tmp_path / name)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: the cluster is being taken down: ")
    assert list((tmp_path / "run").iterdir()) == []
