"""One unit kept running: started when what it needs is ready, started again when it ends, until it is to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.notify import Listener
from pyk8s.cluster import procs, settings
from pyk8s.cluster.supervisor.unit import Record, Report, State, Unit
from pyk8s.kernel.errors import KernelError

RESTARTS = Schedule(first=0.1, factor=2.0, limit=10.0)
HEALTHY_AFTER = 30.0
"""A run of at least so many seconds makes the next restart a prompt one."""


class Hands(Protocol):
    """How a process is really started and its end learnt: the supervisor's, or a test's."""

    async def start(self, unit: Unit) -> tuple[procs.Identity, bool]:
        """Start `unit`; its process, and whether that will tell by itself that it serves. Raises OSError."""
        ...

    async def ended(self, identity: procs.Identity) -> str:
        """Wait until that process has ended; how it ended, in words."""
        ...

    def signal(self, identity: procs.Identity, number: signal.Signals) -> None:
        """Send a signal; a process that has ended is no error."""
        ...

    async def clear(self, unit: Unit, grace: float) -> None:
        """End everything that is left in the cgroup that `unit` holds."""
        ...


class Process:
    """The unit, where it stands, and the task that moves it on."""

    def __init__(self, unit: Unit, run: Path, hands: Hands, changed: Callable[[Process], None]) -> None:
        self.unit = unit
        self.state = State.WAITING
        self.identity: procs.Identity | None = None
        self.restarts = 0
        self.exit = ""
        self.status = ""
        self.ready = asyncio.Event()
        self._hands = hands
        self._changed = changed
        self._pid_file = run / f"{unit.name}.pid"
        self._listener = Listener(run / f"{unit.name}.notify", self._told)
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def report(self) -> Report:
        """What is known of it now."""
        pid = self.identity.pid if self.identity else 0
        return Report(
            name=self.unit.name,
            role=self.unit.role,
            node=self.unit.node,
            state=self.state,
            pid=pid,
            restarts=self.restarts,
            exit=self.exit,
            status=self.status,
        )

    def begin(self, needs: Callable[[], list[Process]]) -> None:
        """Start keeping it running; `needs` are the processes it waits for."""
        if self.unit.says_ready:
            self._listener.open()
        self._task = asyncio.get_running_loop().create_task(self._keep(needs), name=self.unit.name)

    async def stop(self, grace: float = 0.0) -> None:
        """End it and do not start it again; what it holds ends with it, after `grace` seconds of asking."""
        self._stopping.set()
        if self._task is not None:
            if self.identity is None:
                self._task.cancel()
            else:
                await self._end(self.identity, grace)
            await asyncio.wait({self._task})
        if self.unit.holds:
            await self._hands.clear(self.unit, grace)
        self._listener.close()
        self._pid_file.unlink(missing_ok=True)
        self._move(State.STOPPED)

    async def _end(self, identity: procs.Identity, grace: float) -> None:
        self._move(State.STOPPING)
        if self.unit.holds:
            # The namespaces must outlive what runs in them, so that it can say goodbye.
            await self._hands.clear(self.unit, grace)
            return
        self._hands.signal(identity, signal.SIGTERM)
        assert self._task is not None
        done, _ = await asyncio.wait({self._task}, timeout=self.unit.stop_seconds)
        if not done:
            self._hands.signal(identity, signal.SIGKILL)

    async def _keep(self, needs: Callable[[], list[Process]]) -> None:
        backoff = Backoff(RESTARTS)
        self.identity = self._adopted()
        while not self._stopping.is_set():
            if self.identity is None and not await self._start(needs):
                await self._pause(backoff)
                continue
            assert self.identity is not None
            began = clock.monotonic()
            self.exit = await self._hands.ended(self.identity)
            self.identity = None
            self.ready.clear()
            if self._stopping.is_set():
                return
            if clock.monotonic() - began >= HEALTHY_AFTER:
                backoff.reset()
            self.restarts += 1
            await self._pause(backoff)

    async def _pause(self, backoff: Backoff) -> None:
        self._move(State.BACKOFF)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), backoff.fail())

    async def _start(self, needs: Callable[[], list[Process]]) -> bool:
        self._move(State.WAITING)
        for need in needs():
            await need.ready.wait()
        self._move(State.STARTING)
        try:
            self.identity, will_tell = await self._hands.start(self.unit)
        except (OSError, KernelError) as why:
            self.exit = str(why)
            return False
        if will_tell:
            self._changed(self)
        else:
            self._is_ready()
        return True

    def _adopted(self) -> procs.Identity | None:
        """The process that a supervisor before us started, when it still runs."""
        try:
            record = msgspec.json.decode(self._pid_file.read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError):
            return None
        if not procs.alive(record.identity):
            return None
        self.identity = record.identity
        if record.ready:
            self._is_ready()
        else:
            self._move(State.STARTING)
        return record.identity

    def _told(self, fields: Mapping[str, str]) -> None:
        self.status = fields.get("STATUS", self.status)
        if fields.get("READY") == "1" and self.identity is not None:
            self._is_ready()
        else:
            self._changed(self)

    def _is_ready(self) -> None:
        assert self.identity is not None
        settings.write_file(self._pid_file, msgspec.json.encode(Record(identity=self.identity, ready=True)), sync=False)
        self.ready.set()
        self._move(State.READY)

    def _move(self, state: State) -> None:
        self.state = state
        self._changed(self)


def environment(unit: Unit, run: Path) -> dict[str, str]:
    """The environment of `unit`: what it asks for, a search path, and where to say that it serves."""
    env = {
        "PATH": os.environ.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        "HOME": "/root",
        "LANG": "C.UTF-8",
        **unit.env,
    }
    if unit.says_ready:
        env["NOTIFY_SOCKET"] = str(run / f"{unit.name}.notify")
    return env
