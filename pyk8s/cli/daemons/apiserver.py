"""`pyk8s apiserver`: the API server as a program of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import uvloop

from pyk8s.aio.heap import settle
from pyk8s.aio.notify import ready
from pyk8s.aio.shutdown import on_signals, until_stopped
from pyk8s.apiserver.app import ApiServer
from pyk8s.apiserver.settings import Settings, read
from pyk8s.observe import logs

log = logs.get("apiserver")


def main(config: Path) -> None:
    """Run the API server that the YAML file `config` describes, until SIGTERM or SIGINT.

    Raises SettingsInvalid, WireError, storage.Unavailable: then it never served.
    """
    settings = read(config)
    logs.configure(settings.log_level)
    uvloop.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes, also while it still starts (etcd may be slow to come), and end in good order."""
    await until_stopped(_run(settings), on_signals())


async def _run(settings: Settings) -> None:
    async with ApiServer(settings) as server:
        log.info("serving", cluster=settings.cluster_name, https=server.ports.https, grpc=server.ports.grpc)
        ready(f"serving https on port {server.ports.https}, gRPC on port {server.ports.grpc}")
        settle()
        await asyncio.Event().wait()
