"""`pyk8s node`: everything that one node runs in one process: kubelet, network agent and proxy.

Each part is also a program of its own: `pyk8s kubelet`, `pyk8s network-agent`, `pyk8s proxy`. A part that fails ends
neither the others nor a container, and is started again. Netlink needs asyncio's own event loop: uvloop cannot open it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyk8s.aio.heap import settle
from pyk8s.aio.notify import ready
from pyk8s.aio.shutdown import on_signals
from pyk8s.aio.supervise import Tasks, keep_running
from pyk8s.api.configuration import ConfigInvalid
from pyk8s.cli.configuration import settings_in
from pyk8s.client.grpc import GrpcClient
from pyk8s.kubelet.config import decode_config
from pyk8s.observe import logs
from pyk8s.wire import kubeconfig

Settings = Mapping[str, Any]
Part = Callable[[Settings, GrpcClient, asyncio.Event], Awaitable[None]]
"""Runs one part of a node until cancelled; sets the event once it is at work."""

log = logs.get("node")


def main(config: Path) -> None:
    """Run the node that the YAML file `config` describes, until SIGTERM or SIGINT. Raises ConfigInvalid."""
    start(config, ("kubelet", "network", "proxy"))


def kubelet(config: Path) -> None:
    """Run the kubelet alone."""
    start(config, ("kubelet",))


def network(config: Path) -> None:
    """Run the network agent alone."""
    start(config, ("network",))


def proxy(config: Path) -> None:
    """Run the proxy alone."""
    start(config, ("proxy",))


def start(config: Path, parts: Sequence[str]) -> None:
    """Run `parts` of a node until a signal. Raises ConfigInvalid."""
    settings = read(config)
    for name in parts:
        try:
            CHECKS[name](settings)
        except ValueError as why:
            raise ConfigInvalid(f"{config}: {why}") from why
    logs.configure(str(settings.get("logLevel") or "info"))
    asyncio.run(serve(settings, parts))


def read(config: Path) -> Settings:
    """The content of a node's configuration file. Raises ConfigInvalid."""
    return settings_in(config, dict.fromkeys(("nodeName", "nodeIP", "kubeconfig"), "is missing"))


async def serve(settings: Settings, parts: Sequence[str]) -> None:
    """Run `parts` until a signal; readiness is told once all of them are at work."""
    stopping = on_signals()
    clients: dict[str, GrpcClient] = {}
    for name in parts:
        where = str((settings.get("proxyKubeconfig") if name == "proxy" else "") or settings["kubeconfig"])
        if where not in clients:
            clients[where] = GrpcClient.connect(kubeconfig.load(where))
        clients[name] = clients[where]
    async with Tasks(_ended) as tasks:
        try:
            started = [_start(name, settings, clients[name], tasks) for name in parts]
            tasks.start(_tell_ready(started), name="ready")
            await stopping.wait()
        finally:
            await tasks.close()
            for client in {id(each): each for each in clients.values()}.values():
                await asyncio.shield(client.close())


def _start(name: str, settings: Settings, client: GrpcClient, tasks: Tasks) -> asyncio.Event:
    """Keep one part running; the event it sets once it is at work."""
    at_work = asyncio.Event()

    async def work() -> None:
        await PARTS[name](settings, client, at_work)

    def failed(why: Exception) -> None:
        log.error("a part of the node failed and is started again", part=name, why=why)

    tasks.start(keep_running(work, failed=failed), name=name)
    return at_work


async def _tell_ready(started: Sequence[asyncio.Event]) -> None:
    for each in started:
        await each.wait()
    ready("serving")
    settle()


async def _kubelet(settings: Settings, client: GrpcClient, at_work: asyncio.Event) -> None:
    from pyk8s.kubelet import app

    await app.run(client, decode_config(settings), ready=at_work.set)


async def _network(settings: Settings, client: GrpcClient, at_work: asyncio.Event) -> None:
    from pyk8s.network import agent

    await agent.run(client, settings, started=at_work.set)


async def _proxy(settings: Settings, client: GrpcClient, at_work: asyncio.Event) -> None:
    from pyk8s import proxy as room

    await room.run(client, settings, started=at_work.set)


def _check_kubelet(settings: Settings) -> None:
    decode_config(settings)


def _check_network(settings: Settings) -> None:
    from pyk8s.network.config import Config

    Config.read(settings)


def _check_proxy(settings: Settings) -> None:
    from pyk8s.proxy.config import Config

    Config.read(settings)


def _ended(why: BaseException) -> None:
    log.error("a task of the node ended", why=why)


PARTS: Mapping[str, Part] = {"kubelet": _kubelet, "network": _network, "proxy": _proxy}
"""What a node is made of, by name."""

CHECKS: Mapping[str, Callable[[Settings], None]] = {
    "kubelet": _check_kubelet,
    "network": _check_network,
    "proxy": _check_proxy,
}
"""What refuses, with ValueError, settings that a part could only fail on again and again."""
