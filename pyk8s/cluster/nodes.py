"""Nodes of a running cluster: added, removed, stopped, started."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES
from pyk8s.cluster import cgroups, layout, lifecycle, machine, readiness, units, wish
from pyk8s.cluster.errors import ClusterError, SettingInvalid, SupervisorGone
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.lifecycle import Say, quiet
from pyk8s.cluster.lock import locked
from pyk8s.cluster.settings import Node, Settings, check_capacity, check_name
from pyk8s.cluster.supervisor import control, launch

GRACE = 2.0
"""Seconds that what runs on a node gets to end itself when the node is stopped."""


async def add(
    cluster: str, name: str = "", *, cpus: str | None = None, memory: str | None = None, say: Say = quiet
) -> Node:
    """Add a node (node-N unless named) and wait until it is Ready; when it does not come up it is taken back."""
    machine.require_root("pyk8s node add")
    folder = lifecycle.existing(cluster)
    with locked(folder):
        settings = await _running(folder)
        name = check_name(name, "node") if name else wish.next_name(settings)
        if any(node.name == name for node in settings.nodes):
            raise SettingInvalid(f"cluster {cluster} has a node {name} already")
        cpus, memory = cpus or settings.cpus, memory or settings.memory
        check_capacity(cpus, memory)
        folder.check_room(name)
        node = wish.new_node(settings, name, cpus, memory)
        changed = settings.with_node(node)
        folder.write(changed)
        await lifecycle.undone_by(_bring_up(folder, changed, node, say), lambda: _remove(folder, changed, node))
        return node


async def remove(cluster: str, name: str, say: Say = quiet) -> None:
    """Remove a node: its object, its processes, its files. Its pods are made anew elsewhere by their controllers."""
    machine.require_root("pyk8s node remove")
    folder = lifecycle.existing(cluster)
    with locked(folder):
        settings = await _running(folder)
        node = settings.node(name)
        await _remove(folder, settings, node)
        say(f"node {name} is removed")


async def stop(cluster: str, name: str, say: Say = quiet) -> None:
    """End everything on a node, as when its power is cut; its object and files stay."""
    machine.require_root("pyk8s node stop")
    folder = lifecycle.existing(cluster)
    with locked(folder):
        settings = await _running(folder)
        node = settings.node(name)
        if not node.stopped:
            await _halt(folder, settings.with_node(msgspec.structs.replace(node, stopped=True)), node)
        say(f"node {name} is stopped")


async def start(cluster: str, name: str, say: Say = quiet) -> None:
    """Start a stopped node and wait until it is Ready."""
    machine.require_root("pyk8s node start")
    folder = lifecycle.existing(cluster)
    with locked(folder):
        settings = await _running(folder)
        node = settings.node(name)
        if node.stopped:
            node = msgspec.structs.replace(node, stopped=False)
            changed = settings.with_node(node)
            folder.write(changed)
            await lifecycle.undone_by(_bring_up(folder, changed, node, say), lambda: _halt(folder, settings, node))
        say(f"node {name} is Ready")


async def _running(folder: Folder) -> Settings:
    settings = folder.read()
    if settings.stopped or not await launch.is_running(folder):
        raise ClusterError(
            f"cluster {folder.name} does not run: start it with `pyk8s cluster start --name {folder.name}`"
        )
    return settings


async def _bring_up(folder: Folder, settings: Settings, node: Node, say: Say) -> None:
    versions = machine.probe()
    layout.write(folder, settings, versions)
    cgroups.make(cgroups.tree(), f"/{folder.tag}/{node.name}", millicores=node.millicores, memory=node.bytes)
    await _apply(folder, settings)
    wanted = {unit.name: unit.role for unit in units.of_node(settings, folder, node)}
    await lifecycle.bring_ready(folder, wanted, [node.name], say)


async def _halt(folder: Folder, settings: Settings, node: Node) -> None:
    folder.write(settings)
    await _apply(folder, settings)
    await asyncio.to_thread(_clear, folder, node)


async def _remove(folder: Folder, settings: Settings, node: Node) -> None:
    async with readiness.administrator(folder) as client:
        with contextlib.suppress(ApiError):
            await client.delete(NODES.of(node.name))
    await _halt(folder, settings.without_node(node.name), node)
    layout.remove_node(folder, node.name)


async def _apply(folder: Folder, settings: Settings) -> None:
    layout.write_units(folder, units.wanted(settings, folder).values())
    with contextlib.suppress(SupervisorGone):
        await control.ask(folder.control_socket, "apply", grace=GRACE)


def _clear(folder: Folder, node: Node) -> None:
    tree = cgroups.tree()
    cgroups.end(tree, f"/{folder.tag}/{node.name}")
    cgroups.remove(tree, f"/{folder.tag}/{node.name}")
