"""Registers the node, keeps its status true and its lease fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import LEASES, NODES
from pyk8s.client.interface import Client, PatchType
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.node.machine import read_machine
from pyk8s.kubelet.node.plan import (
    LEASES_IN,
    Json,
    Machine,
    Observed,
    has_changed,
    lease_object,
    node_object,
    node_status,
    status_patch,
    trouble,
)
from pyk8s.kubelet.runtime.interface import ImageView, Runtime
from pyk8s.observe import logs

log = logs.get("kubelet.node")

RETRY = Schedule(first=0.05, limit=2.0)
UNREADY = Schedule(first=0.05, factor=1.5, limit=1.0, jitter=0.0)
"""How often to look whether a node that is not ready has become so."""
REPORT_SECONDS = 300.0
"""How often the status is told though nothing changed."""
IMAGES_SECONDS = 30.0


class NodeAgent:
    """The node in the API. `registered` is set once the node is there with its status; `port` is told with it."""

    def __init__(
        self,
        config: Config,
        client: Client,
        runtime: Runtime,
        port: int = 0,
        registered: Callable[[str], None] = lambda uid: None,
    ) -> None:
        self._config, self._client, self._runtime = config, client, runtime
        self._port, self._registered = port, registered
        self._machine = Machine()
        self._status: Json = {}
        self._uid = ""
        self._told_at = float("-inf")
        self._images: tuple[ImageView, ...] = ()
        self._images_at = -IMAGES_SECONDS
        self.registered = asyncio.Event()

    async def run(self) -> None:
        """Register, then report until cancelled."""
        await self._register()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew())
            group.create_task(self._report())

    async def _register(self) -> None:
        """Create the node, or take over the one that is there: its labels of ours are set anew."""
        backoff = Backoff(RETRY)
        while True:
            try:
                self._machine = read_machine(await self._runtime.version())
                held = await self._create()
                self._uid = held["metadata"]["uid"]
                self._status = held.get("status") or {}
                self._registered(self._uid)
                await self._tell()
                self.registered.set()
                log.info("the node is registered", node=self._config.node_name)
                return
            except (ApiError, RuntimeTrouble) as why:
                log.info("the node is not registered yet", node=self._config.node_name, why=why)
            await backoff.wait()

    async def _create(self) -> dict[str, Any]:
        node = node_object(self._config, self._machine)
        try:
            return dict(orjson.loads(await self._client.create(NODES, orjson.dumps(node))))
        except ApiError as why:
            if why.reason != "AlreadyExists":
                raise
        patch = {"metadata": {"labels": node["metadata"]["labels"]}}
        ref = NODES.of(self._config.node_name)
        return dict(orjson.loads(await self._client.patch(ref, orjson.dumps(patch))))

    async def _observe(self) -> Observed:
        try:
            conditions = await self._runtime.conditions()
            if clock.monotonic() - self._images_at >= IMAGES_SECONDS:
                self._images, self._images_at = tuple(await self._runtime.images()), clock.monotonic()
        except RuntimeTrouble as why:
            return Observed({}, self._images, self._port, str(why))
        return Observed(conditions, self._images, self._port)

    async def _tell(self) -> bool:
        """Tell the status if it has changed, or is old; whether the node is ready. Raises ApiError."""
        observed = await self._observe()
        status = node_status(self._config, self._machine, observed, self._status.get("conditions", ()), clock.now())
        changed = has_changed(self._status, status)
        if changed or clock.monotonic() - self._told_at >= REPORT_SECONDS:
            ref = NODES.of(self._config.node_name).sub("status")
            body = orjson.dumps(status_patch(status))
            await self._client.patch(ref, body, PatchType.STRATEGIC, manager="kubelet")
            self._status, self._told_at = status, clock.monotonic()
        return not trouble(observed)

    async def _report(self) -> None:
        """Look at the node with each heartbeat, more often while it is not ready."""
        backoff = Backoff(UNREADY)
        while True:
            wait = self._config.heartbeat_seconds
            try:
                if await self._tell():
                    backoff.reset()
                else:
                    wait = min(wait, backoff.fail())
            except ApiError as why:
                if why.reason == "NotFound":
                    await self._register()
                else:
                    log.warning("the node's status was not told", why=why)
            await clock.sleep(wait)

    async def _renew(self) -> None:
        """Renew the lease with each heartbeat; a write that failed is tried again before the next is due."""
        ref = LEASES.of(self._config.node_name, LEASES_IN)
        exists = False
        backoff = Backoff(Schedule(first=0.2, limit=self._config.heartbeat_seconds))
        due = clock.monotonic()
        while True:
            lease = lease_object(self._config, self._uid, clock.now())
            try:
                if exists:
                    await self._client.patch(ref, orjson.dumps({"spec": lease["spec"]}))
                else:
                    exists = await self._make_lease(lease)
            except ApiError as why:
                exists = exists and why.reason != "NotFound"
                log.warning("the lease was not renewed", why=why)
                await backoff.wait()
                continue
            backoff.reset()
            due = max(due + self._config.heartbeat_seconds, clock.monotonic())
            await clock.sleep_until(due)

    async def _make_lease(self, lease: Json) -> bool:
        try:
            await self._client.create(LEASES.within(LEASES_IN), orjson.dumps(lease))
        except ApiError as why:
            if why.reason != "AlreadyExists":
                raise
            patch = {"metadata": {"ownerReferences": lease["metadata"]["ownerReferences"]}, "spec": lease["spec"]}
            await self._client.patch(LEASES.of(self._config.node_name, LEASES_IN), orjson.dumps(patch))
        return True
