"""Carries the plan for Endpoints out."""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import ENDPOINTS, PODS, SERVICES
from pyk8s.client.metadata import key_of, split, version_of
from pyk8s.controllers.endpoints.plan import MANAGED_BY, MANAGER, OVER_CAPACITY, differs, plan_endpoints
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.freshness import PATIENCE, Freshness
from pyk8s.reconcile.objects import Service
from pyk8s.reconcile.serving import SELECTION, by_labels, by_selector, pods_of, woken
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "endpoint-controller"


class EndpointsController:
    """Reconciles Endpoints by the service's key."""

    def __init__(self, context: Context) -> None:
        self._client = context.client
        self.queue: WorkQueue[str] = WorkQueue()
        self._freshness = Freshness()
        self._services = context.informers.of(SERVICES)
        self._endpoints = context.informers.of(ENDPOINTS)
        self._pods = context.informers.of(PODS)
        self._services.add_index(SELECTION, by_selector)
        self._pods.add_index(SELECTION, by_labels)
        self._services.on_change(lambda old, new: self.queue.add(key_of(new or old)))
        self._endpoints.on_change(lambda old, new: self.queue.add(key_of(new or old)))
        self._pods.on_change(self._on_pod)

    def _on_pod(self, old: Any, new: Any) -> None:
        for key in woken(old, new, self._services):
            self.queue.add(key)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=4)

    async def reconcile(self, key: str) -> float | None:
        """Bring the Endpoints object of the Service `key` to what its pods are."""
        service: Service | None = self._services.get(key)
        held = self._endpoints.get(key)
        if service is None:
            if held is not None and (held["metadata"].get("labels") or {}).get(MANAGED_BY) == MANAGER:
                await self._delete(key, held)
            return None
        if not service.spec.selector or service.metadata.deleting:
            return None
        if self._freshness.is_behind(key, version_of(held) if held else "", clock.monotonic()):
            return PATIENCE
        wanted = plan_endpoints(service, pods_of(service, self._pods))
        if held is None:
            await self._create(service, wanted)
        elif differs(held, wanted):
            await self._update(service, held, wanted)
        return None

    async def _create(self, service: Service, wanted: dict[str, Any]) -> None:
        try:
            made = await self._client.create(ENDPOINTS.within(service.metadata.namespace), orjson.dumps(wanted))
            self._note(service, "", made)
        except ApiError as why:
            if not any(cause.reason == "NamespaceTerminating" for cause in why.causes):
                raise

    async def _update(self, service: Service, held: dict[str, Any], wanted: dict[str, Any]) -> None:
        metadata = held["metadata"]
        annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != OVER_CAPACITY}
        wanted["metadata"] |= {
            "annotations": {**annotations, **wanted["metadata"].get("annotations", {})},
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        }
        ref = ENDPOINTS.of(service.metadata.name, service.metadata.namespace)
        self._note(service, version_of(held), await self._client.update(ref, orjson.dumps(wanted)))

    def _note(self, service: Service, before: str, answer: bytes) -> None:
        self._freshness.wrote(key_of(service), before, version_of(orjson.loads(answer)), clock.monotonic())

    async def _delete(self, key: str, held: dict[str, Any]) -> None:
        namespace, name = split(key)
        try:
            await self._client.delete(ENDPOINTS.of(name, namespace), uid=held["metadata"]["uid"])
        except ApiError as why:
            if why.reason not in ("NotFound", "Conflict"):
                raise
