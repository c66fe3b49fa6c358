"""A client in the API server's own process: the same chain, no connection, one user.

The control plane's parts that run beside the API server use it; everything a door would ask is asked here too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, not_found
from pyk8s.api.refs import PODS, Ref
from pyk8s.api.resources import Resources
from pyk8s.apiserver.request import Answer, Handler, ListAnswer, Options, Request, Response, User, WatchAnswer
from pyk8s.client.interface import Binding, Listing, PatchType, View, WatchEvent


class LocalClient:
    """`client.interface.Client` on a handler. Warnings of the server are dropped."""

    def __init__(self, handler: Handler, user: User, resources: Resources) -> None:
        self._handler = handler
        self._user = user
        self._resources = resources
        self._closed = False

    async def _ask(self, verb: str, ref: Ref, options: Options, body: bytes = b"") -> Response:
        if self._closed:
            raise ApiError("ServiceUnavailable", "this client is closed")
        resource = self._resources.by_ref(ref)
        if resource is None:
            raise not_found(ref.group, ref.resource, ref.name)
        # Every call gives way once, as one over a connection would: a loop of calls must not starve the doors.
        await clock.sleep(0)
        return await self._handler(
            Request(
                verb=verb,
                resource=resource,
                namespace=ref.namespace,
                name=ref.name,
                subresource=ref.subresource,
                body=body,
                options=options,
                user=self._user,
            )
        )

    async def _object(self, verb: str, ref: Ref, options: Options, body: bytes = b"") -> bytes:
        answer = await self._ask(verb, ref, options, body)
        assert isinstance(answer, Answer), f"{verb} is answered with one object"
        return answer.body

    async def get(self, ref: Ref, *, view: View = View.OBJECT) -> bytes:
        """The object at `ref`."""
        return await self._object("get", ref, Options(view=view))

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
        """The objects of the collection that match; all when `limit` is 0."""
        options = Options(
            labels=labels,
            fields=fields,
            limit=limit,
            continue_=continue_,
            resource_version=resource_version,
            view=view,
        )
        answer = await self._ask("list", ref, options)
        assert isinstance(answer, ListAnswer), "a list is answered with a list"
        return Listing(answer.items, answer.resource_version, answer.continue_, answer.remaining)

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
        """Batches of events after `resource_version`, bookmarks included."""
        options = Options(
            resource_version=resource_version,
            labels=labels,
            fields=fields,
            timeout=timeout,
            bookmarks=True,
            view=view,
        )
        answer = await self._ask("watch", ref, options)
        assert isinstance(answer, WatchAnswer), "a watch is answered with a watch"
        try:
            async for batch in answer.batches:
                yield batch
        finally:
            await close(answer)

    async def create(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Create `body` in the collection `ref`, or in a subresource of an object."""
        return await self._object("create", ref, _writing(dry_run, strict, manager), body)

    async def update(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Replace the object at `ref`."""
        return await self._object("update", ref, _writing(dry_run, strict, manager), body)

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
        """Change the object at `ref` as the patch says."""
        return await self._object("patch", ref, _writing(dry_run, strict, manager, force, kind), body)

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
        """Delete the object at `ref`."""
        options = Options(
            grace_seconds=grace_seconds,
            propagation=propagation,
            uid=uid,
            resource_version=resource_version,
            dry_run=dry_run,
        )
        return await self._object("delete", ref, options)

    async def delete_collection(self, ref: Ref, *, labels: str = "", fields: str = "", propagation: str = "") -> None:
        """Delete every object of the collection that matches."""
        options = Options(labels=labels, fields=fields, propagation=propagation)
        await self._object("deletecollection", ref, options)

    async def bind(self, bindings: Sequence[Binding]) -> Sequence[ApiError | None]:
        """Put pods on nodes, all under way at once; None where it was done."""

        async def one(binding: Binding) -> ApiError | None:
            ref = PODS.of(binding.name, binding.namespace).sub("binding")
            target = {"apiVersion": "v1", "kind": "Node", "name": binding.node}
            metadata = {"name": binding.name, "namespace": binding.namespace, "uid": binding.uid}
            body = {"kind": "Binding", "apiVersion": "v1", "metadata": metadata, "target": target}
            try:
                await self.create(ref, orjson.dumps(body))
            except ApiError as error:
                return error
            return None

        return await asyncio.gather(*(one(binding) for binding in bindings))

    async def close(self) -> None:
        """Answer nothing any more; watches that are open go on until their readers let go."""
        self._closed = True


def _writing(
    dry_run: bool, strict: bool, manager: str, force: bool = False, kind: PatchType = PatchType.MERGE
) -> Options:
    validation = "Strict" if strict else ""
    return Options(dry_run=dry_run, field_validation=validation, manager=manager, force=force, patch_type=kind)


async def close(answer: WatchAnswer) -> None:
    """Let go of a watch before its end."""
    aclose = getattr(answer.batches, "aclose", None)
    if aclose is not None:
        await aclose()
