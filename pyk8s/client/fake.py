"""A client of an API server in memory: what the other rooms are tested with."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, already_exists, bad_request, forbidden, not_found
from pyk8s.api.refs import NAMESPACES, PODS, Ref
from pyk8s.client import fake_rules as rules
from pyk8s.client.fake_api import FakeApi, check_preconditions, now_text, viewed
from pyk8s.client.fake_patch import patched
from pyk8s.client.fake_selection import predicate
from pyk8s.client.interface import Binding, Listing, PatchType, View, WatchEvent

Object = dict[str, Any]


class FakeClient:
    """`interface.Client` on a `FakeApi`; `FakeClient()` has one to itself, as `client.api`.

    Every call gives way to other tasks once, as a real one would.
    """

    def __init__(self, api: FakeApi | None = None, user: str = "") -> None:
        self.api = api if api is not None else FakeApi()
        self.user = user
        self._suffixes = itertools.count()
        self._closed = False

    async def _enter(self, verb: str, ref: Ref, body: Object | None = None) -> None:
        await clock.sleep(0)
        self.api.enter(verb, ref, body or {})

    async def get(self, ref: Ref, *, view: View = View.OBJECT) -> bytes:
        """The object at `ref`, or its scale."""
        await self._enter("get", ref)
        held = self.api.held(ref)
        return orjson.dumps(_scale_of(held.obj)) if ref.subresource == "scale" else viewed(held, view)

    async def list(
        self,
        ref: Ref,
        *,
        labels: str = "",
        fields: str = "",
        limit: int = 0,
        continue_: str = "",
        resource_version: str = "",
        view: View = View.OBJECT,
    ) -> Listing:
        """The objects that match; pages are those of the collection as it stands."""
        await self._enter("list", ref)
        found = self.api.select(ref, predicate(ref.namespace, labels, fields))
        start = int(continue_ or 0)
        page = found[start : start + limit] if limit else found[start:]
        rest = len(found) - start - len(page)
        more = str(start + len(page)) if rest else ""
        return Listing([viewed(one, view) for one in page], str(self.api.revision), more, rest)

    async def watch(
        self,
        ref: Ref,
        *,
        resource_version: str,
        labels: str = "",
        fields: str = "",
        timeout: float = 0.0,
        view: View = View.OBJECT,
    ) -> AsyncIterator[Sequence[WatchEvent]]:
        """What happens to the collection after `resource_version`."""
        await self._enter("watch", ref)
        if ref.name:
            fields = ",".join(part for part in (fields, f"metadata.name={ref.name}") if part)
        matches = predicate(ref.namespace, labels, fields)
        async for batch in self.api.stream(ref, int(resource_version or 0), matches, timeout, view):
            yield batch

    async def create(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Create an object, a binding, an eviction or a token."""
        obj = orjson.loads(body)
        await self._enter("create", ref, obj)
        if ref.subresource:
            return await self._create_below(ref, obj)
        metadata = obj.get("metadata") or {}
        if not obj.get("kind") or not obj.get("apiVersion"):
            raise bad_request("Object 'Kind' or 'apiVersion' is missing")
        if metadata.get("namespace", "") not in ("", ref.namespace):
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        name = metadata.get("name") or (metadata.get("generateName", "") + f"{next(self._suffixes):05d}")
        ref = ref.of(name)
        self._check_namespace(ref)
        if self.api.has(ref):
            raise already_exists(ref.group, ref.resource, name)
        obj = rules.prepare_for_create(ref, obj, name=name, uid=str(uuid.uuid4()), now=now_text())
        return orjson.dumps(obj) if dry_run else self.api.write(ref, obj, None).body

    def _check_namespace(self, ref: Ref) -> None:
        space = self.api.object(NAMESPACES, ref.namespace) if ref.namespace else None
        if space and "deletionTimestamp" in space["metadata"]:
            why = f"unable to create new content in namespace {ref.namespace} because it is being terminated"
            refusal = forbidden(ref.group, ref.resource, ref.name, why)
            refusal.causes = (Cause("NamespaceTerminating", f"namespace {ref.namespace} is being terminated"),)
            raise refusal

    async def _create_below(self, ref: Ref, obj: Object) -> bytes:
        if ref.subresource == "binding":
            self._bind(ref, (obj.get("metadata") or {}).get("uid", ""), obj["target"]["name"])
            return _success()
        if ref.subresource == "eviction":
            return await self.delete(
                ref.sub(""), grace_seconds=(obj.get("deleteOptions") or {}).get("gracePeriodSeconds")
            )
        if ref.subresource == "token":
            self.api.held(ref)
            seconds = (obj.get("spec") or {}).get("expirationSeconds", 3600)
            status = {"token": f"fake-{ref.namespace}-{ref.name}", "expirationTimestamp": now_text(seconds)}
            return orjson.dumps({**obj, "status": status})
        raise not_found(ref.group, f"{ref.resource}/{ref.subresource}", ref.name)

    def _bind(self, ref: Ref, uid: str, node: str) -> None:
        held = self.api.held(ref)
        check_preconditions(ref, held.obj, uid, "")
        if (held.obj.get("spec") or {}).get("nodeName"):
            why = f"pod {ref.name} is already assigned to node {held.obj['spec']['nodeName']!r}"
            raise ApiError("Conflict", why, kind="pods", name=ref.name)
        condition = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now_text()}
        status = {**(held.obj.get("status") or {}), "conditions": [condition]}
        self.api.write(ref, {**held.obj, "spec": {**held.obj["spec"], "nodeName": node}, "status": status}, held)

    async def update(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Replace the object at `ref`, its status, its scale or its finalizers."""
        obj = orjson.loads(body)
        await self._enter("update", ref, obj)
        return self._write_over(ref, obj, dry_run)

    def _write_over(self, ref: Ref, obj: Object, dry_run: bool) -> bytes:
        held = self.api.held(ref)
        metadata = obj.get("metadata") or {}
        if metadata.get("name", ref.name) != ref.name:
            raise bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL")
        check_preconditions(ref, held.obj, metadata.get("uid", ""), metadata.get("resourceVersion", ""))
        if ref.subresource == "scale":
            spec = {**(held.obj.get("spec") or {}), "replicas": (obj.get("spec") or {}).get("replicas", 0)}
            stored = self._store(ref.sub(""), {**held.obj, "spec": spec}, dry_run)
            return orjson.dumps(_scale_of(orjson.loads(stored)))
        return self._store(ref, obj, dry_run)

    def _store(self, ref: Ref, obj: Object, dry_run: bool) -> bytes:
        held = self.api.held(ref)
        new = rules.prepare_for_update(ref, obj, held.obj)
        if rules.same(new, held.obj) and not rules.is_finished(new):
            return held.body
        return orjson.dumps(new) if dry_run else self.api.write(ref, new, held).body

    async def patch(
        self,
        ref: Ref,
        body: bytes,
        kind: PatchType = PatchType.MERGE,
        *,
        dry_run: bool = False,
        strict: bool = False,
        manager: str = "",
        force: bool = False,
    ) -> bytes:
        """Change the object at `ref` by a merge, strategic merge or JSON patch."""
        patch = orjson.loads(body)
        await self._enter("patch", ref, patch)
        held = self.api.held(ref).obj
        base = _scale_of(held) if ref.subresource == "scale" else held
        base = {**base, "metadata": rules.without(base["metadata"], "resourceVersion")}
        return self._write_over(ref, patched(ref, base, patch, kind), dry_run)

    async def delete(
        self,
        ref: Ref,
        *,
        grace_seconds: int | None = None,
        propagation: str = "",
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> bytes:
        """Delete the object at `ref`, or mark it as being deleted while somebody has to finish with it."""
        await self._enter("delete", ref)
        held = self.api.held(ref)
        check_preconditions(ref, held.obj, uid, resource_version)
        deadline = now_text(rules.grace_of(ref, held.obj, grace_seconds))
        obj = rules.prepare_for_delete(ref, held.obj, grace=grace_seconds, propagation=propagation, deadline=deadline)
        if dry_run or (rules.same(obj, held.obj) and not rules.is_finished(obj)):
            return held.body
        return self.api.write(ref, obj, held).body

    async def delete_collection(self, ref: Ref, *, labels: str = "", fields: str = "", propagation: str = "") -> None:
        """Delete every object of the collection that matches."""
        await self._enter("deletecollection", ref)
        for held in self.api.select(ref, predicate(ref.namespace, labels, fields)):
            metadata = held.obj["metadata"]
            await self.delete(ref.of(metadata["name"], metadata.get("namespace", "")), propagation=propagation)

    async def bind(self, bindings: Sequence[Binding]) -> Sequence[ApiError | None]:
        """Put pods on nodes; None where it was done."""
        results: list[ApiError | None] = []
        for one in bindings:
            ref = PODS.of(one.name, one.namespace)
            try:
                await self._enter("bind", ref, {"uid": one.uid, "node": one.node})
                self._bind(ref, one.uid, one.node)
                results.append(None)
            except ApiError as why:
                results.append(why)
        return results

    async def close(self) -> None:
        """Nothing to let go of; the api keeps its objects."""


def _success() -> bytes:
    return orjson.dumps({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"})


def _scale_of(obj: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key not in ("labels", "annotations")}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": (obj.get("spec") or {}).get("replicas", 0)},
        "status": {"replicas": (obj.get("status") or {}).get("replicas", 0)},
    }


async def until(client: FakeClient, condition: Any, *, seconds: float = 30.0) -> None:
    """Wait until `condition()` is true, looking again after every write; for tests. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await client.api.next_change()
