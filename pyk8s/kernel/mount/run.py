"""Mount and unmount in this process's mount namespace."""

from __future__ import annotations

from pathlib import Path

from pyk8s.kernel import syscalls
from pyk8s.kernel.mount.values import (
    Action,
    Mount,
    Mounted,
    Propagate,
    Propagation,
    Put,
    Transaction,
    Unmount,
    parse_mountinfo,
)

_PROPAGATION: dict[Propagation, int] = {
    "private": syscalls.MS_PRIVATE,
    "slave": syscalls.MS_SLAVE,
    "shared": syscalls.MS_SHARED,
}


class Mounts:
    """The mounts of this process's mount namespace."""

    def observe(self) -> tuple[Mounted, ...]:
        """Every mount, in the order the kernel lists them."""
        return parse_mountinfo(Path("/proc/self/mountinfo").read_text(errors="surrogateescape"))

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Absent or Refused for the first that fails, those before it are done."""
        for action in transaction:
            _run_one(action)


def run(transaction: Transaction) -> None:
    """Carry out `transaction` in this process's mount namespace."""
    Mounts().run(transaction)


def observe() -> tuple[Mounted, ...]:
    """Every mount of this process's mount namespace."""
    return Mounts().observe()


def _run_one(action: Action) -> None:
    match action:
        case Put(wish) if wish.kind == "bind":
            _bind(wish)
        case Put(wish):
            _mount(wish)
        case Unmount(target):
            syscalls.umount(target, syscalls.MNT_DETACH)
        case Propagate(target, how):
            syscalls.mount("", target, flags=_PROPAGATION[how] | syscalls.MS_REC)


def _bind(wish: Mount) -> None:
    syscalls.mount(wish.source, wish.target, flags=syscalls.MS_BIND | syscalls.MS_REC)
    if wish.read_only:
        # Linux ignores MS_RDONLY on the first call of a bind mount.
        again = syscalls.MS_BIND | syscalls.MS_REMOUNT | syscalls.MS_RDONLY
        try:
            syscalls.mount("", wish.target, flags=again)
        except BaseException:
            syscalls.umount(wish.target, syscalls.MNT_DETACH)
            raise


def _mount(wish: Mount) -> None:
    options = []
    if wish.kind == "tmpfs":
        options.append(f"mode={wish.mode:o}")
        if wish.size:
            options.append(f"size={wish.size}")
    flags = syscalls.MS_RDONLY if wish.read_only else 0
    syscalls.mount(wish.source or wish.kind, wish.target, wish.kind, flags, ",".join(options))
