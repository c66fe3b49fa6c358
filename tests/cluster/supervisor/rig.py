"""A supervisor whose hands are a test's: processes are numbers, their ends are told by the test."""

import asyncio
import itertools

import msgspec

from pyk8s.cluster.procs import Identity
from pyk8s.cluster.supervisor.core import Supervisor
from pyk8s.cluster.supervisor.unit import State, Unit


class FakeHands:
    """Starts nothing: remembers what was asked, and lets the test end what it started."""

    def __init__(self):
        self.started = []
        self.signals = []
        self.cleared = []
        self.stopped = []
        self.refuse = 0
        self.will_tell = True
        self.deaf = set()
        self._pids = itertools.count(1000)
        self._ends = {}
        self._names = {}

    async def start(self, unit):
        if self.refuse:
            self.refuse -= 1
            raise OSError("no such program")
        identity = Identity(next(self._pids), 1, "boot")
        self.started.append(unit.name)
        self._ends[identity.pid] = asyncio.get_running_loop().create_future()
        self._names[identity.pid] = unit.name
        return identity, unit.says_ready and self.will_tell

    async def ended(self, identity):
        return await asyncio.shield(self._ends[identity.pid])

    def signal(self, identity, number):
        name = self._names[identity.pid]
        self.signals.append((name, number.name))
        if name not in self.deaf or number.name == "SIGKILL":
            self.end(identity.pid, f"killed by {number.name}")

    async def clear(self, unit, grace):
        self.cleared.append((unit.name, grace))
        for pid, name in self._names.items():
            if name == unit.name:
                self.end(pid, "killed by SIGKILL")

    def end(self, pid, how="exit code 1"):
        """Let the process `pid` be over."""
        if not self._ends[pid].done():
            self.stopped.append(self._names[pid])
            self._ends[pid].set_result(how)


class Rig:
    """A supervisor on fake hands and a folder of units."""

    def __init__(self, folder):
        self.units, self.run = folder / "units", folder / "run"
        self.units.mkdir(exist_ok=True)
        self.run.mkdir(exist_ok=True)
        self.hands = FakeHands()
        self.supervisor = Supervisor(self.units, self.run, lambda supervisor: self.hands)

    def write(self, *units):
        """Make the unit files say `units`."""
        for path in self.units.glob("*.json"):
            path.unlink()
        for unit in units:
            (self.units / f"{unit.name}.json").write_bytes(msgspec.json.encode(unit))

    def report(self, name):
        """What is known of one unit."""
        return next(report for report in self.supervisor.reports() if report.name == name)

    def tell_ready(self, name):
        """What the process would say on its socket."""
        self.supervisor._processes[name]._told({"READY": "1", "STATUS": "serving"})

    async def until(self, name, state):
        """Wait for a unit to come into a state."""
        with self.supervisor.watching() as queue:
            while True:
                report = await asyncio.wait_for(queue.get(), 60)
                if report.name == name and report.state is state:
                    return report

    async def ready(self, name):
        """Wait until it was started, and let it say that it serves."""
        with self.supervisor.watching() as queue:
            while True:
                report = await asyncio.wait_for(queue.get(), 60)
                if report.name == name and report.state is State.STARTING and report.pid:
                    break
        self.tell_ready(name)


def unit(name, **fields):
    """A unit of the group "/t" that says when it is ready."""
    return Unit(name=name, role=fields.pop("role", name), argv=("program", name), group="/t", **fields)
