"""The supervisor as a program: `python -m pyk8s.cluster.supervisor --units … --run … --logs … --group …`."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path

from pyk8s.aio import clock
from pyk8s.aio.notify import ready
from pyk8s.aio.shutdown import on_signals
from pyk8s.cluster import cgroups
from pyk8s.cluster.supervisor import logfiles
from pyk8s.cluster.supervisor.control import Server
from pyk8s.cluster.supervisor.core import Supervisor
from pyk8s.cluster.supervisor.hands import KernelHands
from pyk8s.cluster.supervisor.spawn import become_subreaper
from pyk8s.kernel.errors import KernelError

LOOK_AT_LOGS_EVERY = 60.0
"""Seconds between two looks at how long the logs have grown."""


def main() -> None:
    """Parse the command line, take the lock, run until asked to end."""
    parser = ArgumentParser(prog="pyk8s-supervisor", description="Keeps the processes of one cluster running.")
    for name in ("units", "run", "logs"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--group", required=True)
    wanted = parser.parse_args()
    # Before anything is started: a `down` that comes now must find this process, or has been and left it no group.
    try:
        cgroups.join(cgroups.tree(), wanted.group)
    except KernelError as why:
        sys.exit(f"error: the cluster is being taken down: {why}")
    lock = os.open(wanted.run / "supervisor.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("error: another supervisor runs this cluster")
    asyncio.run(supervise(wanted.units, wanted.run, wanted.logs))


async def supervise(units: Path, run: Path, logs: Path) -> None:
    """Run what `units` holds until somebody asks for the end on the control socket, or SIGTERM comes.

    SIGTERM ends the supervisor alone: what it runs goes on, for the next supervisor to take over.
    """
    groups = cgroups.tree()
    become_subreaper()
    made: list[KernelHands] = []

    def hands(supervisor: Supervisor) -> KernelHands:
        made.append(KernelHands(run, logs, groups, supervisor.inside))
        return made[0]

    supervisor = Supervisor(units, run, hands)
    made[0].open()
    leave = on_signals(signal.SIGTERM, signal.SIGINT)
    control = Server(supervisor, run / "control.sock")
    server = await control.open()
    await supervisor.apply()
    ready()
    tidy = asyncio.create_task(_tidy(logs))
    ends = [asyncio.create_task(event.wait()) for event in (leave, control.over)]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    for task in (*ends, tidy):
        task.cancel()
    server.close()


async def _tidy(logs: Path) -> None:
    while True:
        await clock.sleep(LOOK_AT_LOGS_EVERY)
        logfiles.shorten(logs)


if __name__ == "__main__":
    main()
