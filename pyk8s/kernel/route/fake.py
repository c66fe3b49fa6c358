"""Routes held in dictionaries."""

from __future__ import annotations

import errno
from collections.abc import Callable

from pyk8s.kernel.errors import refused
from pyk8s.kernel.route.values import Put, Remove, Route, Transaction


class FakeRoutes:
    """Runs transactions on `spaces`: namespace path -> (table, destination) -> route.

    `reachable(gateway)` says whether a gateway can be reached; the kernel refuses routes over others.
    """

    def __init__(self, *netns: str, reachable: Callable[[str], bool] = lambda gateway: True) -> None:
        self.spaces: dict[str, dict[tuple[int, str], Route]] = {path: {} for path in ("", *netns)}
        self._reachable = reachable

    def observe(self, netns: str = "", *, table: int = 254) -> tuple[Route, ...]:
        """The routes of `table` in `netns`."""
        return tuple(route for (held, _), route in self._space(netns).items() if held == table)

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction` in `netns`."""
        space = self._space(netns)
        for action in transaction:
            match action:
                case Put(route):
                    if route.gateway and not route.onlink and not self._reachable(route.gateway):
                        raise refused(action, errno.ENETUNREACH)
                    space[route.table, route.destination] = route
                case Remove(route):
                    space.pop((route.table, route.destination), None)

    def _space(self, netns: str) -> dict[tuple[int, str], Route]:
        if netns not in self.spaces:
            raise refused(f"open network namespace {netns}", errno.ENOENT)
        return self.spaces[netns]
