"""All units of a cluster: brought to what the unit files say, told to whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pyk8s.cluster import procs
from pyk8s.cluster.supervisor.process import Hands, Process
from pyk8s.cluster.supervisor.unit import Report, Unit, ordered, read_units

MOST_UNSEEN = 1000
"""Reports kept for a watcher that does not read; a slower one is cut off."""


class Supervisor:
    """The processes of one cluster, by unit name."""

    def __init__(self, units: Path, run: Path, hands: Callable[[Supervisor], Hands]) -> None:
        self._folder = units
        self._run = run
        self._hands = hands(self)
        self._processes: dict[str, Process] = {}
        self._watchers: set[asyncio.Queue[Report | None]] = set()
        self._changing = asyncio.Lock()

    def reports(self) -> list[Report]:
        """What is known of every process."""
        return [process.report() for process in self._processes.values()]

    def inside(self, holder: str) -> int:
        """A living process in the namespaces that the unit `holder` made; 0 when there is none."""
        holding = self._processes.get(holder)
        members = [process for process in self._processes.values() if process.unit.enter == holder]
        for process in ([holding] if holding else []) + members:
            if process.identity is not None and procs.alive(process.identity):
                return process.identity.pid
        return 0

    async def apply(self, grace: float = 0.0) -> None:
        """Bring what runs to what the unit files say: those gone or changed are stopped, new ones started."""
        async with self._changing:
            wanted = read_units(self._folder)
            ordered(wanted)
            gone = [name for name, process in self._processes.items() if wanted.get(name) != process.unit]
            await self._stop(gone, grace)
            for unit in ordered(wanted):
                if unit.name not in self._processes:
                    self._begin(unit)

    async def stop(self, grace: float = 0.0) -> None:
        """Stop everything, those that need others before those they need."""
        async with self._changing:
            await self._stop(list(self._processes), grace)

    async def restart(self, name: str) -> None:
        """Stop and start the unit `name`. Raises KeyError."""
        async with self._changing:
            unit = self._processes[name].unit
            await self._stop([name], 0.0)
            self._begin(unit)

    @contextmanager
    def watching(self) -> Iterator[asyncio.Queue[Report | None]]:
        """A queue of reports: all there are now, then each change; None when the reader was too slow."""
        queue: asyncio.Queue[Report | None] = asyncio.Queue()
        for report in self.reports():
            queue.put_nowait(report)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def _begin(self, unit: Unit) -> None:
        process = Process(unit, self._run, self._hands, self._changed)
        self._processes[unit.name] = process
        process.begin(lambda: [self._processes[name] for name in unit.needs if name in self._processes])

    async def _stop(self, names: list[str], grace: float) -> None:
        """Stop `names` at the same time, but each only after those that need or use it."""
        over = {name: asyncio.Event() for name in names}

        async def stop(process: Process) -> None:
            name = process.unit.name
            for other in (self._processes[each].unit for each in names):
                if name in (*other.needs, *other.uses):
                    await over[other.name].wait()
            try:
                await process.stop(grace)
            finally:
                over[name].set()

        await asyncio.gather(*(stop(self._processes[name]) for name in names))
        for name in names:
            del self._processes[name]

    def _changed(self, process: Process) -> None:
        report = process.report()
        for queue in list(self._watchers):
            if queue.qsize() >= MOST_UNSEEN:
                self._watchers.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(report)
