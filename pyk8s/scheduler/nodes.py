"""What nodes are and have to give, pods aside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pyk8s.scheduler.columns import Amount, Column, LabelColumn, Mask, Rows
from pyk8s.scheduler.objects import Node, Taint
from pyk8s.scheduler.requests import amounts


class NodeColumns:
    """Columns filled from Node objects. What is handed out is shared: it must not be changed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._present = Column(rows, np.bool_)
        self._unschedulable = Column(rows, np.bool_)
        self._labels: dict[str, LabelColumn] = {}
        self._taints: dict[Taint, Column] = {}
        self._allocatable: dict[str, Column] = {}
        self._images: dict[str, dict[int, int]] = {}

    @property
    def everywhere(self) -> Mask:
        """The rows that are nodes."""
        values: Mask = self._present.values
        return values

    @property
    def unschedulable(self) -> Mask:
        """The nodes that are to take no new pods."""
        values: Mask = self._unschedulable.values
        return values

    def label(self, key: str) -> LabelColumn:
        """The values of one label."""
        return self._labels.get(key) or LabelColumn(self._rows)

    @property
    def taints(self) -> Sequence[tuple[Taint, Mask]]:
        """Every taint there is, and the nodes that have it."""
        return [(taint, column.values) for taint, column in self._taints.items()]

    def allocatable(self, resource: str) -> Amount:
        """How much of `resource` each node has to give, in the units of `requests`."""
        column = self._allocatable.get(resource)
        values: Amount = column.values if column else np.zeros(self._rows.size, dtype=np.int64)
        return values

    def image(self, name: str) -> dict[int, int]:
        """The rows that have an image, and its size there in bytes."""
        return self._images.get(name, {})

    def fill(self, row: int, before: Node | None, node: Node | None) -> None:
        """Set everything about `row`, which showed `before`, to what `node` says; None is no node."""
        self._present.values[row] = node is not None
        self._unschedulable.values[row] = node is not None and node.spec.unschedulable
        self._fill_labels(row, before, node)
        self._fill_taints(row, before, node)
        self._fill_allocatable(row, node)
        for name in _images(before):
            self._images[name].pop(row, None)
            if not self._images[name]:
                del self._images[name]
        for name, size in _images(node).items():
            self._images.setdefault(name, {})[row] = size

    def _fill_labels(self, row: int, before: Node | None, node: Node | None) -> None:
        labels = (node.metadata.labels or {}) if node else {}
        gone = (before.metadata.labels or {}).keys() - labels.keys() if before else set()
        for key in gone:
            self._labels[key].set(row, None)
        for key, text in labels.items():
            if key not in self._labels:
                self._labels[key] = LabelColumn(self._rows)
            self._labels[key].set(row, text)

    def _fill_taints(self, row: int, before: Node | None, node: Node | None) -> None:
        for taint in (before.spec.taints or ()) if before else ():
            self._taints[taint].values[row] = False
        for taint in (node.spec.taints or ()) if node else ():
            if taint not in self._taints:
                self._taints[taint] = Column(self._rows, np.bool_)
            self._taints[taint].values[row] = True
        self._taints = {taint: column for taint, column in self._taints.items() if column.values.any()}

    def _fill_allocatable(self, row: int, node: Node | None) -> None:
        given = amounts(node.status.allocatable or node.status.capacity) if node else {}
        for column in self._allocatable.values():
            column.values[row] = 0
        for name, value in given.items():
            if name not in self._allocatable:
                self._allocatable[name] = Column(self._rows, np.int64)
            self._allocatable[name].values[row] = value


def _images(node: Node | None) -> dict[str, int]:
    images = (node.status.images or ()) if node else ()
    return {tagged(name): image.size_bytes for image in images for name in image.names or ()}


def tagged(image: str) -> str:
    """The image with a tag: ":latest" when it has neither tag nor digest."""
    return image if ":" in image.rpartition("/")[2] or "@" in image else image + ":latest"
