"""The cgroups of a cluster: what its nodes may use, and the certain list of what runs.

A process cannot leave its cgroup by forking, so what is found here is all there is, even when every pid file is lost.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Collection
from pathlib import Path

from pyk8s.cluster import procs
from pyk8s.cluster.errors import MachineUnfit
from pyk8s.kernel.cgroup.run import Groups
from pyk8s.kernel.cgroup.values import Add, Group, Move, Remove, limits
from pyk8s.kernel.errors import KernelError, Unsupported

ROUNDS = 100
"""How often to look for processes that were forked while others were being ended."""


def tree() -> Groups:
    """The control groups of this machine. Raises MachineUnfit when there are none that can be used."""
    try:
        return Groups()
    except Unsupported as why:
        raise MachineUnfit(str(why)) from why


def make(groups: Groups, path: str, *, millicores: int = 0, memory: int = 0) -> None:
    """Make the group `path` with its parents, holding it to `millicores` and to `memory` bytes (0: no limit).

    A limit the kernel refuses is left out: the node still reports its capacity, only nothing holds it to it.
    """
    groups.run((Add(path),))
    if millicores or memory:
        for write in limits(Group(path, cpu_millicores=millicores, memory=memory), groups.version):
            with contextlib.suppress(KernelError):
                groups.run((write,))


def join(groups: Groups, path: str, pid: int = 0) -> None:
    """Put the process `pid` (the calling one when 0) into the group."""
    groups.run((Move(path, pid),))


def places(groups: Groups, path: str) -> dict[int, str]:
    """Every living process in `path` and below: pid -> the deepest group it was found in."""
    found: dict[int, str] = {}
    for group in sorted(groups.observe(path), key=len):
        for top in _hierarchies(groups):
            with contextlib.suppress(OSError):
                for pid in (top / group.strip("/") / "cgroup.procs").read_text().split():
                    found[int(pid)] = group
    return {pid: group for pid, group in found.items() if procs.identify(pid) is not None}


def _hierarchies(groups: Groups) -> list[Path]:
    """Each mounted hierarchy once, whatever names lead to it."""
    if groups.version == 2:
        return [groups.root]
    tops = {each.resolve() for each in groups.root.iterdir() if each.is_dir()}
    return sorted(top for top in tops if (top / "cgroup.procs").exists())


def end(groups: Groups, path: str, *, grace: float = 0.0, spare: Collection[int] = ()) -> None:
    """End every process in `path` and below but those in `spare`: SIGTERM first, and `grace` seconds, when not 0.

    Raises MachineUnfit when something outlives SIGKILL: it is stuck in the kernel.
    """
    if grace > 0:
        procs.end(set(places(groups, path)) - set(spare), signal.SIGTERM, grace)
    left: set[int] = set()
    for _ in range(ROUNDS):
        left = set(places(groups, path)) - set(spare)
        if not left:
            return
        procs.end(left, signal.SIGKILL, 2.0)
    raise MachineUnfit(f"processes {sorted(left)} of {path} do not end: /proc/PID/stack says what they wait for")


def remove(groups: Groups, path: str) -> None:
    """Remove the empty group `path` and everything below it; one that is not there is no error."""
    groups.run((Remove(path),))
