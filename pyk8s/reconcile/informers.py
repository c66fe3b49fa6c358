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
from pyk8s.reconcile.objects import KINDS, Meta, decoder


class Informers:
    """Hands out informers, the same one to everybody who asks for the same resource and view, and runs them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._made: dict[tuple[Ref, View], Informer] = {}
        self._tasks: Tasks | None = None

    def of(self, ref: Ref, view: View = View.OBJECT) -> Informer:
        """The informer of the whole collection `ref`, read as `objects.KINDS` says, as `Meta` when only metadata is
        asked for, and else as dicts. One made while running is started at once."""
        key = (ref, view)
        if (informer := self._made.get(key)) is None:
            kind = Meta if view is View.METADATA else KINDS.get(ref)
            decode: Callable[[bytes], Any] = decoder(kind) if kind is not None else orjson.loads
            informer = self._made[key] = Informer(self._client, ref, decode=decode, view=view)
            if self._tasks is not None:
                self._tasks.start(informer.run(), name=f"informer-{ref.resource}")
        return informer

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
