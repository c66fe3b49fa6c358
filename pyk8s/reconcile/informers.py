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
from pyk8s.reconcile.fields import Meta
from pyk8s.reconcile.objects import KINDS, decoder


class Informers:
    """Hands out informers, the same one to everybody who asks for the same thing, and runs them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._made: dict[tuple[Ref, View, str], Informer] = {}
        self._tasks: Tasks | None = None

    def of(self, ref: Ref, view: View = View.OBJECT, fields: str = "") -> Informer:
        """The informer of the collection `ref`, limited to a field selector if given. Objects are read as
        `objects.KINDS` says, as `Meta` when only metadata is asked for, and else as dicts.

        One made while running is started at once.
        """
        key = (ref, view, fields)
        if (informer := self._made.get(key)) is None:
            kind = Meta if view is View.METADATA else KINDS.get(ref)
            decode: Callable[[bytes], Any] = decoder(kind) if kind is not None else orjson.loads
            informer = self._made[key] = Informer(self._client, ref, fields=fields, decode=decode, view=view)
            self._start(informer)
        return informer

    def metadata_of(self, ref: Ref) -> Informer:
        """An informer whose objects have at least the metadata of the collection `ref` as a struct: the one of whole
        objects where somebody keeps that anyway."""
        whole = self._made.get((ref, View.OBJECT, ""))
        return whole if whole is not None and ref in KINDS else self.of(ref, View.METADATA)

    def _start(self, informer: Informer) -> None:
        if self._tasks is not None:
            self._tasks.start(informer.run(), name=f"informer-{informer.ref.resource}")

    async def run(self, failed: Callable[[BaseException], None]) -> None:
        """Run every informer until cancelled; an exception of one goes to `failed`."""
        async with Tasks(failed) as tasks:
            self._tasks = tasks
            try:
                for informer in self._made.values():
                    self._start(informer)
                await asyncio.Event().wait()
            finally:
                self._tasks = None

    async def synced(self) -> None:
        """Wait until every informer there is now has its first list."""
        for informer in list(self._made.values()):
            await informer.synced()


class Scope:
    """The informers that one controller uses, so that it can start when these, and not all of them, are current."""

    def __init__(self, informers: Informers) -> None:
        self._informers = informers
        self._taken: dict[int, Informer] = {}

    def _take(self, informer: Informer) -> Informer:
        self._taken[id(informer)] = informer
        return informer

    def of(self, ref: Ref, view: View = View.OBJECT, fields: str = "") -> Informer:
        """As `Informers.of`."""
        return self._take(self._informers.of(ref, view, fields))

    def metadata_of(self, ref: Ref) -> Informer:
        """As `Informers.metadata_of`."""
        return self._take(self._informers.metadata_of(ref))

    async def synced(self) -> None:
        """Wait until every informer taken so far has its first list."""
        for informer in list(self._taken.values()):
            await informer.synced()
