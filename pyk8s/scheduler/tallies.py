"""How many pods of a kind stand on each node, counted when first asked for and kept current from then on."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from pyk8s.api.selectors import EVERYTHING, Selector
from pyk8s.scheduler.columns import Amount, Column, Rows
from pyk8s.scheduler.template import PodTemplate

KEPT = 512
"""Tallies that are kept current; one that is forgotten is counted anew when it is asked for."""

Group: TypeAlias = tuple[str, str]
"""What pods are gathered by: ("namespace", its name) or ("owner", the uid of who made them)."""


@dataclass(slots=True)
class Placed:
    """A pod that takes its place on a node; `row` is -1 while the node is not known."""

    key: str
    uid: str
    node: str
    row: int
    template: PodTemplate
    leaving: bool = False
    """Whether it is being deleted: it takes its place, but new pods need not keep away from it."""

    @property
    def groups(self) -> tuple[Group, ...]:
        """What it is gathered by."""
        of = self.template
        return (("namespace", of.namespace), ("owner", of.owner)) if of.owner else (("namespace", of.namespace),)


class Tallies:
    """Counts of placed pods by group and selector."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._members: dict[Group, dict[str, Placed]] = {}
        self._kept: OrderedDict[tuple[Group, Selector], Column] = OrderedDict()
        self._of_group: dict[Group, dict[Selector, Column]] = {}

    def enter(self, pod: Placed) -> None:
        """Count `pod` where it stands."""
        for group in pod.groups:
            self._members.setdefault(group, {})[pod.key] = pod
            self._count(group, pod, 1)

    def leave(self, pod: Placed) -> None:
        """Count `pod` no more."""
        for group in pod.groups:
            members = self._members[group]
            del members[pod.key]
            if not members:
                del self._members[group]
            self._count(group, pod, -1)

    def _count(self, group: Group, pod: Placed, by: int) -> None:
        for selector, tally in self._of_group.get(group, {}).items():
            if _counts(selector, pod):
                tally.values[pod.row] += by

    def of(self, group: Group, selector: Selector = EVERYTHING) -> Amount:
        """For each row how many pods of `group` the selector means."""
        tally = self._kept.get((group, selector))
        if tally is None:
            tally = self._counted(group, selector)
            self._kept[group, selector] = self._of_group.setdefault(group, {})[selector] = tally
            if len(self._kept) > KEPT:
                self._forget(*self._kept.popitem(last=False)[0])
        else:
            self._kept.move_to_end((group, selector))
        values: Amount = tally.values
        return values

    def _forget(self, group: Group, selector: Selector) -> None:
        del self._of_group[group][selector]
        if not self._of_group[group]:
            del self._of_group[group]

    def _counted(self, group: Group, selector: Selector) -> Column:
        tally = Column(self._rows, np.int64)
        for pod in self._members.get(group, {}).values():
            if _counts(selector, pod):
                tally.values[pod.row] += 1
        return tally


def _counts(selector: Selector, pod: Placed) -> bool:
    return pod.row >= 0 and not pod.leaving and selector.matches(pod.template.labels)
