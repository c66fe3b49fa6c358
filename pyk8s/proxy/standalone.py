"""A proxy as a program of its own, told what to do as kube-proxy is: by a file in its form, and by a few options."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from pyk8s.aio.inotify import FileEvents
from pyk8s.client.interface import Client
from pyk8s.observe import logs
from pyk8s.proxy import kubeproxy, modes, sync
from pyk8s.proxy.config import Config, families_of
from pyk8s.proxy.folder import Folder

log = logs.get("proxy")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says: the configuration file, the node's name, the mode, the folder of objects, and which
    ranges cluster IPs are in, and where node ports answer; "", () and None leave it to the file."""

    config: Path | None = None
    node: str = ""
    mode: str = ""
    objects: Path | None = None
    service_ranges: tuple[str, ...] = ()
    node_ports: tuple[str, ...] = ()


def read(options: Options) -> tuple[Config, kubeproxy.Document]:
    """The configuration, and the file's own form of it. Raises ValueError or OSError, which name the file."""
    document = _load(options.config) if options.config is not None else kubeproxy.Document(mode=options.mode)
    if options.mode:
        document.mode = options.mode
    if options.node_ports:
        document.node_port_addresses = list(options.node_ports)
    node = options.node or document.hostname_override or socket.gethostname().lower()
    config = kubeproxy.standalone(document, node)
    config = replace(config, node=node, service_ranges=options.service_ranges)
    if not families_of(config.cluster_ranges) and not socket.has_dualstack_ipv6():
        config = replace(config, families=(4,))
    return config, document


def _load(path: Path) -> kubeproxy.Document:
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        for field in kubeproxy.unknown(said) if isinstance(said, Mapping) else ():
            log.warning("the configuration has a field that is not known", file=str(path), field=field)
        document = kubeproxy.decode(said)
        for field in kubeproxy.ignored(document):
            log.warning("a field of the configuration has no effect here", file=str(path), field=field)
        return document
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as why:
        raise ValueError(f"{path}: {why}") from None


async def run(options: Options, client: Client | None, started: Callable[[], None] = lambda: None) -> None:
    """Be the proxy that `options` describe, fed by `client`, or by files where there is none, until cancelled.

    The configuration file is followed: what changes in it is done at once, but for names and addresses.
    Raises ValueError, OSError and Unsupported.
    """
    config, _ = read(options)
    proxy = sync.Proxy(config)
    async with _events() as events:
        following = [_follow_file(options, proxy, events)] if options.config is not None else []
        if options.objects is None:
            if client is None:
                raise ValueError("clientConnection.kubeconfig is missing: name one, or a folder with --objects")
            await sync.serve(proxy, client, started, following)
            return
        notes: dict[str, Any] = {
            "Service": proxy.note_service,
            "EndpointSlice": proxy.note_slice,
            "Node": lambda old, new: _note_own_node(proxy, old, new),
        }
        folder = Folder(options.objects, notes, events)

        async def keep() -> None:
            await folder.read.wait()
            await proxy.keep(started)

        await sync.attend(proxy, [folder.follow(), keep(), *following])


def clean(options: Options) -> list[str]:
    """Take away every trace of every mode; what could not be, as sentences. Blocks."""
    config, _ = read(options)
    return modes.clean_all(replace(config, families=(4, 6) if socket.has_dualstack_ipv6() else (4,)))


def _note_own_node(proxy: sync.Proxy, old: Any, new: Any) -> None:
    if (new or old).metadata.name == proxy.config.node:
        proxy.note_node(old, new)


async def _follow_file(options: Options, proxy: sync.Proxy, events: FileEvents) -> None:
    """Do what the configuration file says whenever it has changed."""
    assert options.config is not None
    with events.watch(options.config.parent) as changed:
        while True:
            await changed.wait()
            changed.clear()
            try:
                config, _ = await asyncio.to_thread(read, options)
                proxy.rebase(config)
            except (OSError, ValueError) as why:
                log.error("the configuration stays as it was", why=why)


@asynccontextmanager
async def _events() -> AsyncIterator[FileEvents]:
    events = FileEvents()
    running = asyncio.create_task(events.run())
    try:
        yield events
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
