"""Control groups held in a dictionary."""

from __future__ import annotations

import errno

from pyk8s.kernel.cgroup.values import Add, Move, Remove, Transaction, Usage, Version, Write
from pyk8s.kernel.errors import refused


class FakeGroups:
    """Runs transactions on `files`: group path -> file name -> text. `pids` holds what was moved in."""

    def __init__(self, version: Version = 1) -> None:
        self.version: Version = version
        self.files: dict[str, dict[str, str]] = {}
        self.pids: dict[str, set[int]] = {}
        self.used: dict[str, Usage] = {}

    def observe(self, under: str) -> frozenset[str]:
        """The paths of `under` and every group below it."""
        return frozenset(path for path in self.files if path == under or path.startswith(f"{under.rstrip('/')}/"))

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`."""
        for action in transaction:
            match action:
                case Add(path):
                    parts = path.strip("/").split("/")
                    for length in range(1, len(parts) + 1):
                        self.files.setdefault("/" + "/".join(parts[:length]), {})
                case Write(path, _, file, value):
                    self._held(action, path)[file] = value
                case Move(path, pid):
                    self._held(action, path)
                    for held in self.pids.values():
                        held.discard(pid)
                    self.pids.setdefault(path, set()).add(pid)
                case Remove(path):
                    if self.processes(path):
                        raise refused(action, errno.EBUSY)
                    for each in self.observe(path):
                        del self.files[each]

    def usage(self, path: str) -> Usage:
        """What `used` says, else nothing."""
        return self.used.get(path, Usage(0, 0, len(self.processes(path))))

    def processes(self, path: str) -> frozenset[int]:
        """The processes in the group `path` and below it."""
        return frozenset(pid for each in self.observe(path) for pid in self.pids.get(each, ()))

    def _held(self, action: object, path: str) -> dict[str, str]:
        if path not in self.files:
            raise refused(action, errno.ENOENT)
        return self.files[path]
