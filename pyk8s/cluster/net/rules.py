"""The rules of a node: the plan beside what its kernel has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyk8s.cluster.net.sites import Site, of_family
from pyk8s.kernel.shown import Line, Row, beside


@dataclass(frozen=True, slots=True)
class Rules:
    """Every line of a node's proxy in `mode`, and of its network, planned beside found. When `active` is not `mode`,
    nothing is planned of it, and what there is of it is surplus."""

    node: str
    mode: str
    active: str
    rows: tuple[Row, ...]

    @property
    def differences(self) -> tuple[Row, ...]:
        """The lines that are not as planned."""
        return tuple(row for row in self.rows if row.kind != "same")

    def document(self) -> Mapping[str, Any]:
        """As JSON carries it."""
        return {
            "node": self.node,
            "mode": self.mode,
            "activeMode": self.active,
            "rules": [_document(row) for row in self.rows],
            "differences": [_document(row) for row in self.differences],
        }


def _document(row: Row) -> dict[str, Any]:
    made: dict[str, Any] = {"state": row.kind, "place": row.place, "planned": row.planned, "found": row.found}
    return made if row.packets is None else {**made, "packets": row.packets}


def look(site: Site, mode: str = "") -> Rules:
    """The rules of a node, of the mode it should be in unless another is named. Blocks; raises KernelError."""
    if mode and mode != site.mode:
        return Rules(site.name, mode, site.mode, tuple(beside({}, site.leftovers(mode))))
    return Rules(site.name, site.mode, site.mode, (*of_proxy(site), *of_network(site)))


def of_proxy(site: Site) -> tuple[Row, ...]:
    """What the services of a node are made of. Blocks; raises KernelError."""
    planned: dict[str, tuple[Line, ...]] = {}
    found: dict[str, tuple[Line, ...]] = {}
    for family in site.families:
        view = site.view(family)
        planned |= of_family(view.planned(), family)
        found |= of_family(view.observe(), family)
    return tuple(beside(planned, found))


def of_network(site: Site) -> tuple[Row, ...]:
    """A node's ways to the others, and its masquerading. Blocks; raises KernelError."""
    network, seen = site.net()
    return tuple(beside(network.planned(), network.found(seen)))
