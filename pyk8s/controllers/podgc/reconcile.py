"""Carries the plan for abandoned pods out. A key is a node's name; "" stands for pods without a node and ended ones."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp
from pyk8s.api.refs import NODES, PODS
from pyk8s.client.interface import PatchType
from pyk8s.client.metadata import key_of
from pyk8s.controllers.podgc.plan import is_out_of_service, plan_ended, plan_stuck
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.objects import Node, Pod
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "pod-garbage-collector"
NODE, ENDED = "node", "ended"
NOWHERE = ""


class PodGcController:
    """Reconciles nodes by name. `quarantine` is for how many seconds a node must be gone before its pods are removed,
    `threshold` how many ended pods may stay (0: any number)."""

    def __init__(self, context: Context, quarantine: float = 40.0, threshold: int = 12_500) -> None:
        self._client, self._quarantine, self._threshold = context.client, quarantine, threshold
        self.queue: WorkQueue[str] = WorkQueue()
        self._nodes = context.informers.of(NODES)
        self._pods = context.informers.of(PODS)
        self._pods.add_index(NODE, lambda pod: (pod.spec.node_name,))
        self._pods.add_index(ENDED, lambda pod: (ENDED,) if pod.is_terminal else ())
        self._nodes.on_change(self._on_node)
        self._pods.on_change(self._on_pod)

    def _on_node(self, old: Node | None, new: Node | None) -> None:
        if new is None:
            self.queue.add_after(key_of(old), self._quarantine)
        elif is_out_of_service(new):
            self.queue.add(key_of(new))

    def _on_pod(self, old: Pod | None, new: Pod | None) -> None:
        if new is None:
            return
        name = new.spec.node_name
        if name and self._nodes.get(name) is None:
            self.queue.add_after(name, self._quarantine)
        elif new.metadata.deleting:
            node = self._nodes.get(name)
            if not name or is_out_of_service(node):
                self.queue.add(name)
        if new.is_terminal and self._threshold and len(self._pods.by_index(ENDED, ENDED)) > self._threshold:
            self.queue.add(NOWHERE)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=2)

    async def reconcile(self, key: str) -> float | None:
        """Remove the abandoned pods of the node `key`."""
        pods: list[Pod] = self._pods.by_index(NODE, key)
        if key == NOWHERE:
            ended = plan_ended(self._pods.by_index(ENDED, ENDED), self._threshold)
            await self._remove([*plan_stuck(pods, None), *ended], None)
        elif (node := self._nodes.get(key)) is not None:
            await self._remove(plan_stuck(pods, node), "out of service")
        elif pods and not await self._exists(key):
            await self._remove(pods, "node no longer exists")
        return None

    async def _exists(self, node: str) -> bool:
        """Ask the API itself: the cache of nodes may be behind that of pods."""
        try:
            await self._client.get(NODES.of(node))
        except ApiError as why:
            if why.reason == "NotFound":
                return False
            raise
        return True

    async def _remove(self, pods: Iterable[Pod], why: str | None) -> None:
        for pod in pods:
            metadata = pod.metadata
            ref = PODS.of(metadata.name, metadata.namespace)
            try:
                if why is not None and not pod.is_terminal:
                    await self._client.patch(ref.sub("status"), _failed(pod, why), PatchType.STRATEGIC)
                await self._client.delete(ref, grace_seconds=0, uid=metadata.uid)
            except ApiError as error:
                if error.reason not in ("NotFound", "Conflict"):
                    raise


def _failed(pod: Pod, why: str) -> bytes:
    """The end of a pod, told for nobody else will: its owner counts it as failed."""
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "DeletionByPodGC",
        "message": f"PodGC: {why}",
        "lastTransitionTime": timestamp(clock.now()),
    }
    status = {"phase": "Failed", "conditions": [condition]}
    return orjson.dumps({"metadata": {"uid": pod.metadata.uid}, "status": status})
