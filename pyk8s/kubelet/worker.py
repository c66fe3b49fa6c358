"""One pod's worker: plans, lets `apply` act, tells the status, waits for the next event or the next deadline."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

import msgspec

from pyk8s.aio import clock
from pyk8s.kubelet.apply import apply
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.hands import container as containers
from pyk8s.kubelet.hands import volumes
from pyk8s.kubelet.health import POD_START
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.plan import plan_pod
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.status.containers import stamp
from pyk8s.kubelet.status.plan import pod_status
from pyk8s.kubelet.values import (
    Action,
    CleanUp,
    EnsureImage,
    Kill,
    MakeSandbox,
    MountVolumes,
    PodView,
    RunHook,
    Start,
    Wait,
    operation,
)
from pyk8s.observe import logs

log = logs.get("kubelet.pods")

LAST_SECONDS = 5.0
"""How long a kubelet that ends waits for sandboxes and containers that are just being started."""


class Worker:
    """Everything that happens to one pod, one event after the other; its operations run beside each other."""

    def __init__(self, host: Host, uid: str, memory: Memory | None = None) -> None:
        self.memory = memory if memory is not None else Memory(uid)
        self._host = host
        self._event = asyncio.Event()
        self._operations: dict[str, tuple[Action, asyncio.Task[None]]] = {}
        self._ended: set[str] = set()
        self._done = False
        self._start_time = ""
        self._waited_from: float | None = None
        """When the start of a pod that this kubelet starts began."""
        self._listening: set[asyncio.Event] = set()

    @property
    def uid(self) -> str:
        """The pod's uid."""
        return self.memory.uid

    def wake(self) -> None:
        """Plan again, soon."""
        self._event.set()

    def update(self, pod: Pod) -> None:
        """The pod as it is wished from now on."""
        old = self.memory.pod
        if not self._start_time:
            if pod.status.phase in ("", "Pending") and not self.memory.containers:
                self._waited_from = clock.monotonic()
            self._start_time = pod.status.start_time or stamp(clock.wall()) or ""
        if not pod.status.start_time:
            pod = msgspec.structs.replace(pod, status=msgspec.structs.replace(pod.status, start_time=self._start_time))
        self.memory.pod = pod
        if pod.is_terminating:
            self._stop_waiting(pod, was=old)
        elif old is not None and self.memory.volumes_ready and _notes(old) != _notes(pod):
            self.memory.volumes_due = clock.wall()  # they may be in files
        self.wake()

    def lose(self) -> None:
        """The API, or the folder of static pods, has it no more."""
        self.memory.gone = True
        self.memory.holds.pop("finish", None)
        self._cancel()
        self.wake()

    @contextlib.contextmanager
    def listen(self, event: asyncio.Event) -> Iterator[None]:
        """Let `event` be set whenever something about the pod has changed."""
        self._listening.add(event)
        try:
            yield
        finally:
            self._listening.discard(event)

    def note_end(self, container_id: str) -> None:
        """The process of one of its containers or sandboxes has ended."""
        self._ended.add(container_id)
        self.wake()

    def note_change(self) -> None:
        """A config map or secret that the pod refers to has changed."""
        volumes.note_change(self.memory, self.memory.pod)
        self.wake()

    def _stop_waiting(self, pod: Pod, was: Pod | None) -> None:
        if was is None or not was.is_terminating:
            self._cancel()
        elif pod.grace_seconds < was.grace_seconds:
            for action, task in self._operations.values():
                if isinstance(action, Kill) and not task.done():
                    self._run(f"hurry/{action.container_id}", action, self._hurry(action, pod.grace_seconds))

    async def _hurry(self, action: Kill, grace: int) -> None:
        await containers.hurry(self._host, action.container_id, grace)

    def _cancel(self) -> None:
        """End what a pod that is to go need not wait for."""
        for action, task in self._operations.values():
            if isinstance(action, EnsureImage | MountVolumes | RunHook):
                task.cancel()

    async def run(self) -> None:
        """Work until the pod is gone without a trace."""
        try:
            while not self._done:
                self._event.clear()
                await self._look()
                until = self._act()
                await self._wait(until)
        finally:
            await self._end_operations()
            for each in self.memory.containers:
                self._host.prober.forget(each)
            for event in self._listening:
                event.set()

    async def _end_operations(self) -> None:
        """This program ends: let what the runtime is in the middle of come to its end, so that it need not undo it."""
        whole = [task for action, task in self._operations.values() if isinstance(action, MakeSandbox | Start)]
        rest = [task for _, task in self._operations.values() if task not in whole]
        for task in rest:
            task.cancel()
        if whole:
            _, late = await asyncio.wait(whole, timeout=LAST_SECONDS)
            for task in late:
                task.cancel()

    async def _look(self) -> None:
        """See what has ended since."""
        while self._ended:
            ended = self._ended.pop()
            try:
                if ended in self.memory.sandboxes or ended in self.memory.containers:
                    await containers.note_end(self._host, self.memory, ended, self.wake)
            except RuntimeTrouble as why:
                log.warning("the runtime could not be asked", pod=self.uid, why=why)
                return  # the next resync sees it

    def view(self) -> PodView:
        """What is seen of the pod now."""
        return self.memory.view(frozenset(self._operations), self._host.prober.health)

    def _act(self) -> float | None:
        """Plan, and start what is planned; the time of the next plan when nothing happens, None for never."""
        seen, now = self.view(), clock.wall()
        actions = plan_pod(self.memory.pod, seen, now, gone=self.memory.gone)
        until: float | None = None
        for action in actions:
            if isinstance(action, Wait):
                until = action.until
            else:
                work = apply(self._host, self.memory, action, self.wake)
                self._run(operation(action), action, work)
        # What was just started has not begun: the status is of the same moment as the plan.
        self._tell(seen, now)
        for each in self._listening:
            each.set()
        return until

    def _run(self, name: str, action: Action, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"{self.uid} {name}")
        self._operations[name] = (action, task)
        task.add_done_callback(lambda done: self._finished(name, action, done))

    def _finished(self, name: str, action: Action, task: asyncio.Task[None]) -> None:
        if self._operations.get(name, (None, None))[1] is task:
            del self._operations[name]
        if isinstance(action, CleanUp) and not task.cancelled() and name not in self.memory.holds:
            self._done = True
        self.wake()

    def _tell(self, seen: PodView, now: float) -> None:
        pod = self.memory.pod
        if pod is None or self.memory.gone:
            return
        host = self._host
        facts = host.facts(pod, self.memory.ips)
        status = pod_status(pod, seen, facts, now, host.status.conditions(self.uid))
        if self._waited_from is not None and status["phase"] != "Pending":
            POD_START.observe(clock.monotonic() - self._waited_from)
            self._waited_from = None
        host.status.publish(pod, status)

    async def _wait(self, until: float | None) -> None:
        if self._done:
            return
        timer = None
        if until is not None:
            delay = max(0.0, until - clock.wall())
            timer = asyncio.get_running_loop().call_later(delay, self.wake)
        try:
            await self._event.wait()
        finally:
            if timer is not None:
                timer.cancel()


def _notes(pod: Pod) -> tuple[dict[str, str], dict[str, str]]:
    return pod.metadata.labels, pod.metadata.annotations
