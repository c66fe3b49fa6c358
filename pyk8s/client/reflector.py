"""A collection of the API, followed for ever: list, watch from there, and list again only when that is no longer
possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.interface import Client, View, WatchEvent
from pyk8s.observe import logs

log = logs.get("reflector")

SCHEDULE = Schedule(first=0.05, factor=2.0, limit=2.0, jitter=0.5)
"""Short, as an API server that restarts is back within seconds; spread wide, as every reader comes back."""

HEALTHY_AFTER = 5.0
"""A stream that lasted for so many seconds ended for no fault of anybody's, even if it had nothing to tell."""


class Sink(Protocol):
    """Takes what a reflector reads."""

    def replace(self, items: Sequence[bytes]) -> None:
        """The whole collection, as just listed."""
        ...

    def apply(self, events: Sequence[WatchEvent]) -> None:
        """What changed since, in order; no bookmarks among it."""
        ...


class Reflector:
    """Feeds `sink` with the collection `ref`, and survives whatever happens to the server.

    A watch that ends is resumed from the last resource version seen, bookmarks included. Only when the server says
    that version is gone is the collection listed again. Source: Kubernetes API concepts, "Efficient
    detection of changes".
    """

    def __init__(
        self,
        client: Client,
        ref: Ref,
        sink: Sink,
        *,
        labels: str = "",
        fields: str = "",
        view: View = View.OBJECT,
        schedule: Schedule = SCHEDULE,
    ) -> None:
        self._client, self._ref, self._sink = client, ref, sink
        self._labels, self._fields, self._view = labels, fields, view
        self._backoff = Backoff(schedule)
        self.resource_version = ""
        """What has been seen; "" when the collection must be listed first."""

    async def run(self) -> None:
        """List and watch until cancelled. Never raises ApiError: every failure is waited out and tried again."""
        while True:
            try:
                if not self.resource_version:
                    await self._list()
                if not await self._watch():
                    # A stream that ends without a word, again and again, must not become a busy loop.
                    await self._backoff.wait()
            except ApiError as why:
                await self._recover(why)

    async def _list(self) -> None:
        listing = await self._client.list(self._ref, labels=self._labels, fields=self._fields, view=self._view)
        self._sink.replace(listing.items)
        self.resource_version = listing.resource_version

    async def _watch(self) -> bool:
        """Read one stream to its end; whether it was of use: told anything, or lasted."""
        told, started = False, clock.monotonic()
        stream = self._client.watch(
            self._ref,
            resource_version=self.resource_version,
            labels=self._labels,
            fields=self._fields,
            view=self._view,
        )
        async for batch in stream:
            if not batch:
                continue
            changes = [event for event in batch if event.type != "BOOKMARK"]
            if changes:
                self._sink.apply(changes)
            self.resource_version = batch[-1].resource_version
            told = True
            self._backoff.reset()
        if clock.monotonic() - started >= HEALTHY_AFTER:
            self._backoff.reset()
            return True
        return told

    async def _recover(self, why: ApiError) -> None:
        gone = why.code == 410
        if gone:
            self.resource_version = ""
        if not gone or self._backoff.failures:
            log.info("trying again", resource=self._ref.resource, reason=why.reason, message=why.message)
        if gone and not self._backoff.failures:
            self._backoff.fail()  # list at once, but wait if the next watch is refused as well
            return
        await self._backoff.wait()
