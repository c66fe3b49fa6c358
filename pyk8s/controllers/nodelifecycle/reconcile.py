"""Listens to nodes and carries the plan for silent ones out. A key is a node's name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp
from pyk8s.api.refs import LEASES, NODES, PODS, Ref
from pyk8s.client.interface import PatchType
from pyk8s.client.metadata import key_of
from pyk8s.client.recorder import Regarding
from pyk8s.controllers.nodelifecycle import plan
from pyk8s.controllers.nodelifecycle.watchfulness import Watchfulness
from pyk8s.observe import logs
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.fields import condition
from pyk8s.reconcile.freshness import PATIENCE, Freshness
from pyk8s.reconcile.objects import Lease, Node, Pod, decoder
from pyk8s.reconcile.ratelimit import Bucket
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "node-lifecycle-controller"
LEASE_NAMESPACE = "kube-node-lease"
NODE = "node"
log = logs.get("nodelifecycle")
_lease = decoder(Lease)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds without a renewal that make a node silent; nodes a second that may begin to be emptied."""

    grace: float = 40.0
    rate: float = 0.1

    @property
    def period(self) -> float:
        """How often we prove that we would hear a node."""
        return self.grace / 8

    @property
    def gap(self) -> float:
        """The longest pause between two proofs that is no outage. A node that renews its lease twice in a grace period
        cannot seem silent for longer than that because of a pause this short."""
        return self.grace * 0.4


