"""Carries the end of a namespace out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, qualified
from pyk8s.api.refs import NAMESPACES, PODS, Ref
from pyk8s.api.resources import Resource
from pyk8s.client.interface import View
from pyk8s.client.metadata import key_of
from pyk8s.controllers.namespace.plan import FINALIZER, Left, conditions, contents, stages
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.fields import Meta
from pyk8s.reconcile.objects import Namespace, Pod, decoder
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "namespace-controller"
AT_ONCE = 8
AGAIN = 5.0
"""Seconds after which what is left is looked at again; the end of a pod, or of what was left, wakes it earlier."""

_metadata = decoder(Meta)


@dataclass(slots=True)
class _Tally:
    objects: Counter[str] = field(default_factory=Counter)
    finalizers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


class NamespaceController:
    """Reconciles namespaces by name. `resources` is what the API serves now."""

    def __init__(self, context: Context, resources: Callable[[], Iterable[Resource]]) -> None:
        self._client, self._resources = context.client, resources
        self.queue: WorkQueue[str] = WorkQueue()
        self._namespaces = context.informers.of(NAMESPACES)
        self._namespaces.on_change(self._on_namespace)
        context.informers.of(PODS).on_change(self._on_pod)

    def _on_namespace(self, old: Namespace | None, new: Namespace | None) -> None:
        if new is not None and new.metadata.deleting:
            self.queue.add(key_of(new))

    def _on_pod(self, old: Pod | None, new: Pod | None) -> None:
        if new is None and old is not None:
            self.touch(old.metadata.namespace)

    def touch(self, namespace: str) -> None:
        """Something in the namespace is gone: look again if it is being emptied."""
        held = self._namespaces.get(namespace)
        if held is not None and held.metadata.deleting:
            self.queue.add(namespace)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=4)

    async def reconcile(self, key: str) -> float | None:
        """Empty the namespace `key` if it is being deleted; seconds after which to look again."""
        namespace: Namespace | None = self._namespaces.get(key)
        if namespace is None or not namespace.metadata.deleting:
            return None
        if FINALIZER not in namespace.spec.finalizers:
            return None
        for stage in stages(contents(self._resources())):
            left = await self._empty(key, stage)
            if not left.nothing:
                await self._say(namespace, left)
                return AGAIN
        await self._finalize(namespace)
        return None

    async def _empty(self, namespace: str, refs: Sequence[Ref]) -> Left:
        """Delete everything of these resources, and count what is still there afterwards."""
        tally = _Tally()
        limit = asyncio.Semaphore(AT_ONCE)

        async def clear(ref: Ref) -> None:
            async with limit:
                name = qualified(ref.resource, ref.group)
                try:
                    await self._clear(ref.within(namespace), name, tally)
                except ApiError as why:
                    if why.code not in (404, 405):
                        tally.errors.append(f"{name}: {why.message}")

        await asyncio.gather(*(clear(ref) for ref in refs))
        return Left(tally.objects, tally.finalizers, sorted(tally.errors))

    async def _clear(self, ref: Ref, name: str, tally: _Tally) -> None:
        there = await self._client.list(ref, limit=1, view=View.METADATA)
        if not there.items:
            return
        await self._client.delete_collection(ref, propagation="Background")
        there = await self._client.list(ref, view=View.METADATA)
        if there.items:
            tally.objects[name] += len(there.items)
            for body in there.items:
                tally.finalizers.update(_metadata(body).metadata.finalizers)

    async def _say(self, namespace: Namespace, left: Left) -> None:
        ref = NAMESPACES.of(namespace.metadata.name)
        live = orjson.loads(await self._client.get(ref))
        held = (live.get("status") or {}).get("conditions") or []
        wanted = conditions(held, left, clock.now())
        if wanted != held:
            patch = {"metadata": {"uid": namespace.metadata.uid}, "status": {"conditions": wanted}}
            await self._client.patch(ref.sub("status"), orjson.dumps(patch))

    async def _finalize(self, namespace: Namespace) -> None:
        ref = NAMESPACES.of(namespace.metadata.name)
        try:
            live = orjson.loads(await self._client.get(ref))
            if live["metadata"]["uid"] != namespace.metadata.uid:
                return
            finalizers = [one for one in (live.get("spec") or {}).get("finalizers") or () if one != FINALIZER]
            live["spec"] = {**(live.get("spec") or {}), "finalizers": finalizers}
            await self._client.update(ref.sub("finalize"), orjson.dumps(live))
        except ApiError as why:
            if why.reason != "NotFound":
                raise
