"""Asks every running container on time and keeps what its answers amount to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.kubelet.probes.check import Answer, NoAnswer, Target, ask_exec, ask_grpc, ask_http, ask_tcp
from pyk8s.kubelet.probes.plan import Kind, Tally, count, first_at, next_at
from pyk8s.kubelet.runtime.interface import Runtime
from pyk8s.kubelet.spec.container import Probe
from pyk8s.kubelet.values import Health, Seconds
from pyk8s.observe import logs

log = logs.get("kubelet.probes")

Changed = Callable[[], None]
Unhealthy = Callable[[str], None]
"""Called with the words of a failed probe."""

KINDS: Mapping[Kind, str] = {"startup": "Startup", "readiness": "Readiness", "liveness": "Liveness"}


class _Observation:
    """One running container: its health so far, and the asking of its probes."""

    def __init__(
        self, runtime: Runtime, target: Target, started_at: Seconds, changed: Changed, unhealthy: Unhealthy
    ) -> None:
        container = target.container
        self._runtime, self._target, self._started_at = runtime, target, started_at
        self._changed, self._unhealthy = changed, unhealthy
        self.probes: dict[Kind, Probe | None] = {
            "startup": container.startup_probe,
            "readiness": container.readiness_probe,
            "liveness": container.liveness_probe,
        }
        started = container.startup_probe is None
        self.health = Health(started=started, ready=started and container.readiness_probe is None)
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Ask the startup probe until it is settled, then the other two side by side."""
        startup = self.probes["startup"]
        if startup is not None and not await self._start_up(startup):
            return
        async with asyncio.TaskGroup() as group:
            kinds: tuple[Kind, ...] = ("readiness", "liveness")
            for kind in kinds:
                probe = self.probes[kind]
                if probe is not None:
                    group.create_task(self._repeat(kind, probe))

    async def _start_up(self, probe: Probe) -> bool:
        """Ask the startup probe until it has succeeded (True) or failed for good (False)."""
        tally, at = Tally(), first_at(probe, self._started_at)
        while tally.verdict is None:
            tally, at = await self._ask_at(at, "startup", probe, tally)
        if tally.verdict:
            self.health = replace(self.health, started=True, ready=self.probes["readiness"] is None)
        else:
            self._fail("startup")
        self._changed()
        return tally.verdict

    async def _repeat(self, kind: Kind, probe: Probe) -> None:
        tally, at = Tally(), first_at(probe, self._started_at)
        while not self.health.failed:
            before = tally.verdict
            tally, at = await self._ask_at(at, kind, probe, tally)
            if tally.verdict is before or tally.verdict is None:
                continue
            if kind == "readiness":
                self.health = replace(self.health, ready=tally.verdict)
            elif not tally.verdict:
                self._fail("liveness")
            self._changed()

    def _fail(self, kind: Kind) -> None:
        assert kind != "readiness"
        message = f"Container {self._target.container.name} failed {kind} probe"
        self.health = replace(self.health, failed=kind, ready=False, message=message)

    async def _ask_at(self, when: Seconds, kind: Kind, probe: Probe, tally: Tally) -> tuple[Tally, Seconds]:
        """Ask once when it is time; the new tally, and when to ask again."""
        await clock.sleep(when - clock.wall())
        asked_at = clock.wall()
        try:
            answer = await self._ask(probe)
        except NoAnswer as why:
            log.info("a probe could not be asked", container=self._target.container.name, kind=kind, why=str(why))
        else:
            tally = count(tally, probe, answer.ok)
            if not answer.ok:
                self._unhealthy(f"{KINDS[kind]} probe failed: {answer.message}")
        return tally, next_at(probe, asked_at, clock.wall())

    async def _ask(self, probe: Probe) -> Answer:
        timeout = float(max(1, probe.timeout_seconds))
        if probe.exec is not None:
            return await ask_exec(self._runtime, probe.exec, self._target, timeout)
        if probe.http_get is not None:
            return await ask_http(probe.http_get, self._target, timeout)
        if probe.tcp_socket is not None:
            return await ask_tcp(probe.tcp_socket, self._target, timeout)
        if probe.grpc is not None:
            return await ask_grpc(probe.grpc, self._target, timeout)
        raise NoAnswer("the probe says neither exec, httpGet, tcpSocket nor grpc")


class Prober:
    """The probes of every container on the node."""

    def __init__(self, runtime: Runtime, tasks: Tasks) -> None:
        self._runtime = runtime
        self._tasks = tasks
        self._observed: dict[str, _Observation] = {}

    def health(self, container_id: str) -> Health | None:
        """How a container is; None for one that is not observed."""
        observed = self._observed.get(container_id)
        return observed.health if observed is not None else None

    def watch(self, target: Target, started_at: Seconds, changed: Changed, unhealthy: Unhealthy) -> None:
        """Observe a container that runs since `started_at`; `changed` is called when its health does.

        One without probes is started and ready at once. A second call for the same container does nothing.
        """
        if target.container_id in self._observed:
            return
        observed = _Observation(self._runtime, target, started_at, changed, unhealthy)
        self._observed[target.container_id] = observed
        if any(probe is not None for probe in observed.probes.values()):
            observed.task = self._tasks.start(observed.run(), name=f"probes of {target.container.name}")

    def forget(self, container_id: str) -> None:
        """Stop observing a container."""
        observed = self._observed.pop(container_id, None)
        if observed is not None and observed.task is not None:
            observed.task.cancel()

    def __len__(self) -> int:
        return len(self._observed)
