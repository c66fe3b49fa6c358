"""A cluster brought up, stopped, started and taken down: each action whole, or taken back.

Whoever calls holds nothing: every action locks the cluster's folder for itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

import msgspec

from pyk8s.cluster import cgroups, host, layout, machine, readiness, units, wish
from pyk8s.cluster.errors import AddressTaken, ClusterError, SupervisorGone
from pyk8s.cluster.families import has4, has6
from pyk8s.cluster.folder import Folder, no_such, of
from pyk8s.cluster.images import builtin, delivery
from pyk8s.cluster.images.store import Store
from pyk8s.cluster.links import Host
from pyk8s.cluster.lock import locked
from pyk8s.cluster.settings import Settings
from pyk8s.cluster.supervisor import control, launch
from pyk8s.cluster.supervisor.unit import Report, State

T = TypeVar("T")

SECONDS_TO_READY = 120.0
"""From the first process to the last node Ready, on a slow machine."""

GRACE = 3.0
"""Seconds that containers get to end themselves when a cluster is stopped."""

Say = Callable[[str], None]
"""Told one line for each step that is done."""


def quiet(line: str) -> None:
    """Tell nobody."""


async def up(name: str, asked: wish.Wish, say: Say = quiet) -> tuple[Settings, list[str]]:
    """Bring the cluster up as asked, or find it up; its settings, and where they are not as asked.

    When it cannot, or is cancelled in the middle, everything this call has made is taken back.
    """
    machine.require_root("pyk8s cluster up")
    wish.check(asked)
    folder = of(name)
    with locked(folder):
        try:
            known = folder.read() if folder.settings.exists() else None
            if known is not None and known.complete:
                differing = wish.differences(asked, known)
                if known.stopped or not await launch.is_running(folder):
                    await _started(folder, known, say)
                return folder.read(), differing
            versions = _fit()
            made = await undone_by(_create(folder, name, asked, known, versions, say), lambda: _destroy(folder))
            return made, []
        finally:
            _forget_if_empty(folder)


async def start(name: str, say: Say = quiet) -> Settings:
    """Start a stopped cluster with everything it held. Raises NoSuchCluster."""
    machine.require_root("pyk8s cluster start")
    folder = existing(name)
    with locked(folder):
        settings = folder.read()
        if settings.stopped or not await launch.is_running(folder):
            await _started(folder, settings, say)
        return folder.read()


async def stop(name: str, say: Say = quiet) -> Settings:
    """End every process of the cluster and keep its data. Raises NoSuchCluster."""
    machine.require_root("pyk8s cluster stop")
    folder = existing(name)
    with locked(folder):
        settings = _changed(folder, folder.read(), stopped=True)
        await _halt(folder)
        say("all processes have ended")
        return settings


async def down(name: str, *, keep_data: bool = False, say: Say = quiet) -> None:
    """Take the cluster down and leave nothing of it; with `keep_data` its objects and keys stay for the next `up`.

    Works on whatever is left of a cluster: an `up` that was killed, a supervisor that is gone, damaged settings.
    Raises NoSuchCluster when nothing is.
    """
    machine.require_root("pyk8s cluster down")
    folder = existing(name)
    with locked(folder):
        if keep_data:
            _changed(folder, folder.read(), stopped=True)
            await _halt(folder)
            for path in (folder.path / "nodes", folder.logs, folder.units):
                shutil.rmtree(path, ignore_errors=True)
            say(f"kept: {folder.etcd} and {folder.pki}")
        else:
            await _destroy(folder)


def existing(name: str) -> Folder:
    """The folder of a cluster of which there is something. Raises NoSuchCluster."""
    folder = of(name)
    if not folder.exists():
        raise no_such(name)
    return folder


def _fit() -> machine.Versions:
    """What this machine runs clusters with. Raises MachineUnfit; asked before anything is made, for what a missing
    program could not make it could not take back either."""
    versions = machine.probe()
    machine.require_features()
    return versions


async def _create(
    folder: Folder, name: str, asked: wish.Wish, known: Settings | None, versions: machine.Versions, say: Say
) -> Settings:
    with host.machine_locked():
        settings = known or _settled(asked, name, folder)
        folder.write(settings)
        host.connect(units.host(settings, folder))
    say(f"network {' and '.join(settings.subnets)} on {units.host(settings, folder).bridge}")
    await _run(folder, settings, versions, say)
    return _changed(folder, settings, complete=True)


def _settled(asked: wish.Wish, name: str, folder: Folder) -> Settings:
    if has6(asked.family):
        host.require_ipv6()
    subnet = host.pick_subnet() if has4(asked.family) else ""
    return wish.settle(asked, name, folder.id, subnet, host.free_ports(4))


async def _started(folder: Folder, settings: Settings, say: Say) -> None:
    versions = _fit()
    changed = _changed(folder, settings, stopped=False)

    async def undo() -> None:
        await _halt(folder)
        folder.write(settings)

    await undone_by(_start(folder, changed, versions, say), undo)


async def _start(folder: Folder, settings: Settings, versions: machine.Versions, say: Say) -> None:
    # What a supervisor that was killed has left running is taken over; ports are ours to check when nothing runs.
    if not cgroups.places(cgroups.tree(), f"/{folder.tag}"):
        _check_ports(settings)
    with host.machine_locked():
        host.connect(units.host(settings, folder))
    await _run(folder, settings, versions, say)


def _check_ports(settings: Settings) -> None:
    for name, port in msgspec.structs.asdict(settings.ports).items():
        if not host.is_free(port):
            raise AddressTaken(
                f"port {port} ({name} of cluster {settings.name}) was taken by another program: "
                f"`ss -ltnp sport = {port}` "
                "says which; end it and start the cluster again"
            )


async def _run(folder: Folder, settings: Settings, versions: machine.Versions, say: Say) -> None:
    """Start every process of the cluster and wait until all its nodes are Ready."""
    layout.write(folder, settings, versions)
    wanted = units.wanted(settings, folder)
    cgroup_tree = cgroups.tree()
    for node in settings.nodes:
        cgroups.make(cgroup_tree, f"/{folder.tag}/{node.name}", millicores=node.millicores, memory=node.bytes)
    layout.write_units(folder, wanted.values())
    say("keys and configurations are written")
    await launch.start(folder) if not await launch.is_running(folder) else await control.ask(
        folder.control_socket, "apply"
    )
    running = [node.name for node in settings.nodes if not node.stopped]
    await bring_ready(folder, {unit.name: unit.role for unit in wanted.values()}, running, say)


async def bring_ready(folder: Folder, wanted: Mapping[str, str], nodes: list[str], say: Say) -> None:
    """Wait for the processes `wanted` (name -> role), give `nodes` their images, wait until they are Ready."""
    served: dict[str, asyncio.Event] = {name: asyncio.Event() for name in wanted}

    def each(report: Report) -> None:
        event = served.get(report.name)
        if report.state is State.READY and event is not None and not event.is_set():
            event.set()
            say(f"{report.name} serves")

    await asyncio.to_thread(builtin.ensure_sandbox, Store(folder.images))

    async def images(node: str) -> None:
        await served[f"{node}.containerd"].wait()
        await delivery.deliver_all(folder, node)

    async def ready() -> None:
        # A node that was Ready when the cluster was stopped is so in the API until its agent is back.
        for name, event in served.items():
            if wanted[name] in ("control-plane", "node"):
                await event.wait()
        async with readiness.administrator(folder) as client:
            await readiness.nodes_ready(client, nodes, lambda node: say(f"node {node} is Ready"), SECONDS_TO_READY)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(launch.until_ready(folder, wanted, each, SECONDS_TO_READY))
            tasks.create_task(ready())
            for node in nodes:
                tasks.create_task(images(node))
    except BaseExceptionGroup as group:
        raise _first_of(group) from None


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_of(first) if isinstance(first, BaseExceptionGroup) else first


async def undone_by(work: Awaitable[T], undo: Callable[[], Awaitable[None]]) -> T:
    """Do `work`; when it fails or is cancelled, `undo()` before the exception goes on.

    With PYK8S_DEBUG=1 what failed is left as it is, to be looked at.
    """
    try:
        return await work
    except BaseException as why:
        if not (isinstance(why, Exception) and os.environ.get("PYK8S_DEBUG")):
            with _deaf():
                await undo()
        raise


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Deaf to a second Ctrl-C, and to being told to end, while what was begun is taken back."""
    try:
        before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    except ValueError:
        # Not the main thread: no signal arrives here.
        yield
        return
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


