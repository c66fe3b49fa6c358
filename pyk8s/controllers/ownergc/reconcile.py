"""Feeds the graph and carries the plan out. A key is an object's uid."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource, Resources
from pyk8s.client.interface import PatchType, View
from pyk8s.controllers.ownergc.graph import Graph, Item
from pyk8s.controllers.ownergc.plan import (
    Action,
    Delete,
    Disown,
    Owner,
    Pursue,
    Release,
    Unblock,
    is_orphaning,
    is_waiting,
    plan_dependent,
    plan_owner,
    state_of,
)
from pyk8s.observe import logs
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.fields import Metadata, OwnerReference
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "generic-garbage-collector"
WORKERS = 20
IGNORED = frozenset({("", "events"), ("events.k8s.io", "events")})
"""Nobody owns events, and there are many."""

log = logs.get("ownergc")


class OwnerGcController:
    """Reconciles objects by uid. `resources` is the table of what the API serves."""

    def __init__(self, context: Context, resources: Resources) -> None:
        self._client, self._resources = context.client, resources
        self.queue: WorkQueue[str] = WorkQueue()
        self.graph = Graph()
        for ref in followed(resources):
            context.informers.metadata_of(ref).on_change(partial(self._on_change, ref))

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=WORKERS)

    # Events become keys.

    def _on_change(self, ref: Ref, old: Any, new: Any) -> None:
        if new is None:
            self._on_gone(old.metadata)
            return
        item = Item(ref, new.metadata)
        before = self.graph.put(item)
        self._wake(item.metadata, before.metadata if before else None)

    def _on_gone(self, metadata: Metadata) -> None:
        for dependent in self.graph.dependents(metadata.uid):
            self.queue.add(dependent.metadata.uid)
        self.graph.remove(metadata.uid)
        for owner in metadata.owner_references:
            held = self.graph.get(owner.uid)
            if held is not None and (is_waiting(held.metadata) or is_orphaning(held.metadata)):
                self.queue.add(owner.uid)

    def _wake(self, new: Metadata, old: Metadata | None) -> None:
        if is_waiting(new) or is_orphaning(new):
            self.queue.add(new.uid)
        changed = old is None or old.owner_references != new.owner_references
        if (
            new.owner_references
            and changed
            and any(self._may_be_lost(owner, new.namespace) for owner in new.owner_references)
        ):
            self.queue.add(new.uid)
        if old is not None and changed:
            for owner in old.owner_references:  # one that waited for it may go on
                held = self.graph.get(owner.uid)
                if held is not None and held.metadata.deleting:
                    self.queue.add(owner.uid)

    def _may_be_lost(self, owner: OwnerReference, namespace: str) -> bool:
        held = self.graph.get(owner.uid)
        return held is None or held.metadata.deleting or held.metadata.namespace not in ("", namespace)

    # Keys become writes.

    async def reconcile(self, key: str) -> float | None:
        """Do for the object of uid `key` what its owners and dependents ask for."""
        item = self.graph.get(key)
        if item is None:
            return None
        dependents = self.graph.dependents(key)
        action = plan_owner(item.metadata, dependents)
        if action is None and item.metadata.owner_references and not item.metadata.deleting:
            owners = [(owner, await self._state(item, owner)) for owner in item.metadata.owner_references]
            action = plan_dependent(item.metadata, owners, has_dependents=bool(dependents))
        if action is not None:
            await self._carry_out(item, action)
        return None

    async def _state(self, item: Item, owner: OwnerReference) -> Owner:
        space = item.metadata.namespace
        held = self.graph.get(owner.uid)
        if held is not None and held.metadata.namespace in ("", space):
            return state_of(held.metadata, owner)
        if self.graph.is_absent(owner.uid):
            return Owner.GONE
        return await self._look_up(owner, space)

    async def _look_up(self, owner: OwnerReference, namespace: str) -> Owner:
        """Ask the API for an owner that was never seen. Raises ApiError("NotFound") for a kind that nobody serves: that
        is no proof that the owner is gone."""
        resource = self._resources.by_kind(owner.api_version, owner.kind)
        if resource is None:
            raise ApiError("NotFound", f"no resource for owner {owner.kind} ({owner.api_version}): left alone")
        if resource.namespaced and not namespace:
            log.warning("a cluster-scoped object names an owner in a namespace", kind=owner.kind, name=owner.name)
            return Owner.SOLID
        ref = resource.ref(namespace if resource.namespaced else "", owner.name)
        try:
            metadata = orjson.loads(await self._client.get(ref, view=View.METADATA))["metadata"]
        except ApiError as why:
            if why.reason != "NotFound":
                raise
            metadata = {}
        if metadata.get("uid") != owner.uid:
            self.graph.note_absent(owner.uid)
            return Owner.GONE
        return Owner.SOLID  # the watch will tell when that changes

    async def _carry_out(self, item: Item, action: Action) -> None:
        match action:
            case Delete(propagation):
                await self._delete(item, propagation)
            case Disown(owners):
                await self._disown(item, owners)
            case Unblock(finalizer):
                await self._unblock(item, finalizer)
            case Pursue(dependents):
                for dependent in dependents:
                    self.queue.add(dependent.metadata.uid)
            case Release(dependents):
                await asyncio.gather(*(self._disown(one, (item.metadata.uid,)) for one in dependents))

    async def _delete(self, item: Item, propagation: str) -> None:
        """The version seen is a precondition: an object that was adopted meanwhile is not deleted."""
        metadata = item.metadata
        try:
            await self._client.delete(
                item.ref.of(metadata.name, metadata.namespace),
                propagation=propagation,
                uid=metadata.uid,
                resource_version=metadata.resource_version,
            )
        except ApiError as why:
            if why.reason != "NotFound":
                raise

    async def _disown(self, item: Item, owners: Iterable[str]) -> None:
        metadata = item.metadata
        if not set(owners) & {owner.uid for owner in metadata.owner_references}:
            return
        kept = [as_dict(owner) for owner in metadata.owner_references if owner.uid not in owners]
        await self._write(item, {"ownerReferences": kept or None})

    async def _unblock(self, item: Item, finalizer: str) -> None:
        kept = [one for one in item.metadata.finalizers if one != finalizer]
        await self._write(item, {"finalizers": kept or None})

    async def _write(self, item: Item, metadata: dict[str, Any]) -> None:
        held = item.metadata
        patch = {"metadata": {"uid": held.uid, "resourceVersion": held.resource_version, **metadata}}
        try:
            await self._client.patch(item.ref.of(held.name, held.namespace), orjson.dumps(patch), PatchType.MERGE)
        except ApiError as why:
            if why.reason != "NotFound":
                raise


def followed(resources: Iterable[Resource]) -> list[Ref]:
    """The resources whose objects can own and be owned, each once however many versions it is served in."""
    found: dict[tuple[str, str], Ref] = {}
    for resource in resources:
        kind = (resource.group, resource.plural)
        if {"list", "watch", "delete"} <= set(resource.verbs) and kind not in IGNORED:
            found.setdefault(kind, resource.ref())
    return list(found.values())


def as_dict(owner: OwnerReference) -> dict[str, Any]:
    """A reference as it stands in metadata."""
    fields: dict[str, Any] = {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": owner.controller,
        "blockOwnerDeletion": owner.block_owner_deletion,
    }
    return {key: value for key, value in fields.items() if value is not None}
