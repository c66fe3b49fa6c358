"""The scheduler at work: informers feed the snapshot and the queue, pods are placed one after the other, the binder
carries it out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES, PODS
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Binding, Client
from pyk8s.observe import logs, metrics
from pyk8s.reconcile.leader import NAMESPACE, Leader, identity
from pyk8s.scheduler import objects
from pyk8s.scheduler.bind import Binder
from pyk8s.scheduler.config import Config
from pyk8s.scheduler.framework import Event
from pyk8s.scheduler.objects import Node, Pod
from pyk8s.scheduler.plan import Placement, Refusal, plan_placement
from pyk8s.scheduler.plugins import ORDER
from pyk8s.scheduler.queue import Queue, Waiting
from pyk8s.scheduler.report import Reporter
from pyk8s.scheduler.snapshot import Snapshot
from pyk8s.scheduler.template import PodTemplate, Templates

log = logs.get("scheduler")

UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"
"""The pods that take a place or want one."""

AT_A_STRETCH = 32
"""Pods that are placed before others get their turn on the loop."""

ATTEMPTS = metrics.counter("scheduler_schedule_attempts", "Attempts to place a pod, by result.", "result")


async def run(
    client: Client,
    config: Mapping[str, Any] | Config,
    *,
    started: Callable[[], None] = lambda: None,
    waiting: Callable[[], None] = lambda: None,
) -> None:
    """Schedule pods until cancelled; `started` is called once every node and pod is known, `waiting` when another
    process leads.

    `config` is that of scheduler.yaml. Raises ConfigInvalid.
    """
    settings = config if isinstance(config, Config) else Config.read(config)

    async def work() -> None:
        await Scheduler(client, settings).run(started)

    if not settings.leader_election:
        await work()
        return
    leader = Leader(client=client, namespace=NAMESPACE, name=settings.lease, identity=identity())
    await leader.run(work, waiting=waiting)


class Scheduler:
    """One scheduler. All it knows comes from the API: after a restart it is where it was."""

    def __init__(self, client: Client, config: Config) -> None:
        self._config = config
        self.cluster = Snapshot()
        self.queue = Queue(ORDER, config)
        self._templates = Templates()
        self._assumed: dict[str, Waiting] = {}
        """Pods whose bindings are on their way; their places are held in `cluster`."""
        self._binder = Binder(client, self, config)
        self._reporter = Reporter(client, config.name)
        self._nodes = Informer(client, NODES, decode=objects.node)
        self._pods = Informer(client, PODS, fields=UNFINISHED, decode=objects.pod)
        self._nodes.on_change(self._node_changed)
        self._pods.on_change(self._pod_changed)
        self._news = asyncio.Event()
        self._turn = 0

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Schedule until cancelled; the first pod is placed once every node and pod is known."""
        async with Tasks(lambda why: log.error("a task of the scheduler failed", why=why)) as tasks:
            tasks.start(self._nodes.run(), name="nodes")
            tasks.start(self._pods.run(), name="pods")
            await self._nodes.synced()
            await self._pods.synced()
            log.info("scheduling", name=self._config.name, nodes=len(self._nodes), waiting=len(self.queue))
            tasks.start(self._binder.run(), name="binder")
            tasks.start(self._reporter.run(), name="reporter")
            started()
            await self._schedule()

    async def _schedule(self) -> None:
        while True:
            self.queue.tick(clock.monotonic())
            for _ in range(AT_A_STRETCH):
                one = self.queue.pop()
                if one is None:
                    break
                self._place(one)
            else:
                await clock.sleep(0)
                continue
            await self._until_news()

    async def _until_news(self) -> None:
        deadline = self.queue.deadline()
        try:
            async with asyncio.timeout(None if deadline is None else max(0.0, deadline - clock.monotonic())):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def _place(self, one: Waiting) -> None:
        """Find a node for a pod and hold the place for it; or put the pod aside."""
        outcome = self._plan(one.template)
        if isinstance(outcome, Refusal):
            ATTEMPTS.labels("unschedulable").inc()
            self.queue.refuse(one, outcome.refused_by, clock.monotonic())
            self._reporter.refused(one.pod, outcome.message)
            return
        ATTEMPTS.labels("scheduled").inc()
        metadata = one.pod.metadata
        self._assumed[one.key] = one
        self.cluster.place(one.key, metadata.uid, outcome.node, one.template)
        self._binder.submit(Binding(metadata.namespace, metadata.name, metadata.uid, outcome.node))

    def _plan(self, template: PodTemplate) -> Placement | Refusal:
        held = template.memo.get("refusal")
        if held is not None and held[0] == self.cluster.changes and isinstance(held[1], Refusal):
            return held[1]  # nothing has changed since one just like it was refused
        self._turn += 1
        outcome = plan_placement(template, self.cluster, ORDER, self._turn)
        if isinstance(outcome, Refusal):
            template.memo["refusal"] = (self.cluster.changes, outcome)
        return outcome

    # What the binder tells.

    def bound(self, binding: Binding) -> None:
        """The pod is on its node: its place is kept until the informer shows it there."""
        one = self._assumed.pop(f"{binding.namespace}/{binding.name}", None)
        if one is not None and one.pod.metadata.uid == binding.uid:
            self.queue.remove(one.key)
            self._reporter.scheduled(one.pod, binding.node)

    def refused(self, binding: Binding, why: ApiError, pod: Pod | None) -> None:
        """The pod did not get there: its place is free again."""
        key = f"{binding.namespace}/{binding.name}"
        one = self._assumed.get(key)
        if one is None or one.pod.metadata.uid != binding.uid:
            return
        del self._assumed[key]
        self._free(key)
        log.info("a binding was refused", pod=key, node=binding.node, why=why)
        if pod is None or pod.metadata.deletion_timestamp:
            self.queue.remove(key)
        else:
            self.queue.fail(one, clock.monotonic())
            self._news.set()

    # What the informers tell.

    def _wake(self, event: Event) -> None:
        self.queue.wake(event, clock.monotonic())
        self._news.set()

    def _node_changed(self, old: Node | None, new: Node | None) -> None:
        if new is None:
            assert old is not None
            self.cluster.remove_node(old.metadata.name)
            self._wake(Event.NODE_UPDATED)
        elif self.cluster.set_node(new):
            self._wake(Event.NODE_ADDED if old is None else Event.NODE_UPDATED)

    def _pod_changed(self, old: Pod | None, new: Pod | None) -> None:
        if new is None or new.is_finished:
            self._pod_gone((new or old).key)  # type: ignore[union-attr]
        elif new.spec.node_name:
            self._pod_placed(new)
        else:
            self._pod_waits(new)

    def _pod_gone(self, key: str) -> None:
        self.queue.remove(key)
        self._assumed.pop(key, None)
        self._free(key)

    def _free(self, key: str) -> None:
        if self.cluster.placed(key) is not None:
            self.cluster.remove(key)
            self._wake(Event.POD_GONE)

    def _pod_placed(self, pod: Pod) -> None:
        before, changes = self.cluster.placed(pod.key), self.cluster.changes
        leaving = pod.metadata.deletion_timestamp is not None
        template = self._templates.of(pod)
        self.cluster.place(pod.key, pod.metadata.uid, pod.spec.node_name, template, leaving=leaving)
        if self.cluster.changes != changes:
            self._wake(Event.POD_PLACED if before is None else Event.POD_UPDATED)
        if pod.key not in self._assumed:
            self.queue.remove(pod.key)

    def _pod_waits(self, pod: Pod) -> None:
        held = self._assumed.get(pod.key)
        if held is not None and held.pod.metadata.uid == pod.metadata.uid:
            return  # its binding is on its way
        placed = self.cluster.placed(pod.key)
        if placed is not None and placed.uid == pod.metadata.uid:
            return  # bound already; this is older news
        wanted = pod.spec.scheduler_name == self._config.name and not pod.spec.scheduling_gates
        if wanted and not pod.metadata.deletion_timestamp:
            self.queue.put(pod, self._templates.of(pod))
            self._news.set()
        else:
            self.queue.remove(pod.key)
