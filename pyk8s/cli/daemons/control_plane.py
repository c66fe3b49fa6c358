"""`pyk8s control-plane`: API server, controllers and scheduler in one process, which saves memory on one machine.

The controllers and the scheduler ask the API server as they would from elsewhere, each as its own user and through the
same chain; a failure of one of them ends neither the others nor the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from pyk8s import scheduler
from pyk8s.aio.heap import settle
from pyk8s.aio.notify import notify, ready
from pyk8s.aio.shutdown import on_signals, until_stopped
from pyk8s.aio.supervise import Tasks, keep_running
from pyk8s.api.configuration import ConfigInvalid
from pyk8s.apiserver.app import ApiServer
from pyk8s.apiserver.local import LocalClient
from pyk8s.apiserver.request import User
from pyk8s.apiserver.settings import settings_of
from pyk8s.cli.configuration import settings_in
from pyk8s.controllers import roster
from pyk8s.controllers.config import from_mapping
from pyk8s.observe import logs

PARTS = ("apiserver", "controllers", "scheduler")

USERS = tuple(
    User(name, ("system:authenticated",)) for name in ("system:kube-controller-manager", "system:kube-scheduler")
)
"""Who the controllers and the scheduler are, as their certificates would say."""

log = logs.get("control-plane")


def main(config: Path) -> None:
    """Run the control plane that the YAML file `config` describes, until SIGTERM or SIGINT."""
    parts = read(config)
    logs.configure(str(parts["apiserver"].get("logLevel") or "info"))
    uvloop.run(serve(parts, str(config)))


def read(config: Path) -> Mapping[str, Mapping[str, Any]]:
    """The three parts of the file. Raises ConfigInvalid, which names what is missing."""
    parts = settings_in(config)
    for name in PARTS:
        if not isinstance(parts.get(name), dict):
            raise ConfigInvalid(f"{config}: {name}: is missing, or no mapping of settings")
    return parts


async def serve(parts: Mapping[str, Mapping[str, Any]], where: str) -> None:
    """Run until a signal, which may come while it still starts.

    Raises ConfigInvalid, WireError, or why the API server cannot start.
    """
    await until_stopped(_run(parts, where), on_signals())


async def _run(parts: Mapping[str, Mapping[str, Any]], where: str) -> None:
    controlling = from_mapping(parts["controllers"])
    scheduled = scheduler.Config.read(parts["scheduler"])
    async with ApiServer(settings_of(parts["apiserver"], f"{where}: apiserver")) as server:
        controllers, scheduling = (LocalClient(server.handler, user, server.resources) for user in USERS)

        at_work = {name: asyncio.Event() for name in ("controllers", "scheduler")}

        async def control() -> None:
            await roster.run(lambda name: controllers, controlling, started=at_work["controllers"].set)

        async def schedule() -> None:
            await scheduler.run(scheduling, scheduled, started=at_work["scheduler"].set)

        async with Tasks(_ended) as tasks:
            for name, part in (("controllers", control), ("scheduler", schedule)):
                tasks.start(keep_running(part, failed=partial(_failed, name)), name=name)
            # Ready means the API: nodes report to it, and people see what is wrong, also while the other two still read
            # or fail. That those work is seen by Nodes that become Ready and by pods that get one.
            where_to = f"https on port {server.ports.https}, gRPC on port {server.ports.grpc}"
            ready(f"serving {where_to}")
            for each in at_work.values():
                await each.wait()
            notify(STATUS=f"serving {where_to}; controllers and scheduler at work")
            settle()
            await asyncio.Event().wait()


def _failed(part: str, why: Exception) -> None:
    log.error("failed, and is started again", part=part, why=why)


def _ended(why: BaseException) -> None:
    log.error("a task ended", why=why)
