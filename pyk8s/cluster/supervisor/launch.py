"""Starting a cluster's supervisor as a daemon, and waiting until what it runs is ready."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pyk8s.aio.notify import Listener
from pyk8s.cluster import cgroups, procs
from pyk8s.cluster.errors import StartFailed, SupervisorGone
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.supervisor import control
from pyk8s.cluster.supervisor.unit import Report, State
from pyk8s.kernel.errors import KernelError

SECONDS_TO_START = 30.0

MOST_RESTARTS = 4
"""A process that ended so often before it was ready once will not come up."""

LAST_LINES = 5
"""Of a log, in the message that says a process did not start."""


async def is_running(folder: Folder) -> bool:
    """Whether the cluster's supervisor answers."""
    try:
        await control.list_reports(folder.control_socket)
    except SupervisorGone:
        return False
    return True


async def start(folder: Folder) -> None:
    """Start the supervisor in a session of its own and wait until it has begun its work. Raises StartFailed."""
    told = asyncio.Event()

    def hear(fields: Mapping[str, str]) -> None:
        if fields.get("READY") == "1":
            told.set()

    listener = Listener(folder.run / "supervisor.notify", hear)
    listener.open()
    try:
        process = _spawn(folder, listener.path)
        await _first(told, process, folder.logs / "supervisor.log")
    finally:
        listener.close()


def _spawn(folder: Folder, notify: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "pyk8s.cluster.supervisor"]
    argv += ["--units", str(folder.units), "--run", str(folder.run), "--logs", str(folder.logs)]
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "NOTIFY_SOCKET": str(notify)}
    group, groups = f"/{folder.tag}/supervisor", cgroups.tree()
    argv += ["--group", group]
    cgroups.make(groups, group)
    with (folder.logs / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True
        )
    # At once, and not only when it gets to do so itself: whoever takes the cluster down must find it.
    with contextlib.suppress(KernelError):
        cgroups.join(groups, group, process.pid)
    return process


async def _first(told: asyncio.Event, process: subprocess.Popen[bytes], log: Path) -> None:
    identity = procs.identify(process.pid)
    handle = procs.open_pidfd(identity) if identity else None
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    if handle is None:
        ended.set()
    else:
        loop.add_reader(handle, ended.set)
    waits = [loop.create_task(event.wait()) for event in (told, ended)]
    try:
        await asyncio.wait(waits, timeout=SECONDS_TO_START, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        if handle is not None:
            loop.remove_reader(handle)
            os.close(handle)
    if not told.is_set():
        raise StartFailed(f"the cluster's supervisor did not start: {last_lines(log) or 'it said nothing'}")


async def until_ready(
    folder: Folder, wanted: Mapping[str, str], each: Callable[[Report], None], seconds: float
) -> None:
    """Wait until every unit of `wanted` (name -> role) is ready, handing on each report. Raises StartFailed."""
    left = dict(wanted)
    latest: dict[str, Report] = {}
    try:
        async with asyncio.timeout(seconds):
            async for report in control.watch(folder.control_socket):
                each(report)
                latest[report.name] = report
                if report.state is State.READY:
                    left.pop(report.name, None)
                elif report.name in left and report.restarts >= MOST_RESTARTS:
                    raise StartFailed(_why(folder, report))
                if not left:
                    return
    except TimeoutError:
        first = next(
            (latest[name] for name in left if name in latest and latest[name].state is not State.WAITING), None
        )
        said = _why(folder, first) if first else f"{', '.join(left)} never started"
        raise StartFailed(f"not ready within {seconds:.0f} s: {said}") from None
    raise StartFailed(
        f"the supervisor ended before {', '.join(left)} was ready: {last_lines(folder.logs / 'supervisor.log')}"
    )


def _why(folder: Folder, report: Report) -> str:
    log = folder.logs / f"{report.name}.log"
    said = last_lines(log)
    ended = f" ({report.exit})" if report.exit else ""
    return (
        f"{report.name} does not come up{ended}; {log} ends with: {said}"
        if said
        else f"{report.name} does not come up{ended}"
    )


def last_lines(path: Path, count: int = LAST_LINES) -> str:
    """The last lines of a file, as one text; "" when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(line[:500] for line in text.strip().splitlines()[-count:])
