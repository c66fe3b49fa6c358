"""What a cluster is doing: every process of it by name, as values that JSON can carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from pyk8s.cluster import cgroups, procs, units
from pyk8s.cluster.errors import ClusterError, CutOff, MachineUnfit, NoSuchCluster, SupervisorGone
from pyk8s.cluster.families import bracketed, loopback
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.settings import Settings
from pyk8s.cluster.supervisor import control
from pyk8s.cluster.supervisor.unit import Record, Report, State


async def status(folder: Folder) -> dict[str, Any]:
    """The cluster's state, nodes and processes: name, role, node, pid, state, healthy, restarts of each.

    Besides what the supervisor runs it names every other process in the cluster's cgroups: shims and containers.
    """
    settings = folder.read()
    supervisor, reports = await _supervised(folder, settings)
    processes = [_supervisor(supervisor), *map(_process, reports)]
    known = {each["pid"] for each in processes}
    processes += _others(folder, settings, known)
    states = {
        node.name: _node_state(node.stopped, [r for r in reports if r.node == node.name]) for node in settings.nodes
    }
    return {
        "name": settings.name,
        "state": cluster_state(settings, supervisor, reports),
        "server": server(settings),
        "grpc": f"{bracketed(loopback(settings.gateway))}:{settings.ports.grpc}",
        "network": ",".join(settings.subnets),
        "ipFamily": settings.ip_family,
        "networkBackend": settings.network_backend,
        "proxyMode": settings.proxy_mode,
        "folder": str(folder.path),
        "kubeconfig": str(folder.kubeconfig),
        "cgroup": f"/{folder.tag}",
        "bridge": units.host(settings, folder).bridge,
        "nodes": [
            {
                "name": node.name,
                "address": ",".join(node.addresses),
                "cpus": node.cpus,
                "memory": node.memory,
                "state": states[node.name],
                "folder": str(folder.node(node.name).path),
            }
            for node in settings.nodes
        ],
        "processes": processes,
    }


async def overview(folders: Iterable[Folder]) -> list[dict[str, Any]]:
    """One line a cluster: name, state, how many nodes, server."""
    found = []
    for folder in folders:
        try:
            settings = folder.read()
            supervisor, reports = await _supervised(folder, settings)
        except NoSuchCluster:
            # Taken down since it was seen.
            continue
        except ClusterError as why:
            state = "incomplete" if isinstance(why, CutOff) else f"damaged: {why}"
            found.append({"name": folder.name, "state": state, "nodes": 0, "server": ""})
            continue
        found.append(
            {
                "name": folder.name,
                "state": cluster_state(settings, supervisor, reports),
                "nodes": len(settings.nodes),
                "server": server(settings),
            }
        )
    return found


def server(settings: Settings) -> str:
    """Where this machine reaches the cluster's HTTPS API."""
    return f"https://{bracketed(loopback(settings.gateway))}:{settings.ports.https}"


def cluster_state(settings: Settings, supervisor: int, reports: Sequence[Report]) -> str:
    """One word for the whole: running, starting, degraded, unsupervised, stopped or incomplete."""
    if not settings.complete:
        return "incomplete"
    if settings.stopped:
        return "stopped"
    if not supervisor:
        return "unsupervised" if any(report.pid for report in reports) else "dead"
    if all(report.state is State.READY for report in reports):
        return "running"
    return "degraded" if any(report.restarts for report in reports) else "starting"


def _node_state(stopped: bool, reports: Sequence[Report]) -> str:
    if stopped or not reports:
        return "stopped"
    return "running" if all(report.state is State.READY for report in reports) else "degraded"


async def _supervised(folder: Folder, settings: Settings) -> tuple[int, list[Report]]:
    """The supervisor's pid and reports; without one, 0 and what the pid files tell."""
    try:
        return await control.list_reports(folder.control_socket)
    except SupervisorGone:
        return 0, [] if settings.stopped else list(_from_pid_files(folder, settings))


def _from_pid_files(folder: Folder, settings: Settings) -> Iterable[Report]:
    for unit in units.wanted(settings, folder).values():
        try:
            record = msgspec.json.decode((folder.run / f"{unit.name}.pid").read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError):
            record = None
        running = record is not None and procs.alive(record.identity)
        state = State.STOPPED if not running else State.READY if record and record.ready else State.STARTING
        pid = record.identity.pid if record and running else 0
        yield Report(name=unit.name, role=unit.role, node=unit.node, state=state, pid=pid)


def _supervisor(pid: int) -> dict[str, Any]:
    state = State.READY if pid else State.STOPPED
    return _row("supervisor", "supervisor", "", pid, state, 0, "")


def _process(report: Report) -> dict[str, Any]:
    return _row(report.name, report.role, report.node, report.pid, report.state, report.restarts, report.exit)


def _others(folder: Folder, settings: Settings, known: set[int]) -> list[dict[str, Any]]:
    """The processes of the cluster's cgroups that nobody has named yet."""
    try:
        found = cgroups.places(cgroups.tree(), f"/{folder.tag}")
    except MachineUnfit:
        return []
    rows = []
    for pid, group in sorted(found.items()):
        if pid in known:
            continue
        node, role = place(group.removeprefix(f"/{folder.tag}/"), procs.command(pid), settings)
        what = " ".join(procs.arguments(pid)[:2]) or procs.command(pid)
        rows.append(_row(what, role, node, pid, State.READY, 0, ""))
    return rows


def place(group: str, command: str, settings: Settings) -> tuple[str, str]:
    """The node and role of a process in the cgroup `group` below the cluster's, which runs `command`."""
    node, _, rest = group.partition("/")
    if node not in {each.name for each in settings.nodes}:
        return "", "helper"
    if rest == "system":
        return node, "shim" if command.startswith("containerd-shim") else "helper"
    return node, "container"


def _row(name: str, role: str, node: str, pid: int, state: State, restarts: int, last: str) -> dict[str, Any]:
    return {
        "name": name,
        "role": role,
        "node": node,
        "pid": pid,
        "state": str(state),
        "healthy": state is State.READY,
        "restarts": restarts,
        "lastExit": last,
    }