async def _halt(folder: Folder) -> None:
    """End every process of the cluster and take back what it changed on the host; its files stay."""
    with contextlib.suppress(SupervisorGone):
        await control.ask(folder.control_socket, "shutdown", grace=GRACE, timeout=GRACE * 3 + 30)
    await asyncio.to_thread(_end_all, folder)
    host.disconnect(_place(folder))
    shutil.rmtree(folder.run, ignore_errors=True)


async def _destroy(folder: Folder) -> None:
    """End every process at once and remove everything of the cluster."""
    await asyncio.to_thread(_end_all, folder)
    host.disconnect(_place(folder))
    shutil.rmtree(folder.path)
    _forget_if_empty(folder)


def _end_all(folder: Folder) -> None:
    tree = cgroups.tree()
    # The supervisor first, or it would start again what is being ended.
    cgroups.end(tree, f"/{folder.tag}/supervisor")
    cgroups.end(tree, f"/{folder.tag}")
    cgroups.remove(tree, f"/{folder.tag}")


def _place(folder: Folder) -> Host:
    try:
        return units.host(folder.read(), folder)
    except ClusterError:
        # Names of links and tables come from the folder alone; only the rules' contents need the settings.
        return Host(folder.name, folder.id, ())


def _changed(folder: Folder, settings: Settings, **fields: object) -> Settings:
    changed = msgspec.structs.replace(settings, **fields)
    folder.write(changed)
    return changed


def _forget_if_empty(folder: Folder) -> None:
    """Remove the folders that held nothing but this cluster."""
    for path in (folder.path, folder.path.parent, folder.home):
        with contextlib.suppress(OSError):
            path.rmdir()
