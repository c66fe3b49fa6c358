"""Named namespaces held in a set."""

from __future__ import annotations

import errno

from pyk8s.kernel.errors import refused
from pyk8s.kernel.netns.values import Add, Transaction


class FakeNamedSpaces:
    """Runs transactions on a set of names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def observe(self) -> frozenset[str]:
        """The names that are there."""
        return frozenset(self.names)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Exists or Absent."""
        for action in transaction:
            there = action.name in self.names
            if isinstance(action, Add):
                if there:
                    raise refused(action, errno.EEXIST)
                self.names.add(action.name)
            else:
                if not there:
                    raise refused(action, errno.ENOENT)
                self.names.remove(action.name)
