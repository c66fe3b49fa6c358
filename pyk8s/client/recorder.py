"""Tells people what happened to an object: Events, counted instead of repeated, and never more than a few a second.

Source: Kubernetes API reference, Event v1; the spam filter follows the limits that Kubernetes documents: 25 events at
once for one object and one every five minutes after that, and similar ones combined from the tenth in ten minutes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import orjson

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp
from pyk8s.api.refs import EVENTS
from pyk8s.client.interface import Client
from pyk8s.observe import logs

log = logs.get("events")

WAITING: Final = 1000
"""How many events may wait to be written; what comes above that is dropped."""
REMEMBERED: Final = 4096
BURST, REFILL = 25, 1 / 300.0
SIMILAR, SIMILAR_WITHIN = 10, 600.0
ATTEMPTS: Final = 6


@dataclass(frozen=True, slots=True)
class Regarding:
    """The object an event is about."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""

    def reference(self) -> dict[str, str]:
        """As it stands in the event's involvedObject."""
        fields = {
            "apiVersion": self.api_version,
            "kind": self.kind,
            "name": self.name,
            "namespace": self.namespace,
            "uid": self.uid,
            "resourceVersion": self.resource_version,
            "fieldPath": self.field_path,
        }
        return {key: value for key, value in fields.items() if value}


@dataclass(slots=True)
class Noted:
    """An event that was written: its name and how often it has happened."""

    name: str
    first: str
    count: int = 0


@dataclass(slots=True)
class Source:
    """What one object has caused lately: tokens left, and distinct messages of each reason."""

    tokens: float
    at: float
    similar: dict[tuple[str, str], tuple[float, set[str]]]


class Correlator:
    """Decides what becomes of an event: told, counted on an earlier one, combined with similar ones, dropped."""

    def __init__(self) -> None:
        self._noted: OrderedDict[tuple[str, ...], Noted] = OrderedDict()
        self._sources: OrderedDict[tuple[str, str, str], Source] = OrderedDict()

    def note(
        self, about: Regarding, type_: str, reason: str, message: str, now: float, stamp: str
    ) -> tuple[Noted, str] | None:
        """The event to write (new when its count is 1) and its message; None when there were too many.

        `now` is a monotonic time in seconds, `stamp` the time as the API writes it.
        """
        source = self._source(about, now)
        if source.tokens < 1:
            return None
        source.tokens -= 1
        message = self._combined(source, type_, reason, message, now)
        key = (about.kind, about.namespace, about.name, about.uid, about.field_path, type_, reason, message)
        noted = self._noted.get(key)
        if noted is None:
            noted = self._noted[key] = Noted(f"{about.name}.{uuid4().hex[:16]}", stamp)
            if len(self._noted) > REMEMBERED:
                self._noted.popitem(last=False)
        self._noted.move_to_end(key)
        noted.count += 1
        return noted, message

    def _source(self, about: Regarding, now: float) -> Source:
        key = (about.kind, about.namespace, about.name)
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = Source(BURST, now, {})
            if len(self._sources) > REMEMBERED:
                self._sources.popitem(last=False)
        self._sources.move_to_end(key)
        source.tokens = min(BURST, source.tokens + (now - source.at) * REFILL)
        source.at = now
        return source

    def _combined(self, source: Source, type_: str, reason: str, message: str, now: float) -> str:
        since, messages = source.similar.get((type_, reason), (now, set()))
        if now - since > SIMILAR_WITHIN:
            since, messages = now, set()
        if len(messages) < SIMILAR:
            messages.add(message)
        source.similar[type_, reason] = (since, messages)
        if len(messages) < SIMILAR:
            return message
        return "(combined from similar events): " + reason

    def forget(self, noted: Noted) -> None:
        """The event is gone from the API: the next one is new again."""
        for key, held in list(self._noted.items()):
            if held is noted:
                del self._noted[key]


class Recorder:
    """Writes events in the background, in order; `event` never waits and never fails."""

    def __init__(self, client: Client, component: str, host: str = "") -> None:
        self._client, self._component, self._host = client, component, host
        self._correlator = Correlator()
        self._queue: asyncio.Queue[tuple[Regarding, str, str, str, str]] = asyncio.Queue(WAITING)
        self.dropped = 0
        """How many events were not written, as too many waited or the server was away for too long."""

    def event(self, about: Regarding, type_: str, reason: str, message: str) -> None:
        """Note that `reason` happened to `about`; `type_` is Normal or Warning, `message` a sentence for a person."""
        try:
            self._queue.put_nowait((about, type_, reason, message[:1024], timestamp(clock.now())))
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Write events until cancelled."""
        while True:
            item = await self._queue.get()
            try:
                await self._write(*item)
            finally:
                self._queue.task_done()

    async def flush(self) -> None:
        """Wait until everything noted so far is written or given up."""
        await self._queue.join()

    async def _write(self, about: Regarding, type_: str, reason: str, message: str, stamp: str) -> None:
        found = self._correlator.note(about, type_, reason, message, clock.monotonic(), stamp)
        if found is None:
            self.dropped += 1
            return
        noted, message = found
        body = self._body(about, type_, reason, message, stamp, noted)
        backoff = Backoff(Schedule(first=0.1, limit=5.0))
        while True:
            try:
                await self._send(about, body, noted, stamp)
                return
            except ApiError as why:
                if why.code not in (429, 503, 504) or backoff.failures >= ATTEMPTS:
                    self.dropped += 1
                    self._correlator.forget(noted)
                    log.debug("event not written", name=about.name, reason=reason, why=why)
                    return
            await backoff.wait()

    async def _send(self, about: Regarding, body: dict[str, Any], noted: Noted, stamp: str) -> None:
        space = EVENTS.within(about.namespace or "default")
        if noted.count > 1:
            patch = {"count": noted.count, "lastTimestamp": stamp}
            try:
                await self._client.patch(space.of(noted.name), orjson.dumps(patch))
                return
            except ApiError as why:
                if why.reason != "NotFound":  # it ran out of its time to live: tell it anew
                    raise
        try:
            await self._client.create(space, orjson.dumps(body))
        except ApiError as why:
            if why.reason != "AlreadyExists":
                raise

    def _body(
        self, about: Regarding, type_: str, reason: str, message: str, stamp: str, noted: Noted
    ) -> dict[str, Any]:
        source = {"component": self._component, **({"host": self._host} if self._host else {})}
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": noted.name, "namespace": about.namespace or "default"},
            "involvedObject": about.reference(),
            "type": type_,
            "reason": reason,
            "message": message,
            "source": source,
            "reportingComponent": self._component,
            "reportingInstance": self._host,
            "firstTimestamp": noted.first,
            "lastTimestamp": stamp,
            "count": noted.count,
        }
