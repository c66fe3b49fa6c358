"""The supervisor's hands: fork, signals, ends learnt from pidfds, orphans reaped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import msgspec

from pyk8s.cluster import cgroups, procs
from pyk8s.cluster.supervisor.process import environment
from pyk8s.cluster.supervisor.spawn import Spawn, spawn
from pyk8s.cluster.supervisor.unit import Record, Unit, describe_exit
from pyk8s.kernel.cgroup.run import Groups


class KernelHands:
    """Starts real processes. `inside` finds a living process in the namespaces that a unit is to enter; 0 for none."""

    def __init__(self, run: Path, logs: Path, groups: Groups, inside: Callable[[str], int]) -> None:
        self._run = run
        self._logs = logs
        self._groups = groups
        self._inside = inside
        self._statuses: dict[int, int] = {}

    def open(self) -> None:
        """Reap children from now on."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    async def start(self, unit: Unit) -> tuple[procs.Identity, bool]:
        """Start `unit` in its cgroup; one that holds namespaces joins those of its node when they still exist."""
        argv, will_tell, enter = unit.argv, unit.says_ready, self._inside(unit.enter or unit.name)
        if unit.holds and enter:
            argv, will_tell = unit.rejoin, False
        elif unit.holds:
            await self.clear(unit, 0.0)
        elif unit.enter and not enter:
            raise OSError(f"the namespaces of {unit.enter} are gone")
        cgroups.make(self._groups, unit.group)
        what = Spawn(
            argv=argv,
            env=environment(unit, self._run),
            group=unit.group,
            log=self._logs / f"{unit.name}.log",
            pid_file=self._run / f"{unit.name}.pid",
            enter=enter if unit.enter or argv is unit.rejoin else 0,
        )
        spawn(what, self._groups)
        # From the pid file, since a program that ends at once has no identity any more.
        return msgspec.json.decode(what.pid_file.read_bytes(), type=Record).identity, will_tell

    async def ended(self, identity: procs.Identity) -> str:
        """Wait for the end of the process by its pidfd; a process adopted from another supervisor leaves no status."""
        handle = procs.open_pidfd(identity)
        if handle is not None:
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(handle, over.set)
            try:
                await over.wait()
            finally:
                loop.remove_reader(handle)
                os.close(handle)
        self._reap()
        status = self._statuses.pop(identity.pid, None)
        return "ended" if status is None else describe_exit(status)

    def signal(self, identity: procs.Identity, number: signal.Signals) -> None:
        """Send `number` to that very process, never to one that took over its pid."""
        handle = procs.open_pidfd(identity)
        if handle is None:
            return
        try:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)

    async def clear(self, unit: Unit, grace: float) -> None:
        """End everything in the cgroup that `unit` holds, in a thread: it may take `grace` seconds."""
        await asyncio.to_thread(cgroups.end, self._groups, unit.holds, grace=grace)
        self._reap()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._statuses[pid] = status
            # Orphans nobody asks about: forget the oldest.
            while len(self._statuses) > 1000:
                self._statuses.pop(next(iter(self._statuses)))
