"""Queueing disciplines held in a dictionary."""

from __future__ import annotations

import errno
from collections.abc import Callable

from pyk8s.kernel.errors import refused
from pyk8s.kernel.qdisc.values import Put, Qdisc, Redirect, Remove, Transaction


class FakeQdiscs:
    """Runs transactions on `held`: link and kind -> qdisc. `known(link)` says whether there is such a link."""

    def __init__(self, known: Callable[[str], bool] = lambda link: True) -> None:
        self.held: dict[tuple[str, type[Qdisc]], Qdisc] = {}
        self._known = known

    def observe(self, link: str) -> tuple[Qdisc, ...]:
        """Those of `link`."""
        self._check(link, f"list qdiscs of {link}")
        return tuple(qdisc for (name, _), qdisc in self.held.items() if name == link)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        for action in transaction:
            match action:
                case Put(qdisc):
                    self._check(qdisc.link, action)
                    if isinstance(qdisc, Redirect):
                        self._check(qdisc.to, action)
                    self.held[qdisc.link, type(qdisc)] = qdisc
                case Remove(link):
                    self._check(link, action)
                    for key in [key for key in self.held if key[0] == link]:
                        del self.held[key]

    def _check(self, link: str, action: object) -> None:
        if not self._known(link):
            raise refused(action, errno.ENODEV)
