"""Writes the ranges that the plan chooses."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import orjson

from pyk8s.api.refs import NODES
from pyk8s.client.metadata import key_of
from pyk8s.client.recorder import Regarding
from pyk8s.controllers.nodeipam.plan import RangesExhausted, choose
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.objects import Node
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "node-ipam-controller"
AGAIN = 10.0
"""Seconds after which a node without a range is looked at again; a node that goes wakes it earlier."""


class NodeIpamController:
    """Reconciles nodes by name, one at a time: two nodes never get one range.

    `ranges` are the cluster's ranges of pod addresses (CIDR), one of each family, each with the prefix length of a
    node's.
    """

    def __init__(self, context: Context, ranges: Sequence[tuple[str, int]]) -> None:
        self._client, self._recorder = context.client, context.recorder
        self._ranges = [(ip_network(cluster), mask) for cluster, mask in ranges]
        self.queue: WorkQueue[str] = WorkQueue()
        self._nodes = context.informers.of(NODES)
        self._given: dict[str, list[str]] = {}
        """Ranges written, by node, which the cache may not show yet."""
        self._waiting: set[str] = set()
        self._nodes.on_change(self._on_node)

    def _on_node(self, old: Node | None, new: Node | None) -> None:
        if new is None:
            self._given.pop(key_of(old), None)
            for name in self._waiting:
                self.queue.add(name)
        elif not new.spec.pod_cidr:
            self.queue.add(key_of(new))

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=1)

    async def reconcile(self, key: str) -> float | None:
        """Give the node `key` a range of each family if it has none."""
        node: Node | None = self._nodes.get(key)
        self._waiting.discard(key)
        if node is None or node.spec.pod_cidr or node.metadata.deleting:
            return None
        chosen = self._given.get(key)
        if chosen is None:
            taken = {cidr for other in self._nodes.list() for cidr in (other.spec.pod_cidr, *other.spec.pod_cidrs)}
            try:
                chosen = self._choose(taken)
            except RangesExhausted as why:
                about = Regarding("v1", "Node", key, uid=node.metadata.uid)
                self._recorder.event(about, "Warning", "CIDRNotAvailable", str(why))
                self._waiting.add(key)
                return AGAIN
        # Remembered before it is written: when the answer is lost, the range may be the node's all the same.
        self._given[key] = chosen
        patch = {"metadata": {"uid": node.metadata.uid}, "spec": {"podCIDR": chosen[0], "podCIDRs": chosen}}
        await self._client.patch(NODES.of(key), orjson.dumps(patch))
        return None

    def _choose(self, held: set[str]) -> list[str]:
        """A free range of each family, where nodes hold `held`. Raises RangesExhausted."""
        given = {cidr for cidrs in self._given.values() for cidr in cidrs}
        taken = (held | given) - {""}
        return [choose(cluster, mask, taken) for cluster, mask in self._ranges]
