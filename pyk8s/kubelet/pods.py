"""The workers of all pods of the node: one each, started with the pod's first sign, ended with its last trace."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.kubelet.hands.container import observe
from pyk8s.kubelet.host import Host
from pyk8s.kubelet.lifecycle.admission import counted, refuse
from pyk8s.kubelet.memory import Memory
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.spec.pod import CONFIG_SOURCE
from pyk8s.kubelet.values import ContainerView, Hold
from pyk8s.kubelet.volumes.usage import exceeded, limits
from pyk8s.kubelet.worker import Worker
from pyk8s.observe import logs

log = logs.get("kubelet.pods")


class Pods:
    """Every pod that this node has, wants, or still has something of."""

    def __init__(self, host: Host, tasks: Tasks) -> None:
        self._host = host
        self._tasks = tasks
        self._workers: dict[str, Worker] = {}
        self._started: set[str] = set()
        host.removed = self._removed

    async def recover(self) -> None:
        """Take note of everything that the runtime holds and that lies in the kubelet's folder, before the first pod
        is known: a worker for each. Raises RuntimeTrouble."""
        runtime = self._host.runtime
        uids = {each.uid for each in await runtime.sandboxes()} | {each.uid for each in await runtime.summaries()}
        for uid in uids - {""}:
            await self.look_again(self._adopt(uid).memory)
        for uid in self._host.mounter.pods() - uids:
            self._adopt(uid)

    async def look_again(self, memory: Memory) -> None:
        """See the sandboxes and containers of one pod anew. Containers found running have had their hooks."""
        runtime = self._host.runtime
        listed = await runtime.sandboxes(memory.uid)
        seen = await asyncio.gather(*(runtime.sandbox(each.id) for each in listed if each.ready))
        memory.sandboxes = {each.id: each for each in (*listed, *seen)}
        memory.containers = {each.id: each for each in await runtime.containers(memory.uid)}
        memory.hooked |= {each.id for each in memory.containers.values() if each.state == "running"}

    def _adopt(self, uid: str) -> Worker:
        worker = self._workers.get(uid)
        if worker is None:
            worker = self._workers[uid] = Worker(self._host, uid)
        return worker

    def start_workers(self, known: Iterable[Pod]) -> None:
        """All pods are known: start the workers found by `recover`; what nobody wants any more is removed."""
        wanted = {pod.metadata.uid: pod for pod in known}
        for uid, worker in list(self._workers.items()):
            pod = wanted.pop(uid, None)
            if pod is None:
                worker.lose()
                self._start(worker)
            else:
                self.update(pod)
        for pod in wanted.values():
            self.update(pod)

    def _observe(self, worker: Worker) -> None:
        """Begin to ask the containers that are running, those from before this kubelet's start too."""
        pod = worker.memory.pod
        for view in worker.memory.containers.values() if pod is not None else ():
            container = pod.container(view.name) if pod is not None else None
            if view.state == "running" and pod is not None and container is not None:
                observe(self._host, worker.memory, pod, container, view, worker.wake)

    def _start(self, worker: Worker) -> None:
        if worker.uid not in self._started:
            self._started.add(worker.uid)
            self._tasks.start(worker.run(), name=f"pod {worker.uid}")

    def update(self, pod: Pod) -> None:
        """A pod is new, or has changed."""
        uid = pod.metadata.uid
        is_new = uid not in self._workers
        worker = self._adopt(uid)
        worker.update(pod)
        if is_new:
            self._admit(worker, pod)
        self._observe(worker)
        self._start(worker)

    def _admit(self, worker: Worker, pod: Pod) -> None:
        """Refuse a pod that there is no room for. A static pod has its place, and so has one that is known already."""
        if pod.is_terminating or pod.status.phase not in ("", "Pending") or CONFIG_SOURCE in pod.metadata.annotations:
            return
        others = [each.memory for each in self._workers.values() if each is not worker]
        held = counted(each.pod for each in others if each.pod is not None and not each.rejected and not each.is_over)
        refused = refuse(pod, held, self._host.allocatable, clock.wall())
        if refused is not None:
            worker.memory.rejected = refused
            self._host.tell(pod, "Warning", refused.reason, refused.message)

    async def check_usage(self) -> None:
        """Evict the pods whose volumes hold more than they may."""
        for worker in list(self._workers.values()):
            pod = worker.memory.pod
            if pod is None or worker.memory.rejected is not None or not limits(pod, self._host.root):
                continue
            said = await asyncio.to_thread(exceeded, pod, self._host.root)
            if said:
                worker.memory.rejected = Hold("Evicted", said, clock.wall())
                self._host.tell(pod, "Warning", "Evicted", said)
                worker.wake()

    def lose(self, uid: str) -> None:
        """A pod is gone from where it came from."""
        worker = self._workers.get(uid)
        if worker is not None:
            worker.lose()

    def note_end(self, container_id: str) -> None:
        """A container's or sandbox's process has ended."""
        for worker in self._workers.values():
            if container_id in worker.memory.containers or container_id in worker.memory.sandboxes:
                worker.note_end(container_id)
                return
        self._host.note_early_end(container_id)

    def note_change(self, uid: str) -> None:
        """An object that a pod refers to has changed."""
        worker = self._workers.get(uid)
        if worker is not None:
            worker.note_change()

    async def compare(self) -> None:
        """Compare everything with the runtime, in case an event was lost. Raises RuntimeTrouble."""
        runtime = self._host.runtime
        ready = {each.id: each.ready for each in await runtime.sandboxes()}
        states: dict[str, str] = {}
        uids: set[str] = set()
        for each in await runtime.summaries():
            states[each.id] = each.state
            uids.add(each.uid)
        for worker in list(self._workers.values()):
            memory = worker.memory
            changed = {each.id for each in memory.containers.values() if states.get(each.id) != each.state}
            changed |= {each.id for each in memory.sandboxes.values() if ready.get(each.id, False) != each.ready}
            for each_id in changed:
                worker.note_end(each_id)
        for uid in uids - set(self._workers) - {""}:
            await self._remove_stray(uid)

    async def _remove_stray(self, uid: str) -> None:
        """Containers of a pod that nobody wants, found after the start."""
        worker = self._adopt(uid)
        await self.look_again(worker.memory)
        worker.lose()
        self._start(worker)

    def _removed(self, uid: str) -> None:
        self._workers.pop(uid, None)
        self._started.discard(uid)
        self._host.objects.release(uid)
        self._host.tokens.forget(uid)
        self._host.puller.forget(uid)
        self._host.status.forget(uid)

    def get(self, uid: str) -> Worker | None:
        """The worker of a pod."""
        return self._workers.get(uid)

    def find(self, namespace: str, name: str, uid: str = "") -> Worker | None:
        """The worker of the pod of that name (and uid, when one is given)."""
        for worker in self._workers.values():
            pod = worker.memory.pod
            if pod is None or pod.key != f"{namespace}/{name}":
                continue
            if uid in ("", worker.uid, self._host.status.uid_in_api(worker.uid)):
                return worker
        return None

    def running(self) -> list[ContainerView]:
        """Every container that runs."""
        views = (view for worker in self._workers.values() for view in worker.memory.containers.values())
        return [view for view in views if view.state == "running"]

    def running_pods(self) -> int:
        """Of how many pods a container runs."""
        states = (worker.memory.containers.values() for worker in self._workers.values())
        return sum(any(view.state == "running" for view in views) for views in states)

    def __len__(self) -> int:
        return len(self._workers)
