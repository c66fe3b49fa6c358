"""Real processes under a real supervisor: cgroups, pid files, readiness, orphans, namespaces."""

import asyncio
import os
import signal
import sys
import tempfile
import uuid
from pathlib import Path

import msgspec
import pytest

from pyk8s.cluster import cgroups, pause, procs
from pyk8s.cluster.supervisor.core import Supervisor
from pyk8s.cluster.supervisor.hands import KernelHands
from pyk8s.cluster.supervisor.unit import State, Unit

pytestmark = pytest.mark.kernel

TELLS = "from pyk8s.aio.notify import ready; import signal; ready('here'); signal.pause()"


@pytest.fixture
async def rig():
    """A supervisor on this kernel, with a cgroup and folders of its own."""
    made = Rig()
    yield made
    await made.supervisor.stop()
    cgroups.end(made.groups, made.group)
    cgroups.remove(made.groups, made.group)
    made.folder.cleanup()


def space(path):
    """The namespace that a link below /proc stands for."""
    return str(Path(path).readlink())


class Rig:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pk")
        self.path = Path(self.folder.name)
        self.group = f"/pyk8s-test-{uuid.uuid4().hex[:8]}"
        self.groups = cgroups.tree()
        for name in ("units", "run", "logs"):
            (self.path / name).mkdir()
        (self.path / "pause").write_bytes(pause.program())
        (self.path / "pause").chmod(0o755)
        self.supervisor = self.make()

    def make(self):
        """One more supervisor of the same folders."""

        def hands(supervisor):
            made = KernelHands(self.path / "run", self.path / "logs", self.groups, supervisor.inside)
            made.open()
            return made

        return Supervisor(self.path / "units", self.path / "run", hands)

    def unit(self, name, *argv, **fields):
        group = fields.pop("group", self.group)
        made = Unit(name=name, role=name, argv=argv, group=group, **fields)
        (self.path / "units" / f"{name}.json").write_bytes(msgspec.json.encode(made))

    def report(self, name):
        return next(report for report in self.supervisor.reports() if report.name == name)

    async def until(self, name, state, restarts=0):
        with self.supervisor.watching() as queue:
            while True:
                report = await asyncio.wait_for(queue.get(), 20)
                if report.name == name and report.state is state and report.restarts >= restarts:
                    return report


async def test_a_process_is_in_its_cgroup_and_says_that_it_serves(rig):
    rig.unit("app", sys.executable, "-c", TELLS)
    await rig.supervisor.apply()
    report = await rig.until("app", State.READY)
    assert report.status == "here"
    assert cgroups.places(rig.groups, rig.group) == {report.pid: rig.group}
    assert os.getsid(report.pid) == report.pid
    await rig.supervisor.stop()
    assert cgroups.places(rig.groups, rig.group) == {}
    assert list((rig.path / "run").iterdir()) == []


async def test_a_killed_process_is_started_again_and_its_end_is_told(rig):
    rig.unit("app", str(rig.path / "pause"), says_ready=False)
    await rig.supervisor.apply()
    first = await rig.until("app", State.READY)
    os.kill(first.pid, signal.SIGKILL)
    again = await rig.until("app", State.READY, restarts=1)
    assert again.pid != first.pid
    assert again.exit == "killed by SIGKILL"


async def test_what_a_program_says_is_in_its_log(rig):
    rig.unit("app", "/bin/sh", "-c", "echo out; echo err >&2; exit 3", says_ready=False)
    await rig.supervisor.apply()
    report = await rig.until("app", State.BACKOFF)
    assert report.exit == "exit code 3"
    assert (rig.path / "logs" / "app.log").read_text().startswith("out\nerr\n")
    assert (rig.path / "logs" / "app.log").stat().st_mode & 0o777 == 0o600


async def test_a_program_that_is_not_there_is_told(rig):
    rig.unit("app", "/nonexistent/program")
    await rig.supervisor.apply()
    report = await rig.until("app", State.BACKOFF)
    assert "starting /nonexistent/program" in report.exit
    assert not (rig.path / "run" / "app.pid").exists()


async def test_the_next_supervisor_takes_over_what_runs(rig):
    rig.unit("app", sys.executable, "-c", TELLS)
    await rig.supervisor.apply()
    pid = (await rig.until("app", State.READY)).pid
    for process in rig.supervisor._processes.values():
        process._task.cancel()
        process._listener.close()
    rig.supervisor = rig.make()
    await rig.supervisor.apply()
    assert (await rig.until("app", State.READY)).pid == pid
    os.kill(pid, signal.SIGKILL)
    assert (await rig.until("app", State.READY, restarts=1)).pid != pid


async def test_an_orphan_of_a_daemon_is_buried(rig):
    rig.unit("app", "/bin/sh", "-c", "sleep 0.05 & exec sleep 60", says_ready=False)
    await rig.supervisor.apply()
    report = await rig.until("app", State.READY)
    await rig.supervisor.stop()
    assert procs.identify(report.pid) is None


async def test_a_unit_enters_the_namespaces_of_its_holder_and_both_end_together(rig):
    node = f"{rig.group}/node"
    holder = "import os, sys; from pyk8s.kernel import syscalls as s; s.unshare(0x40000000 | 0x00020000 | 0x04000000); "
    holder += "from pyk8s.aio.notify import ready; ready(); os.execv(sys.argv[1], ['holder'])"
    pause_path = str(rig.path / "pause")
    rig.unit(
        "n.holder", sys.executable, "-c", holder, pause_path, group=f"{node}/system", holds=node, rejoin=(pause_path,)
    )
    rig.unit("n.app", pause_path, group=f"{node}/system", enter="n.holder", says_ready=False)
    await rig.supervisor.apply()
    app = await rig.until("n.app", State.READY)
    kept = rig.report("n.holder")
    spaces = {kind: space(f"/proc/{app.pid}/ns/{kind}") for kind in ("net", "mnt", "uts")}
    assert spaces == {kind: space(f"/proc/{kept.pid}/ns/{kind}") for kind in spaces}
    assert not set(spaces.values()) & {space(f"/proc/self/ns/{kind}") for kind in spaces}

    os.kill(kept.pid, signal.SIGKILL)
    again = await rig.until("n.holder", State.READY, restarts=1)
    assert spaces["net"] == space(f"/proc/{again.pid}/ns/net"), "a holder that died comes back into them"

    await rig.supervisor.stop()
    assert cgroups.places(rig.groups, rig.group) == {}


async def test_a_cgroup_is_emptied_of_what_forks_and_ignores_signals(rig):
    script = "trap '' TERM; for i in 1 2 3; do (trap '' TERM; sleep 60 & sleep 60) & done; wait"
    rig.unit("app", "/bin/sh", "-c", script, says_ready=False, stop_seconds=0.2)
    await rig.supervisor.apply()
    await rig.until("app", State.READY)
    await asyncio.to_thread(cgroups.end, rig.groups, rig.group, grace=0.2)
    await rig.until("app", State.READY, restarts=1)
    await rig.supervisor.stop()
    await asyncio.to_thread(cgroups.end, rig.groups, rig.group)
    assert cgroups.places(rig.groups, rig.group) == {}
    cgroups.remove(rig.groups, rig.group)
    assert not rig.groups.observe(rig.group)
