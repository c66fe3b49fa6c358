"""A local copy of a collection, kept current, that tells what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from pyk8s.aio.backoff import Schedule
from pyk8s.api.refs import Ref
from pyk8s.client.indexer import IndexBy, Indexer
from pyk8s.client.interface import Client, View, WatchEvent
from pyk8s.client.metadata import key_of, uid_of, version_of
from pyk8s.client.reflector import SCHEDULE, Reflector
from pyk8s.observe import logs

log = logs.get("informer")

Objects: TypeAlias = list[Any]
Keys: TypeAlias = list[str]

OnChange = Callable[[Any, Any], None]
"""Called with (old, new): old is None for an object that is new, new is None for one that is gone."""


class Informer:
    """The objects of `ref` that match the selectors, decoded by `decode` and looked up by key or index.

    `decode` takes JSON bytes and returns dicts (orjson) or a struct whose `metadata` has `namespace`, `name`, `uid` and
    `resource_version`; the bytes are not kept. Objects are shared by all who read them: never change one.
    Handlers are called in order of the events, after the cache has changed, and must not block.
    """

    def __init__(
        self,
        client: Client,
        ref: Ref,
        *,
        labels: str = "",
        fields: str = "",
        decode: Callable[[bytes], Any] = orjson.loads,
        index: Mapping[str, IndexBy[Any]] | None = None,
        view: View = View.OBJECT,
        schedule: Schedule = SCHEDULE,
    ) -> None:
        self.ref = ref
        self._decode = decode
        self._objects: Indexer[Any] = Indexer(index)
        self._handlers: list[OnChange] = []
        self._synced = asyncio.Event()
        self._reflector = Reflector(client, ref, self, labels=labels, fields=fields, view=view, schedule=schedule)

    async def run(self) -> None:
        """Follow the collection until cancelled."""
        await self._reflector.run()

    async def synced(self) -> None:
        """Wait until the collection has been listed once and every handler has seen it."""
        await self._synced.wait()

    @property
    def is_synced(self) -> bool:
        """Whether the collection has been listed once."""
        return self._synced.is_set()

    @property
    def resource_version(self) -> str:
        """How far the API has been followed; "" before the first list."""
        return self._reflector.resource_version

    def on_change(self, callback: OnChange) -> None:
        """Call `callback(old, new)` for every change; at once with (None, object) for each object held already."""
        self._handlers.append(callback)
        for obj in self._objects.list():
            self._tell_one(callback, None, obj)

    def add_index(self, name: str, values: IndexBy[Any]) -> None:
        """Look objects up by one more thing, also after the start."""
        self._objects.add_index(name, values)

    def get(self, key: str) -> Any:
        """The object of `key` ("ns/name", or "name" when cluster-scoped), or None."""
        return self._objects.get(key)

    def list(self) -> Objects:
        """Every object."""
        return self._objects.list()

    def keys(self) -> Keys:
        """Every key."""
        return self._objects.keys()

    def by_index(self, name: str, value: str) -> Objects:
        """The objects that index `name` finds under `value`."""
        return self._objects.by_index(name, value)

    def __len__(self) -> int:
        return len(self._objects)

    # What the reflector calls.

    def replace(self, items: Sequence[bytes]) -> None:
        """Become `items`: what is missing among them is told as gone, what is unchanged is not told at all."""
        seen = set()
        for body in items:
            if (obj := self._decoded(body)) is None:
                continue
            key = key_of(obj)
            seen.add(key)
            held = self._objects.get(key)
            if held is not None and uid_of(held) != uid_of(obj):
                self._tell(self._objects.remove(key), None)  # another object has taken the name meanwhile
                held = None
            if held is None or version_of(held) != version_of(obj):
                self._tell(self._objects.put(key, obj), obj)
        for key in set(self._objects.keys()) - seen:
            self._tell(self._objects.remove(key), None)
        self._synced.set()

    def apply(self, events: Sequence[WatchEvent]) -> None:
        """Take over what changed."""
        for event in events:
            if (obj := self._decoded(event.object)) is None:
                continue
            key = key_of(obj)
            if event.type == "DELETED":
                old = self._objects.remove(key)
                if old is not None:
                    self._tell(old, None)
            else:
                self._tell(self._objects.put(key, obj), obj)

    def _decoded(self, body: bytes) -> Any:
        try:
            return self._decode(body)
        except ValueError as why:  # one object that cannot be read must not keep all others from being followed
            log.error(
                "an object cannot be read",
                resource=self.ref.resource,
                why=why,
                start=body[:200].decode("utf-8", "replace"),
            )
            return None

    def _tell(self, old: Any, new: Any) -> None:
        for callback in self._handlers:
            self._tell_one(callback, old, new)

    def _tell_one(self, callback: OnChange, old: Any, new: Any) -> None:
        try:
            callback(old, new)
        except Exception as why:  # one reader's mistake must not stop the cache for all others
            log.error("a handler failed", resource=self.ref.resource, key=key_of(new or old), why=why, exc_info=True)