class NodeLifecycleController:
    """Reconciles nodes by name."""

    def __init__(self, context: Context, timing: Timing = Timing()) -> None:
        self._client, self._recorder, self._timing = context.client, context.recorder, timing
        self.queue: WorkQueue[str] = WorkQueue()
        self._listening = Watchfulness(gap=timing.gap)
        self._evictions = Bucket(rate=timing.rate, burst=1.0)
        self._freshness = Freshness()
        self._fell: set[str] = set()
        """Nodes whose Ready turned from True, until their pods are marked."""
        self._halted = False
        self._nodes = context.informers.of(NODES)
        self._pods = context.informers.of(PODS)
        self._leases = context.informers.of(LEASES)
        self._pods.add_index(NODE, lambda pod: (pod.spec.node_name,) if pod.spec.node_name else ())
        self._nodes.on_change(self._on_node)
        self._leases.on_change(self._on_lease)
        self._pods.on_change(self._on_pod)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._prove())
            group.create_task(loop.run(self.queue, self.reconcile, NAME, workers=4))

    # Listening.

    async def _prove(self) -> None:
        """Ask the API for something small again and again: silence counts only while it answers."""
        while True:
            try:
                async with asyncio.timeout(self._timing.gap):
                    await self._client.list(NODES, limit=1)
            except (ApiError, TimeoutError) as why:
                log.warning("the API does not answer: silent nodes are not judged", why=why)
                self._listening.failed()
            else:
                self._answered()
            await clock.sleep(self._timing.period)

    def _answered(self) -> None:
        if self._listening.answered(clock.monotonic()):
            for name in self._nodes.keys():  # noqa: SIM118 - an informer is no dict
                self.queue.add_after(name, self._timing.grace)

    # Events become keys.

    def _on_lease(self, old: Lease | None, new: Lease | None) -> None:
        lease = new or old
        assert lease is not None
        if lease.metadata.namespace != LEASE_NAMESPACE or new is None:
            return
        if self._listening.heard(lease.metadata.name, "lease", lease.spec.renew_time or "", clock.monotonic()):
            node = self._nodes.get(lease.metadata.name)
            if node is not None and plan.ready_status(node) == "Unknown":
                self.queue.add(lease.metadata.name)

    def _on_node(self, old: Node | None, new: Node | None) -> None:
        name = key_of(new or old)
        if new is None:
            self._listening.forget(name)
            self._fell.discard(name)
        else:
            now = clock.monotonic()
            ready = condition(new.status.conditions, "Ready")
            self._listening.heard(name, "registration", new.metadata.uid, now)
            self._listening.heard(name, "status", ready.last_heartbeat_time if ready else "", now)
            if old is not None and plan.ready_status(old) == "True" and plan.ready_status(new) != "True":
                self._fell.add(name)
        self.queue.add(name)

    def _on_pod(self, old: Pod | None, new: Pod | None) -> None:
        if new is None or not new.spec.node_name:
            return
        if old is not None and old.spec == new.spec and old.is_ready == new.is_ready:
            return
        node = self._nodes.get(new.spec.node_name)
        if node is not None and any(taint.effect == "NoExecute" for taint in node.spec.taints):
            self.queue.add(new.spec.node_name)

    # Keys become writes.

    async def reconcile(self, key: str) -> float | None:
        """Do for the node `key` what its silence or conditions ask for; seconds after which to look again."""
        node: Node | None = self._nodes.get(key)
        if node is None:
            return None
        now = clock.monotonic()
        if self._freshness.is_behind(key, node.metadata.resource_version, now):
            return PATIENCE
        silence = self._listening.silence(key, now)
        is_silent = silence >= self._timing.grace
        if is_silent and await self._was_heard(key):
            is_silent, silence = False, 0.0
        again = [self._timing.grace - silence] if not is_silent else []
        if is_silent or self._halted:
            self._judge_disruption()
        if is_silent and (conditions := plan.plan_conditions(node, clock.now())):
            await self._patch(NODES.of(key).sub("status"), node, {"status": {"conditions": conditions}})
            self._tell(node, "NodeNotReady", f"Node {key} status is now: NodeNotReady")
        gone_quiet = is_silent or key in self._fell
        if gone_quiet:
            await self._mark_pods(key)
            self._fell.discard(key)
        again += await self._taint(node, is_silent)
        again += await self._evict(node, is_silent)
        return max(0.01, min(again)) if again else None

    async def _was_heard(self, name: str) -> bool:
        """Ask the API itself before a node is called silent: our watch may be what is late."""
        try:
            lease = _lease(await self._client.get(LEASES.of(name, LEASE_NAMESPACE)))
        except ApiError as why:
            if why.reason == "NotFound":
                return False
            raise
        return self._listening.heard(name, "lease", lease.spec.renew_time or "", clock.monotonic())

    def _judge_disruption(self) -> None:
        """Stop or resume evictions. Nodes that are quiet for half the grace already count: those that fall silent
        together must not be driven empty one by one before the last of them is noticed."""
        now, nodes = clock.monotonic(), self._nodes.keys()
        silent = sum(self._listening.silence(name, now) > self._timing.grace / 2 for name in nodes)
        halted = plan.too_many_silent(silent, len(nodes))
        if halted != self._halted:
            self._halted = halted
            log.warning("evictions stopped" if halted else "evictions resumed", silent=silent, nodes=len(nodes))
            for name in nodes:
                self.queue.add(name)

    async def _mark_pods(self, name: str) -> None:
        """Let endpoints drop the pods of a node that is gone, long before anybody deletes them."""
        not_ready = {"type": "Ready", "status": "False", "lastTransitionTime": timestamp(clock.now())}
        pods = plan.plan_not_ready(self._pods.by_index(NODE, name))
        await _each(pods, lambda pod: self._patch_pod(pod, not_ready))

    async def _taint(self, node: Node, is_silent: bool) -> list[float]:
        """Write the node's taints; when to look again because evictions have to wait their turn."""
        name = node.metadata.name
        ready = plan.ready_status(node)
        held = any(taint.effect == "NoExecute" and taint.key in plan.OURS for taint in node.spec.taints)
        evicting, again = held, []
        if ready == "True" or self._halted:
            evicting = False
        elif not held and (ready == "False" or is_silent):
            now = clock.monotonic()
            evicting = self._evictions.take(now)
            if not evicting:
                again = [self._evictions.wait(now)]
        taints = plan.plan_taints(node, evicting=evicting, now=clock.now())
        if taints is not None:
            # All taints are written as one list: nobody else's change in between may be lost.
            metadata = {"resourceVersion": node.metadata.resource_version}
            patch = {"metadata": metadata, "spec": {"taints": plan.as_patch(taints) or None}}
            answer = orjson.loads(await self._client.patch(NODES.of(name), orjson.dumps(patch)))
            after = answer["metadata"]["resourceVersion"]
            self._freshness.wrote(name, node.metadata.resource_version, after, clock.monotonic())
        return again

    async def _evict(self, node: Node, is_silent: bool) -> list[float]:
        """Delete the pods whose time on a tainted node is over; when the next one's will be."""
        taints = [taint for taint in node.spec.taints if taint.effect == "NoExecute"]
        if self._halted or not is_silent:
            # An unreachable node's taint counts only while we hear for ourselves that it is silent.
            taints = [taint for taint in taints if taint.key != plan.UNREACHABLE]
        if self._halted:
            taints = [taint for taint in taints if taint.key != plan.NOT_READY]
        if not taints:
            return []
        now = clock.now()
        due, later = [], []
        for pod in self._pods.by_index(NODE, node.metadata.name):
            at = plan.plan_eviction(pod, taints, now).at
            if at is None or pod.metadata.deleting:
                continue
            if at <= now:
                due.append(pod)
            else:
                later.append((at - now).total_seconds())
        await _each(due, self._drive_away)
        return [min(later)] if later else []

    async def _drive_away(self, pod: Pod) -> None:
        message = "Taint manager: deleting due to NoExecute taint"
        about = Regarding("v1", "Pod", pod.metadata.name, pod.metadata.namespace, pod.metadata.uid)
        self._recorder.event(about, "Normal", "TaintManagerEviction", "Marking for deletion Pod " + key_of(pod))
        target = {
            "type": "DisruptionTarget",
            "status": "True",
            "reason": "DeletionByTaintManager",
            "message": message,
            "lastTransitionTime": timestamp(clock.now()),
        }
        await self._patch_pod(pod, target)
        try:
            await self._client.delete(PODS.of(pod.metadata.name, pod.metadata.namespace), uid=pod.metadata.uid)
        except ApiError as why:
            if why.reason not in ("NotFound", "Conflict"):
                raise

    async def _patch_pod(self, pod: Pod, said: dict[str, Any]) -> None:
        ref = PODS.of(pod.metadata.name, pod.metadata.namespace).sub("status")
        await self._patch(ref, pod, {"status": {"conditions": [said]}})

    async def _patch(self, ref: Ref, obj: Any, patch: dict[str, Any]) -> None:
        body = orjson.dumps({"metadata": {"uid": obj.metadata.uid}, **patch})
        try:
            await self._client.patch(ref, body, PatchType.STRATEGIC)
        except ApiError as why:
            if why.reason not in ("NotFound", "Conflict"):
                raise

    def _tell(self, node: Node, reason: str, message: str) -> None:
        about = Regarding("v1", "Node", node.metadata.name, uid=node.metadata.uid)
        self._recorder.event(about, "Normal", reason, message)


async def _each(pods: list[Pod], call: Callable[[Pod], Awaitable[None]]) -> None:
    """Do it for all pods at once; the first refusal is raised when all are done."""
    for result in await asyncio.gather(*(call(pod) for pod in pods), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
