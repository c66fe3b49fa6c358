"""Nodes and the pods on them, as columns; each change touches one row."""

from __future__ import annotations

from pyk8s.api.selectors import EVERYTHING, Selector
from pyk8s.scheduler.columns import Amount, Mask, Rows
from pyk8s.scheduler.nodes import NodeColumns
from pyk8s.scheduler.objects import Node
from pyk8s.scheduler.tallies import Group, Placed, Tallies
from pyk8s.scheduler.template import PodTemplate
from pyk8s.scheduler.usage import Usage


class Snapshot:
    """`nodes` is what nodes are and have, `pods` what is taken of it.

    `version` grows with every change of a node, `changes` with every change at all.
    """

    def __init__(self) -> None:
        self.version = 0
        self.changes = 0
        self.rows = Rows()
        self.nodes = NodeColumns(self.rows)
        self.pods = Usage(self.rows)
        self._tallies = Tallies(self.rows)
        self._known: dict[str, Node] = {}
        self._placed: dict[str, Placed] = {}
        self._on: dict[str, dict[str, Placed]] = {}

    @property
    def everywhere(self) -> Mask:
        """The rows that are nodes. Not to be changed."""
        return self.nodes.everywhere

    def tally(self, group: Group, selector: Selector = EVERYTHING) -> Amount:
        """For each row how many pods of `group` the selector means, those that are being deleted left out."""
        return self._tallies.of(group, selector)

    def set_node(self, node: Node) -> bool:
        """Add or change a node; whether anything is different that scheduling looks at."""
        name = node.metadata.name
        before = self._known.get(name)
        if before is not None and same(before, node):
            return False
        self._known[name] = node
        self.version += 1
        self.changes += 1
        if before is not None:
            self.nodes.fill(self.rows.find(name), before, node)
            return True
        row = self.rows.take(name)
        self.nodes.fill(row, None, node)
        for pod in self._on.get(name, {}).values():
            pod.row = row
            self.pods.count(pod, 1)
            self._tallies.enter(pod)
        return True

    def remove_node(self, name: str) -> None:
        """Forget a node; its pods are counted again should it come back."""
        before = self._known.pop(name, None)
        if before is None:
            return
        self.version += 1
        self.changes += 1
        for pod in self._on.get(name, {}).values():
            self._tallies.leave(pod)
            self.pods.count(pod, -1)
            pod.row = -1
        self.nodes.fill(self.rows.find(name), before, None)
        self.rows.give(name)

    def placed(self, key: str) -> Placed | None:
        """Where the pod `key` takes its place, or None."""
        return self._placed.get(key)

    def place(self, key: str, uid: str, node: str, template: PodTemplate, *, leaving: bool = False) -> None:
        """The pod `key` takes its place on `node`; what was known of it before is forgotten."""
        held = self._placed.get(key)
        if held is not None:
            if (held.uid, held.node, held.leaving) == (uid, node, leaving) and held.template is template:
                return
            self.remove(key)
        self.changes += 1
        pod = self._placed[key] = Placed(key, uid, node, self.rows.find(node), template, leaving)
        self._on.setdefault(node, {})[key] = pod
        if pod.row >= 0:
            self.pods.count(pod, 1)
            self._tallies.enter(pod)

    def remove(self, key: str) -> None:
        """The pod takes no place any more; nothing happens when it took none."""
        pod = self._placed.pop(key, None)
        if pod is None:
            return
        self.changes += 1
        del self._on[pod.node][key]
        if not self._on[pod.node]:
            del self._on[pod.node]
        if pod.row >= 0:
            self._tallies.leave(pod)
            self.pods.count(pod, -1)


def same(one: Node, other: Node) -> bool:
    """Whether two versions of a node are alike in all that scheduling looks at: heartbeats change nothing."""
    return (
        one.metadata.uid == other.metadata.uid
        and one.metadata.labels == other.metadata.labels
        and one.spec == other.spec
        and one.status == other.status
    )
