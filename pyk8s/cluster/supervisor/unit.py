"""What the supervisor runs, as data: one unit a process, and what is known of each at any moment."""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from pathlib import Path

import msgspec

from pyk8s.cluster.procs import Identity


class Unit(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One process to be kept running.

    `name` is unique in the cluster and names its log, pid file and notification socket. `group` is its cgroup.
    """

    name: str
    role: str
    argv: tuple[str, ...]
    group: str
    node: str = ""
    env: dict[str, str] = {}
    after: tuple[str, ...] = ()
    """Units that must be ready before this one is started."""
    uses: tuple[str, ...] = ()
    """Units it talks to: they are stopped after it, but it can be started before them."""
    enter: str = ""
    """The unit whose network, mount and UTS namespaces it joins; "" for the machine's own."""
    holds: str = ""
    """The cgroup of the node whose namespaces it makes: all that is in it ends with it. "" when it makes none."""
    rejoin: tuple[str, ...] = ()
    """What to run instead of `argv` when the namespaces it should make are still held by others of its node."""
    says_ready: bool = True
    """Whether it tells by NOTIFY_SOCKET that it serves; else it counts as ready once it runs."""
    stop_seconds: float = 5.0
    """From SIGTERM to SIGKILL."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The units that must be there before it starts."""
        return (*self.after, self.enter) if self.enter else self.after


class State(StrEnum):
    """Where a process stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    BACKOFF = "backoff"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A pid file: which process runs a unit, and whether it has said that it serves."""

    identity: Identity
    ready: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the supervisor says about one unit. `pid` is 0 when nothing runs; `exit` how the last run ended."""

    name: str
    role: str
    node: str
    state: State
    pid: int = 0
    restarts: int = 0
    exit: str = ""
    status: str = ""
    """What the process last said about itself."""


def read_units(folder: Path) -> dict[str, Unit]:
    """The units in `folder`, by name. Raises msgspec.MsgspecError for a file that is none."""
    units = (msgspec.json.decode(path.read_bytes(), type=Unit) for path in sorted(folder.glob("*.json")))
    return {unit.name: unit for unit in units}


def ordered(units: dict[str, Unit]) -> list[Unit]:
    """`units` so that each comes after those it needs; names that are not there count as there.

    Raises ValueError when they need one another in a circle.
    """
    done: dict[str, Unit] = {}
    left = dict(units)
    while left:
        free = [unit for unit in left.values() if not any(name in left for name in (*unit.needs, *unit.uses))]
        if not free:
            raise ValueError(f"these need one another: {', '.join(sorted(left))}")
        for unit in free:
            done[unit.name] = left.pop(unit.name)
    return list(done.values())


def describe_exit(status: int) -> str:
    """A wait status in words: "exit code 2", "killed by SIGKILL"."""
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"
