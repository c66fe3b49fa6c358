"""Another mode of the proxy, or another way between nodes, for a running cluster: asked for, and waited for.

Both stand in ConfigMaps of kube-system that every node follows. That one has is seen in its kernel: all that is planned
of the new is there, and nothing is left of the old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
import yaml

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.interface import Client, PatchType
from pyk8s.cluster.errors import ClusterError, StartFailed
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net import rules
from pyk8s.cluster.net.sites import PROXY_MAP, SYSTEM, Site, ask, site, sites
from pyk8s.kernel.errors import KernelError, Unsupported
from pyk8s.kernel.shown import Line, Row
from pyk8s.network import choice
from pyk8s.proxy import sight
from pyk8s.proxy.kubeproxy import API_VERSION, KIND
from pyk8s.proxy.told import CONFIG_KEY

Say = Callable[[str], None]

LOOKS = Schedule(first=0.1, factor=1.5, limit=1.0)
"""How often to look at a kernel: it tells nobody outside when it has what was planned."""

SECONDS = 60.0


async def change_mode(client: Client, folder: Folder, mode: str, *, seconds: float = SECONDS, say: Say) -> None:
    """Let the proxies of all nodes be in `mode`, and wait until they are. Raises ClusterError when this machine cannot
    do it (nothing is changed then), or when a node has not followed after `seconds`."""
    for each in (await _sites(client, folder)).values():
        await asyncio.to_thread(_require, each, mode)
    await _write(client, SYSTEM.of(PROXY_MAP, "kube-system"), lambda data: with_mode(data, mode))
    await _followed(client, folder, f"proxy mode {mode}", lacks_of_mode, seconds, say)


async def change_backend(client: Client, folder: Folder, backend: str, *, seconds: float = SECONDS, say: Say) -> None:
    """Let packets go between all nodes by `backend`, and wait until they do. Raises ClusterError."""
    await _write(client, choice.MAPS.of(choice.NAME, choice.NAMESPACE), lambda data: {**data, choice.KEY: backend})
    await _followed(client, folder, f"network backend {backend}", lacks_of_way, seconds, say)


def with_mode(data: Mapping[str, str], mode: str) -> dict[str, str]:
    """The data of kube-proxy's ConfigMap with another mode; all else that it says stays. Raises ClusterError when it
    holds no configuration of kube-proxy."""
    try:
        document = yaml.safe_load(data.get(CONFIG_KEY) or "") or {"apiVersion": API_VERSION, "kind": KIND}
        changed = {**document, "mode": mode}
    except (yaml.YAMLError, TypeError) as why:
        raise ClusterError(f"ConfigMap kube-system/{PROXY_MAP}: {CONFIG_KEY} is no YAML object: {why}") from None
    return {**data, CONFIG_KEY: yaml.safe_dump(changed, sort_keys=False)}


async def _sites(client: Client, folder: Folder) -> dict[str, Site]:
    told = await ask(client)
    running = [node.name for node in folder.read().nodes if not node.stopped and node.name in told.names]
    return sites(folder, running, told)


def _require(node: Site, mode: str) -> None:
    try:
        sight.require(mode, node.families, node.netns, node.proxy.backend)
    except Unsupported as why:
        raise ClusterError(f"{node.name} cannot be in the mode {mode}, and nothing is changed: {why}") from why


async def _write(client: Client, ref: Ref, change: Callable[[Mapping[str, str]], dict[str, str]]) -> None:
    """Change the data of a ConfigMap; it is made when there is none."""
    try:
        held = orjson.loads(await client.get(ref))
    except ApiError as why:
        if why.code != 404:
            raise
        made: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ref.name}}
        await client.create(SYSTEM, orjson.dumps({**made, "data": change({})}))
        return
    body = {
        "metadata": {"resourceVersion": held["metadata"]["resourceVersion"]},
        "data": change(held.get("data") or {}),
    }
    await client.patch(ref, orjson.dumps(body), PatchType.MERGE)


Lacks = Callable[[Site], str]
"""Says what a node lacks that was asked for; "" when nothing. Blocks; raises KernelError."""


async def _followed(client: Client, folder: Folder, what: str, lacks: Lacks, seconds: float, say: Say) -> None:
    """Wait until every node that runs lacks nothing."""
    names = list(await _sites(client, folder))
    done: list[str] = []
    missing: dict[str, str] = {}

    async def follow(name: str) -> None:
        backoff = Backoff(LOOKS)
        while why := await _ask(client, folder, name, lacks):
            missing[name] = why
            await clock.sleep(backoff.fail())
        done.append(name)
        say(f"{what}: {len(done)} of {len(names)} nodes have followed")

    say(f"{what}: 0 of {len(names)} nodes have followed")
    try:
        async with asyncio.timeout(seconds):
            await _together(follow(name) for name in names)
    except TimeoutError:
        late = "; ".join(f"{name}: {missing.get(name, 'not looked at yet')}" for name in names if name not in done)
        raise StartFailed(
            f"{what} is asked for, but not every node has followed within {seconds:g} s: {late}; "
            "`pyk8s net rules NODE` shows more, the node's log says why"
        ) from None


async def _together(work: Any) -> None:
    async with asyncio.TaskGroup() as tasks:
        for each in work:
            tasks.create_task(each)


async def _ask(client: Client, folder: Folder, name: str, lacks: Lacks) -> str:
    node = site(folder, name, await ask(client))
    try:
        return await asyncio.to_thread(lacks, node)
    except KernelError as why:
        return str(why)


def lacks_of_way(node: Site) -> str:
    """What of a node's network is not as planned. Blocks; raises KernelError."""
    return _told(rules.of_network(node))


def _told(rows: Iterable[Row]) -> str:
    differing = sum(row.kind != "same" for row in rows)
    return f"{differing} lines are not as planned" if differing else ""


def lacks_of_mode(node: Site) -> str:
    """What of a node's services is not as planned, or is left of other modes. Blocks; raises KernelError."""
    if said := _told(rules.of_proxy(node)):
        return said
    left: dict[str, tuple[Line, ...]] = {}
    for mode in node.other_modes():
        left |= node.leftovers(mode)
    return f"{len(left)} places of another mode are still there" if left else ""
