"""`pyk8s controllers`: the controllers as a program of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvloop

from pyk8s.aio.shutdown import on_signals, until_stopped
from pyk8s.cli.configuration import settings_in
from pyk8s.cli.daemons.standing import Standing
from pyk8s.client.grpc import GrpcClient
from pyk8s.controllers import roster
from pyk8s.controllers.config import from_mapping
from pyk8s.observe import logs
from pyk8s.wire import kubeconfig


def main(config: Path) -> None:
    """Run the controllers that the YAML file `config` describes, until SIGTERM or SIGINT."""
    settings = read(config)
    logs.configure(str(settings.get("logLevel") or "info"))
    uvloop.run(serve(settings))


def read(config: Path) -> Mapping[str, Any]:
    """The content of a configuration file. Raises ConfigInvalid."""
    return settings_in(config, {"kubeconfig": "name the file that says how to reach the API server"})


async def serve(settings: Mapping[str, Any]) -> None:
    """Run until a signal; one connection carries the calls of all controllers."""
    stopping, standing = on_signals(), Standing("controllers at work")
    # Nothing else keeps a second copy of a program of its own from acting too.
    config = from_mapping({"leaderElection": True, **settings})
    client = GrpcClient.connect(kubeconfig.load(settings["kubeconfig"]))
    try:
        async with standing.pages(settings):
            work = roster.run(lambda name: client, config, started=standing.at_work, waiting=standing.waiting)
            await until_stopped(work, stopping)
    finally:
        await asyncio.shield(client.close())
