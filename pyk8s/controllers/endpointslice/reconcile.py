"""Carries the plan for EndpointSlices out."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import ENDPOINT_SLICES, NODES, PODS, SERVICES
from pyk8s.client.metadata import key_of, version_of
from pyk8s.client.recorder import Regarding
from pyk8s.controllers.endpointslice.hints import ZONE, Shares, capacity_of, is_spread, shares_of
from pyk8s.controllers.endpointslice.plan import MANAGED_BY, MANAGER, SERVICE_NAME, Draft, Plan, labels_of, plan_slices
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.expectations import Expectations
from pyk8s.reconcile.freshness import PATIENCE, Freshness
from pyk8s.reconcile.objects import EndpointSlice, Node, Service
from pyk8s.reconcile.ownership import owner_reference
from pyk8s.reconcile.serving import SELECTION, by_labels, by_selector, pods_of, services_of, woken
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "endpointslice-controller"
NODE = "node"
SERVICE = "service"
SPREAD = "spread"
AT_ONCE = 16


class EndpointSliceController:
    """Reconciles the slices of Services by the service's key."""

    def __init__(self, context: Context) -> None:
        self._client, self._recorder = context.client, context.recorder
        self._shares: Shares | None = None
        """What part of the CPU each zone has; None when nodes have changed since somebody asked."""
        self._told: dict[str, dict[str, str]] = {}
        """By service and address family what was said of its topology aware routing."""
        self.queue: WorkQueue[str] = WorkQueue()
        self._expectations = Expectations(timeout=30.0)
        self._freshness = Freshness()
        self._services = context.informers.of(SERVICES)
        self._slices = context.informers.of(ENDPOINT_SLICES)
        self._pods = context.informers.of(PODS)
        self._nodes = context.informers.of(NODES)
        self._services.add_index(SELECTION, by_selector)
        self._services.add_index(SPREAD, lambda service: (SPREAD,) if is_spread(service) else ())
        self._pods.add_index(SELECTION, by_labels)
        self._pods.add_index(NODE, lambda pod: (pod.spec.node_name,))
        self._slices.add_index(SERVICE, _service_of)
        self._services.on_change(self._on_service)
        self._slices.on_change(self._on_slice)
        self._pods.on_change(lambda old, new: self._wake(woken(old, new, self._services)))
        self._nodes.on_change(self._on_node)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=4)

    # Events become keys.

    def _wake(self, keys: Any) -> None:
        for key in keys:
            self.queue.add(key)

    def _on_service(self, old: Service | None, new: Service | None) -> None:
        key = key_of(new or old)
        if new is None:
            self._expectations.forget(key)
            self._told.pop(key, None)
        self.queue.add(key)

    def _on_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        for key in {*_service_of(old), *_service_of(new)}:
            if old is None:
                self._expectations.created(key)
            self.queue.add(key)

    def _on_node(self, old: Node | None, new: Node | None) -> None:
        if capacity_of(old) != capacity_of(new):
            self._shares = None
            self._wake(key_of(service) for service in self._services.by_index(SPREAD, SPREAD))
        if _zone(old) == _zone(new):
            return
        for pod in self._pods.by_index(NODE, key_of(new or old)):
            self._wake(key_of(service) for service in services_of(pod, self._services))

    # Keys become writes.

    async def reconcile(self, key: str) -> float | None:
        """Bring the slices of the Service `key` to what its pods are; slices of a service that is gone are left to the
        owner collector."""
        service: Service | None = self._services.get(key)
        if service is None or not service.spec.selector or service.spec.type == "ExternalName":
            return None
        if service.metadata.deleting or not self._expectations.satisfied(key, clock.monotonic()):
            return None
        held = self._slices.by_index(SERVICE, key)
        now = clock.monotonic()
        if any(self._freshness.is_behind(key_of(one), version_of(one), now) for one in held):
            return PATIENCE
        pods = pods_of(service, self._pods)
        zones = {name: _zone(self._nodes.get(name)) for name in {pod.spec.node_name for pod in pods}}
        plan = plan_slices(service, pods, held, zones, self._shares_now() if is_spread(service) else {})
        if plan.create:
            self._expectations.expect(key, clock.monotonic(), creations=len(plan.create))
        calls = [self._create(key, service, draft) for draft in plan.create]
        calls += [self._update(service, one, draft) for one, draft in plan.update]
        for start in range(0, len(calls), AT_ONCE):
            await _all(calls[start : start + AT_ONCE])
        # What was made is there before what it replaces goes.
        await _all([self._delete(one) for one in plan.delete])
        self._tell(key, service, plan)
        return None

    def _shares_now(self) -> Shares:
        if self._shares is None:
            self._shares = shares_of(capacity_of(node) for node in self._nodes.list())
        return self._shares

    def _tell(self, key: str, service: Service, plan: Plan) -> None:
        """Say by events what has become of the service's topology aware routing, once each."""
        before, now = self._told.pop(key, {}), dict(plan.spread)
        if now:
            self._told[key] = now
        about = Regarding("v1", "Service", service.metadata.name, service.metadata.namespace, service.metadata.uid)
        for address_type in sorted(before.keys() | now.keys()):
            was, problem = before.get(address_type), now.get(address_type, "Topology Aware Hints has been disabled")
            # One that never could be spread has not been disabled by asking no longer.
            if problem == was or (was and address_type not in now):
                continue
            type_, reason = ("Warning", "Disabled") if problem else ("Normal", "Enabled")
            message = f"{problem or 'Topology Aware Hints has been enabled'}, addressType: {address_type}"
            self._recorder.event(about, type_, f"TopologyAwareHints{reason}", message)

    async def _create(self, key: str, service: Service, draft: Draft) -> None:
        name, namespace = service.metadata.name, service.metadata.namespace
        metadata = {
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": labels_of(service),
            "ownerReferences": [owner_reference("v1", "Service", name, service.metadata.uid)],
        }
        try:
            await self._client.create(ENDPOINT_SLICES.within(namespace), _body(draft, metadata))
        except ApiError as why:
            self._expectations.created(key)
            if not any(cause.reason == "NamespaceTerminating" for cause in why.causes):
                raise

    async def _update(self, service: Service, one: EndpointSlice, draft: Draft) -> None:
        held = one.metadata
        metadata = {
            "name": held.name,
            "namespace": held.namespace,
            "uid": held.uid,
            "resourceVersion": held.resource_version,
            "labels": labels_of(service),
            "ownerReferences": [owner_reference("v1", "Service", service.metadata.name, service.metadata.uid)],
        }
        if held.annotations:
            metadata["annotations"] = held.annotations
        answer = await self._client.update(ENDPOINT_SLICES.of(held.name, held.namespace), _body(draft, metadata))
        after = version_of(orjson.loads(answer))
        self._freshness.wrote(key_of(one), held.resource_version, after, clock.monotonic())

    async def _delete(self, one: EndpointSlice) -> None:
        ref = ENDPOINT_SLICES.of(one.metadata.name, one.metadata.namespace)
        try:
            await self._client.delete(ref, uid=one.metadata.uid)
        except ApiError as why:
            if why.reason not in ("NotFound", "Conflict"):
                raise


async def _all(calls: list[Any]) -> None:
    """Make the calls at once; the first refusal is raised when all are done."""
    for result in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def _service_of(one: EndpointSlice | None) -> tuple[str, ...]:
    if one is None or one.metadata.labels.get(MANAGED_BY) != MANAGER:
        return ()
    name = one.metadata.labels.get(SERVICE_NAME)
    return (f"{one.metadata.namespace}/{name}",) if name else ()


def _zone(node: Node | None) -> str:
    return node.metadata.labels.get(ZONE, "") if node is not None else ""


def _body(draft: Draft, metadata: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": metadata,
            "addressType": draft.address_type,
            "endpoints": msgspec.to_builtins(draft.endpoints),
            "ports": msgspec.to_builtins(draft.ports),
        }
    )
