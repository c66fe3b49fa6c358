"""`scripts/install`, where the programs it asks are ours and nothing is fetched."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/install"
PROGRAMS = "etcd containerd runc ip nft iptables-restore conntrack nsenter"
UV = f"""#!/bin/sh
echo "$@" >> "$LOG"
mkdir -p .venv/bin
ln -sf {sys.executable} .venv/bin/python
touch .venv/bin/pyk8s
chmod +x .venv/bin/pyk8s
"""

pytestmark = pytest.mark.skipif(not os.access("/bin/busybox", os.X_OK), reason="needs busybox-static")


@pytest.fixture
def tree(tmp_path):
    """A checkout with few modules, one of them broken, and `programs` that stand for those of the machine."""
    for name in ("scripts", "pyk8s", "cni", "programs"):
        (tmp_path / name).mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    for name in ("uv.lock", "pyproject.toml", "pyk8s/__init__.py", "cni/program.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "pyk8s/broken.py").write_text("(")
    for name in PROGRAMS.split():
        write(tmp_path, name, "#!/bin/sh\necho 99.0\n")
    write(tmp_path, "apt-get", "#!/bin/sh\nexit 1\n")
    write(tmp_path, "uv", UV)
    return tmp_path


def write(tree, name, text):
    path = tree / "programs" / name
    path.write_text(text)
    path.chmod(0o755)


def install(tree):
    """Run it; the arguments of every call of uv so far."""
    log = tree / "calls"
    settings = {**os.environ, "PATH": f"{tree}/programs:{os.environ['PATH']}", "LOG": str(log)}
    settings.pop("PYTHONPYCACHEPREFIX", None)
    ended = subprocess.run([tree / "scripts/install"], env=settings, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return log.read_text().splitlines()


def compiled(tree):
    return {path.name.split(".")[0]: path.stat().st_mtime_ns for path in tree.glob("*/__pycache__/*.pyc")}


def test_what_is_installed_is_compiled_before_the_first_cluster_and_once(tree):
    (call,) = install(tree)
    assert "--compile-bytecode" in call.split()
    first = compiled(tree)
    assert set(first) == {"__init__", "program"}
    assert install(tree) == [call]
    assert compiled(tree) == first


def test_a_changed_lock_is_installed_again(tree):
    install(tree)
    (tree / "uv.lock").write_text("changed")
    assert len(install(tree)) == 2
