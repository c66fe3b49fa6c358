"""Other objects, as admission reads them: decoded once for each version, from the watch cache, else from the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson

from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.cacher.selection import Selection
from pyk8s.apiserver.registry.objects import Held

REMEMBERED = 4096
"""Decoded objects kept at most."""

FOLLOWED = (
    Ref("", "v1", "limitranges"),
    Ref("", "v1", "resourcequotas"),
    Ref("scheduling.k8s.io", "v1", "priorityclasses"),
    Ref("storage.k8s.io", "v1", "storageclasses"),
)
"""Collections that stay small and are looked through with almost every write."""

Fetch = Callable[[Resource, str, str], Awaitable[Held | None]]
"""The object as the store itself has it."""


class _Followed:
    """A small collection that is asked for with almost every write: decoded as it changes, by namespace."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Object]] = {}

    def change(self, old: Cached | None, new: Cached | None) -> None:
        """Take one change over."""
        if new is not None:
            self._held.setdefault(new.namespace, {})[new.key] = new.object()
        elif old is not None:
            held = self._held[old.namespace]
            del held[old.key]
            if not held:
                del self._held[old.namespace]

    def within(self, namespace: str) -> Sequence[Object]:
        """The objects of a namespace, or of the cluster, by name."""
        held = self._held.get(namespace)
        return [held[key] for key in sorted(held)] if held else ()


class Lookup:
    """Reads for admission. What it returns is shared: it must not be changed."""

    def __init__(self, resources: Resources, cacher: Cacher, fetch: Fetch) -> None:
        self._resources = resources
        self._cacher = cacher
        self._fetch = fetch
        self._decoded: dict[tuple[str, str, str], tuple[int, Object]] = {}
        self._followed = {ref: _Followed() for ref in FOLLOWED}
        for ref, followed in self._followed.items():
            cacher.subscribe(self._row(ref), followed.change)

    def peek(self, ref: Ref, namespace: str, name: str) -> Object | None:
        """The object as far as the watch cache has come."""
        found = self._cacher.peek(self._row(ref), namespace, name)
        return self._object(ref, found) if found else None

    async def find(self, ref: Ref, namespace: str, name: str) -> Object | None:
        """The object; when the watch cache has none, as the store has it. Raises ApiError (ServiceUnavailable)."""
        found = self.peek(ref, namespace, name)
        if found is not None:
            return found
        held = await self._fetch(self._row(ref), namespace, name)
        return held.obj if held else None

    async def await_one(self, ref: Ref, namespace: str, name: str, seconds: float) -> Object | None:
        """The object, waited for when it is not there yet; None when it does not come within `seconds`."""
        if (found := await self.find(ref, namespace, name)) is not None:
            return found
        row = self._row(ref)
        watch = await self._cacher.watch(row, Selection.parse(namespace, "", f"metadata.name={name}"), after=None)
        try:
            async with watch, asyncio.timeout(seconds):
                async for batch in watch:
                    for event in batch:
                        if event.type in ("ADDED", "MODIFIED"):
                            obj: Object = orjson.loads(event.object)
                            return obj
        except TimeoutError:
            pass
        return None

    def every(self, ref: Ref, namespace: str = "") -> Sequence[Object]:
        """The objects of a collection as far as the watch cache has come."""
        followed = self._followed.get(ref)
        if followed is not None:
            return followed.within(namespace)
        return [self._object(ref, one) for one in self._cacher.select(self._row(ref), Selection(namespace))]

    def kinds(self, names: Iterable[str]) -> list[Resource]:
        """The resources with these names, "plural" or "plural.group"; those that are not served are left out."""
        wanted = set(names)
        found: dict[tuple[str, str], Resource] = {}
        for resource in self._resources:
            full = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
            if full in wanted:
                found.setdefault((resource.group, resource.plural), resource)
        return list(found.values())

    async def fresh(self) -> None:
        """Wait until the watch cache is as new as the store."""
        await self._cacher.fresh()

    def _row(self, ref: Ref) -> Resource:
        found = self._resources.by_ref(ref)
        assert found is not None, f"{ref} is a built-in resource"
        return found

    def _object(self, ref: Ref, cached: Cached) -> Object:
        key = (ref.group, ref.resource, cached.key)
        known = self._decoded.get(key)
        if known is not None and known[0] == cached.revision:
            return known[1]
        obj = cached.object()
        if len(self._decoded) >= REMEMBERED:
            del self._decoded[next(iter(self._decoded))]
        self._decoded[key] = (cached.revision, obj)
        return obj


def spec_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec of an object, {} when it has none."""
    return obj.get("spec") or {}
