"""One of several identical processes does the work: who holds a Lease and keeps renewing it.

Source: KEP-589 (leases) and the leader election of client libraries: a lease is judged by the local time since it was
last seen to change, never by the times written in it, so that clocks need not agree.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import uuid4

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import LEASES
from pyk8s.client.interface import Client
from pyk8s.observe import logs

log = logs.get("leader")

NAMESPACE = "kube-system"
"""Where the leases of a cluster's own programs are."""

RELEASE_SECONDS = 2.0
"""How long the end of a process may wait for its lease to be given up."""


def identity() -> str:
    """A name for this process that no other has: the host's, and something for people to tell two of them apart."""
    return f"{socket.gethostname()}_{uuid4()}"


class Step(Enum):
    """What a candidate does next about the lease."""

    CREATE = "create"
    TAKE = "take"
    RENEW = "renew"
    WAIT = "wait"


def plan_lease(spec: dict[str, Any] | None, identity: str, unchanged_for: float) -> Step:
    """What to do about a lease whose spec is as given (None: there is no lease) and has not changed for so many seconds
    of our own clock."""
    if spec is None:
        return Step.CREATE
    holder = spec.get("holderIdentity") or ""
    if holder == identity:
        return Step.RENEW
    if not holder or unchanged_for >= spec.get("leaseDurationSeconds", 15):
        return Step.TAKE
    return Step.WAIT


@dataclass(slots=True, kw_only=True)
class Leader:
    """A candidate for the lease `namespace/name`.

    Work is done only while the lease is ours; when it could not be renewed for `renew_deadline` seconds the work is
    cancelled, well before anybody else may take the lease after `duration`.
    """

    client: Client
    namespace: str
    name: str
    identity: str
    duration: float = 15.0
    renew_deadline: float = 10.0
    retry: float = 2.0
    _seen: dict[str, Any] | None = None
    _seen_at: float = 0.0
    _version: str = ""

    async def run(self, work: Callable[[], Awaitable[None]], *, waiting: Callable[[], None] = lambda: None) -> None:
        """Wait to become leader, do `work`, and wait again when leadership is lost; return when `work` returns.

        `waiting` is called when the first look shows that another leads. Raises what `work` raises. Whoever ends while
        leading gives the lease up after the last of its work.
        """
        while True:
            await self._acquire(waiting)
            log.info("leading", lease=self.name, identity=self.identity)
            task = asyncio.ensure_future(work())
            lost = False
            try:
                lost = not await self._hold_while(task)
                if not lost:
                    return
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                if not lost:
                    await self._release()
            log.warning("leadership lost", lease=self.name, identity=self.identity)

    async def _acquire(self, waiting: Callable[[], None]) -> None:
        told = False
        while not await self._attempt():
            if not told and self._seen is not None:
                told = True
                log.info("waiting to lead", lease=self.name, leader=self._seen.get("holderIdentity"))
                waiting()
            await clock.sleep(self.retry)

    async def _hold_while(self, task: asyncio.Future[None]) -> bool:
        """Renew while `task` runs; True when it ended by itself, False when the lease was lost.

        Raises what the task raised.
        """
        renewed = clock.monotonic()
        while True:
            await asyncio.wait({task}, timeout=self.retry)
            if task.done():
                task.result()
                return True
            if await self._attempt():
                renewed = clock.monotonic()
            elif clock.monotonic() - renewed >= self.renew_deadline or not self._is_ours():
                return False

    def _is_ours(self) -> bool:
        return self._seen is not None and self._seen.get("holderIdentity") == self.identity

    async def _attempt(self) -> bool:
        """One round: look at the lease and write it if it is ours to write; whether it is ours now."""
        try:
            async with asyncio.timeout(self.renew_deadline / 2):
                await self._look()
                step = plan_lease(self._seen, self.identity, clock.monotonic() - self._seen_at)
                if step is Step.WAIT:
                    return False
                await self._write(step)
        except (ApiError, TimeoutError) as why:
            log.debug("lease not written", lease=self.name, why=why)
            return False
        return True

    async def _look(self) -> None:
        try:
            lease = orjson.loads(await self.client.get(LEASES.of(self.name, self.namespace)))
        except ApiError as why:
            if why.reason != "NotFound":
                raise
            self._seen = None
            return
        self._note(lease)

    def _note(self, lease: dict[str, Any]) -> None:
        self._version = lease["metadata"]["resourceVersion"]
        if lease.get("spec") != self._seen:
            self._seen, self._seen_at = lease.get("spec") or {}, clock.monotonic()

    async def _write(self, step: Step) -> None:
        stamp = clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        held = self._seen or {}
        taking = step is not Step.RENEW
        transitions = held.get("leaseTransitions", 0) + (1 if step is Step.TAKE else 0)
        spec = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(self.duration),
            "acquireTime": stamp if taking else held.get("acquireTime", stamp),
            "renewTime": stamp,
            "leaseTransitions": transitions,
        }
        metadata = {"name": self.name, "namespace": self.namespace}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        if step is Step.CREATE:
            answer = await self.client.create(LEASES.within(self.namespace), orjson.dumps(lease))
        else:
            lease["metadata"] = {**metadata, "resourceVersion": self._version}
            answer = await self.client.update(LEASES.of(self.name, self.namespace), orjson.dumps(lease))
        self._note(orjson.loads(answer))

    async def _release(self) -> None:
        """Give the lease up, so that the next candidate need not wait for it to run out."""
        patch = {"metadata": {"resourceVersion": self._version}, "spec": {"holderIdentity": ""}}
        try:
            async with asyncio.timeout(RELEASE_SECONDS):
                await self.client.patch(LEASES.of(self.name, self.namespace), orjson.dumps(patch))
        except (ApiError, TimeoutError) as why:
            log.debug("lease not released", lease=self.name, why=why)
