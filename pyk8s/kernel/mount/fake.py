"""Mounts held in a list."""

from __future__ import annotations

import errno

from pyk8s.kernel.errors import refused
from pyk8s.kernel.mount.values import Mount, Mounted, Propagate, Put, Transaction, Unmount


class FakeMounts:
    """Runs transactions on `mounts`, the latest last. `folders` are the paths that exist."""

    def __init__(self, *folders: str) -> None:
        self.folders = set(folders)
        self.mounts: list[Mounted] = []
        self.propagation: dict[str, str] = {}

    def observe(self) -> tuple[Mounted, ...]:
        """Every mount, oldest first."""
        return tuple(self.mounts)

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent for a folder, Refused (EINVAL) for a mount that is not there."""
        for action in transaction:
            match action:
                case Put(wish):
                    needed = {wish.target, wish.source} if wish.kind == "bind" else {wish.target}
                    if needed - self.folders:
                        raise refused(action, errno.ENOENT)
                    self.mounts.append(_observed(wish))
                case Unmount(target):
                    self.mounts.remove(self._top(action, target))
                case Propagate(target, how):
                    self._top(action, target)
                    self.propagation[target] = how

    def _top(self, action: object, target: str) -> Mounted:
        for mounted in reversed(self.mounts):
            if mounted.target == target:
                return mounted
        raise refused(action, errno.EINVAL)


def _observed(wish: Mount) -> Mounted:
    options = frozenset({"ro" if wish.read_only else "rw"})
    if wish.kind == "bind":
        return Mounted(wish.target, "ext4", "/dev/fake", wish.source, options)
    return Mounted(wish.target, wish.kind, wish.source or wish.kind, "/", options)
