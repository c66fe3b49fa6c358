"""What `pyk8s net` asks for: everything is read from the API at once, then the nodes are looked into."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from pyk8s.api.refs import NODES, PODS, SERVICES
from pyk8s.client.interface import Client
from pyk8s.cluster.errors import NoSuchNode, SettingInvalid
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net import probe, rules
from pyk8s.cluster.net.entering import pod_space
from pyk8s.cluster.net.path import Counts, Path, Walk, count, counted
from pyk8s.cluster.net.places import End, Word, end_of, packet, port_of, read_from, read_to
from pyk8s.cluster.net.sites import Site, ask, site, sites

Object = Mapping[str, Any]


async def look_at_rules(client: Client, folder: Folder, node: str, mode: str = "") -> rules.Rules:
    """The rules of `node` beside the plan. Raises ClusterError, KernelError, ApiError."""
    told = await ask(client)
    return await asyncio.to_thread(rules.look, site(folder, node, told), mode)


async def find_path(
    client: Client, folder: Folder, source: str, target: str, *, namespace: str, protocol: str, send: bool = False
) -> Path:
    """The way of a packet between two ends as they are typed; with `send`, a real one is sent and counted.

    Raises ClusterError for ends that there are not, KernelError, ApiError.
    """
    words = read_from(source), read_to(target)
    told = await ask(client)
    nodes = [orjson.loads(each) for each in told.nodes]
    found = [await _object(client, word, namespace) for word in words]
    first, last = (end_of(word, value, nodes) for word, value in zip(words, found, strict=True))
    sent = packet(first, last, port_of(words[1], found[1], protocol), protocol)
    running = [node.name for node in folder.read().nodes if not node.stopped and node.name in told.names]
    places = sites(folder, running, told)
    entry = first.node or last.node or next(iter(running), "")
    if entry not in places:
        raise NoSuchNode(f"node {entry} does not run" if entry else "no node of the cluster runs")
    space = _space(folder, places, first, sent.source) if send else ""
    walked = await asyncio.to_thread(list, Walk(places).branches(sent, entry))
    surprises = tuple(dict.fromkeys(said for _, said in walked if said))
    path = Path(first.label, str(replace(words[1], port=str(sent.port))), sent, tuple(b for b, _ in walked), surprises)
    return await _probed(path, places, space) if send else path


async def _object(client: Client, word: Word, namespace: str) -> Object | None:
    """What a word names, None for an address. Raises ApiError when there is no such thing."""
    match word.kind:
        case "pods":
            ref = PODS.of(word.name, namespace)
        case "services":
            ref = SERVICES.of(word.name, namespace)
        case "nodes":
            ref = NODES.of(word.name)
        case _:
            return None
    value: Object = orjson.loads(await client.get(ref))
    return value


def _space(folder: Folder, places: Mapping[str, Site], source: End, address: str) -> str:
    """The namespace that `source` sends from; "" for this machine itself."""
    if source.uid:
        return pod_space(folder, source.node, source.uid, source.pod)
    if source.node:
        return places[source.node].netns
    if address not in folder.read().gateways:
        raise SettingInvalid(
            f"--probe cannot send as {address}: send from a pod, from a node, or from this machine, which is "
            f"{' or '.join(folder.read().gateways)} to its nodes"
        )
    return ""


async def _probed(path: Path, places: Mapping[str, Site], space: str) -> Path:
    said = await asyncio.to_thread(probe.send, path.packet, space)
    names = dict.fromkeys(step.node for branch in path.branches for step in branch.steps)
    counts: dict[str, Counts] = {}
    for name in names:
        counts[name] = await asyncio.to_thread(partial(count, places[name], path.packet.family))
    return replace(counted(path, counts), probe=said)
