"""What the pods on the nodes take of them."""

from __future__ import annotations

import numpy as np

from pyk8s.scheduler.columns import Amount, Column, Mask, Rows
from pyk8s.scheduler.requests import CPU, MEMORY
from pyk8s.scheduler.tallies import Placed
from pyk8s.scheduler.template import HostPort


class Usage:
    """Columns filled from placed pods. What is handed out is shared: it must not be changed."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._used: dict[str, Column] = {}
        self._scored = {name: Column(rows, np.int64) for name in (CPU, MEMORY)}
        self._ports: dict[tuple[str, int], dict[int, list[str]]] = {}

    def used(self, resource: str) -> Amount:
        """How much of `resource` is taken on each node."""
        column = self._used.get(resource)
        values: Amount = column.values if column else np.zeros(self._rows.size, dtype=np.int64)
        return values

    def scored(self, resource: str) -> Amount:
        """How much cpu or memory is taken as nodes are compared: a pod without requests takes something too."""
        values: Amount = self._scored[resource].values
        return values

    def taken(self, port: HostPort) -> Mask:
        """The nodes where this port is taken: on the same address, or on all addresses on either side."""
        address, protocol, number = port
        rows = np.zeros(self._rows.size, dtype=np.bool_)
        for row, addresses in self._ports.get((protocol, number), {}).items():
            rows[row] = not address or any(other in ("", address) for other in addresses)
        return rows

    def count(self, pod: Placed, by: int) -> None:
        """Add (1) or take away (-1) what `pod` takes of its node."""
        row, template = pod.row, pod.template
        for name, value in template.requests.items():
            column = self._used.get(name)
            if column is None:
                column = self._used[name] = Column(self._rows, np.int64)
            column.values[row] += by * value
        for name, column in self._scored.items():
            column.values[row] += by * template.scored.get(name, 0)
        for address, protocol, number in template.ports:
            self._count_port((protocol, number), row, address, by)

    def _count_port(self, port: tuple[str, int], row: int, address: str, by: int) -> None:
        rows = self._ports.setdefault(port, {})
        addresses = rows.setdefault(row, [])
        if by > 0:
            addresses.append(address)
            return
        addresses.remove(address)
        if not addresses:
            del rows[row]
        if not rows:
            del self._ports[port]
