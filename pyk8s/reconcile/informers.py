"""One cache a resource for all controllers of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson

from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import Ref
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client, View


class Informers:
    """Hands out informers, the same one to everybody who asks for the same resource and view, and runs them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._made: dict[tuple[Ref, View], Informer] = {}
        self._decoders: dict[tuple[Ref, View], Callable[[bytes], Any]] = {}
        self._tasks: Tasks | None = None

    def of(self, ref: Ref, decode: Callable[[bytes], Any] = orjson.loads, view: View = View.OBJECT) -> Informer:
        """The informer of the whole collection `ref`. One made while running is started at once.

        The first to ask decides how objects are decoded, so readers of one resource must agree on its struct.
        """
        key = (ref, view)
        if (informer := self._made.get(key)) is None:
            informer = self._made[key] = Informer(self._client, ref, decode=decode, view=view)
            if self._tasks is not None:
                self._tasks.start(informer.run(), name=f"informer-{ref.resource}")
        return informer

    async def drop(self, ref: Ref, view: View = View.OBJECT) -> None:
        """Forget the informer of a resource that is served no longer; it is not stopped before `run` ends."""
        self._made.pop((ref, view), None)

    async def run(self, failed: Callable[[BaseException], None]) -> None:
        """Run every informer until cancelled; an exception of one goes to `failed`."""
        async with Tasks(failed) as tasks:
            self._tasks = tasks
            try:
                for (ref, _), informer in self._made.items():
                    tasks.start(informer.run(), name=f"informer-{ref.resource}")
                await asyncio.Event().wait()
            finally:
                self._tasks = None

    async def synced(self) -> None:
        """Wait until every informer there is now has its first list."""
        for informer in list(self._made.values()):
            await informer.synced()
