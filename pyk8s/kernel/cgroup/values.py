"""Control groups as values, and how each version of the kernel's interface spells them.

Source: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of Linux.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Version: TypeAlias = Literal[1, 2]

PERIOD_US = 100_000
"""The period that a CPU quota is counted over, in microseconds: the kernel's default, and Kubernetes'."""

SHARES_OF_A_CPU = 1024
MIN_SHARES, MAX_SHARES = 2, 262_144

CONTROLLERS: tuple[str, ...] = ("cpu", "memory", "pids")
"""The controllers whose limits are set here."""

HIERARCHIES_V1: tuple[str, ...] = ("cpu", "cpuacct", "memory", "pids")
"""Where version 1 needs a folder for a group: a hierarchy for each controller, and the one that counts CPU time."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group and its limits. `path` as "/pyk8s-demo/node-1"; 0 is no limit, and leaves a weight at the default.

    `cpu_millicores` bounds CPU time, `cpu_weight_millicores` is the share when CPU is short (a request), `memory` in
    bytes, `pids` in processes and threads.
    """

    path: str
    cpu_millicores: int = 0
    cpu_weight_millicores: int = 0
    memory: int = 0
    pids: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """What a group uses: CPU time since it was made, memory without file pages that can be dropped, processes."""

    cpu_ns: int
    memory: int
    pids: int


@dataclass(frozen=True, slots=True)
class Add:
    """Make the group `path` (and its parents)."""

    path: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write `value` into `file` of the group `path`; `controller` names the hierarchy of version 1."""

    path: str
    controller: str
    file: str
    value: str


@dataclass(frozen=True, slots=True)
class Move:
    """Put the process `pid` into the group."""

    path: str
    pid: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the group and all below it; it must hold no process."""

    path: str


Action: TypeAlias = Add | Write | Move | Remove
Transaction: TypeAlias = tuple[Action, ...]


def plan(
    desired: Iterable[Group], observed: Collection[str], version: Version, *, owned: Collection[str] = ()
) -> Transaction:
    """Make the groups that are missing, set every limit (a limit is not read back), remove `owned` ones not desired.

    `observed` and `owned` are paths. Parents come before their children, and go after them.
    """
    wishes = sorted(desired, key=lambda group: group.path.count("/"))
    names = {group.path for group in wishes}
    unwanted = (path for path in owned if path in observed and path not in names)
    stale = sorted(unwanted, key=lambda path: path.count("/"), reverse=True)
    actions: list[Action] = [Remove(path) for path in stale]
    for group in wishes:
        if group.path not in observed:
            actions.append(Add(group.path))
        actions += limits(group, version)
    return tuple(actions)


def limits(group: Group, version: Version) -> tuple[Write, ...]:
    """The files that hold the limits of `group`; an absent limit is written too, so that it can be lifted."""
    files = _files_v2(group) if version == 2 else _files_v1(group)
    return tuple(Write(group.path, controller, file, value) for controller, file, value in files)


def shares(millicores: int) -> int:
    """`cpu.shares` for a CPU request: 1024 a core, between 2 and 262144."""
    return max(MIN_SHARES, min(MAX_SHARES, millicores * SHARES_OF_A_CPU // 1000))


def weight(millicores: int) -> int:
    """`cpu.weight` for a CPU request: shares [2, 262144] mapped straight onto [1, 10000]. Source: KEP-2254."""
    return 1 + (shares(millicores) - MIN_SHARES) * 9999 // (MAX_SHARES - MIN_SHARES)


def quota(millicores: int) -> int:
    """Microseconds of CPU time in each period; the kernel takes no less than 1,000."""
    return max(1000, millicores * PERIOD_US // 1000)


def usage(files: dict[str, str], version: Version) -> Usage:
    """What the files of a group say it uses; a missing file counts as nothing."""
    stat = dict(line.split(" ", 1) for line in files.get("memory.stat", "").splitlines())
    if version == 2:
        cpu = dict(line.split(" ", 1) for line in files.get("cpu.stat", "").splitlines())
        spent, held = int(cpu.get("usage_usec", 0)) * 1000, int(files.get("memory.current", 0))
        inactive = int(stat.get("inactive_file", 0))
    else:
        spent, held = int(files.get("cpuacct.usage", 0)), int(files.get("memory.usage_in_bytes", 0))
        inactive = int(stat.get("total_inactive_file", 0))
    return Usage(spent, max(0, held - inactive), int(files.get("pids.current", 0)))


USAGE_FILES: dict[Version, tuple[tuple[str, str], ...]] = {
    1: (
        ("cpuacct", "cpuacct.usage"),
        ("memory", "memory.usage_in_bytes"),
        ("memory", "memory.stat"),
        ("pids", "pids.current"),
    ),
    2: (("", "cpu.stat"), ("", "memory.current"), ("", "memory.stat"), ("", "pids.current")),
}
"""(controller, file) of what `usage` reads."""


def _files_v1(group: Group) -> Iterator[tuple[str, str, str]]:
    yield "cpu", "cpu.shares", str(shares(group.cpu_weight_millicores) if group.cpu_weight_millicores else 1024)
    yield "cpu", "cpu.cfs_period_us", str(PERIOD_US)
    yield "cpu", "cpu.cfs_quota_us", str(quota(group.cpu_millicores) if group.cpu_millicores else -1)
    yield "memory", "memory.limit_in_bytes", str(group.memory or -1)
    yield "pids", "pids.max", str(group.pids or "max")


def _files_v2(group: Group) -> Iterator[tuple[str, str, str]]:
    yield "cpu", "cpu.weight", str(weight(group.cpu_weight_millicores) if group.cpu_weight_millicores else 100)
    yield "cpu", "cpu.max", f"{quota(group.cpu_millicores) if group.cpu_millicores else 'max'} {PERIOD_US}"
    yield "memory", "memory.max", str(group.memory or "max")
    yield "pids", "pids.max", str(group.pids or "max")
