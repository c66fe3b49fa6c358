"""The API over gRPC: what our own components and the command line use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

import grpc.aio
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.caller import ONESELF, Caller
from pyk8s.client.interface import Binding, Listing, PatchType, View, WatchEvent
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc as service
from pyk8s.wire import channel as channels
from pyk8s.wire.codec import EVENT_TYPES, VIEW_NUMBERS, api_error, ref_message
from pyk8s.wire.kubeconfig import Connection

T = TypeVar("T")

SECONDS: Final = 60.0
"""How long one call may take; a watch lasts as long as it likes."""

VIEWS: Final = {view: pb.View.Name(VIEW_NUMBERS[view]) for view in View}


async def _answer(call: Awaitable[T]) -> T:
    try:
        return await call
    except grpc.aio.AioRpcError as why:
        raise api_error(why) from why


class GrpcClient:
    """`interface.Client` over one channel, which is opened by `wire.channel` and closed here.

    `caller` is as whom; `warned` is told each warning that the server sends beside an answer.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        caller: Caller = ONESELF,
        warned: Callable[[str], None] | None = None,
    ) -> None:
        self._channel = channel
        self._stub: Any = service.ObjectsStub(channel)  # type: ignore[no-untyped-call]
        self.caller = caller
        self._metadata = caller.metadata
        self._warned = warned

    @classmethod
    def connect(cls, connection: Connection, *, warned: Callable[[str], None] | None = None) -> GrpcClient:
        """A client of the server that `connection` names; it connects with the first call, and again after every loss.

        Raises pyk8s.wire.errors.KubeconfigInvalid when the connection has no gRPC address.
        """
        return cls(channels.connect(connection), caller=Caller(connection.token), warned=warned)

    @property
    def channel(self) -> grpc.aio.Channel:
        """The connection, for streams into containers over the same one."""
        return self._channel

    async def _object(self, call: Awaitable[pb.ObjectReply]) -> bytes:
        reply = await _answer(call)
        if self._warned is not None:
            for warning in reply.warnings:
                self._warned(warning)
        return reply.object

    async def get(self, ref: Ref, *, view: View = View.OBJECT) -> bytes:
        """The object at `ref`."""
        request = pb.GetRequest(ref=ref_message(ref), view=VIEWS[view])
        return await self._object(self._stub.Get(request, timeout=SECONDS, metadata=self._metadata))

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
        """The objects of the collection that match; all pages when `limit` is 0."""
        request = pb.ListRequest(
            ref=ref_message(ref),
            labels=labels,
            fields=fields,
            limit=limit,
            resource_version=resource_version,
            view=VIEWS[view],
        )
        setattr(request, "continue", continue_)
        items: list[bytes] = []
        last = pb.ListPage()
        try:
            async for page in self._stub.List(request, timeout=SECONDS, metadata=self._metadata):
                items.extend(page.items)
                last = page
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        return Listing(items, last.resource_version, getattr(last, "continue"), last.remaining)

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
        """Batches of events after `resource_version`; while the server is away, waits until it is back."""
        request = pb.WatchRequest(
            ref=ref_message(ref),
            labels=labels,
            fields=fields,
            resource_version=resource_version,
            timeout_seconds=timeout,
            view=VIEWS[view],
        )
        # Readers that resume a watch after an outage need not time their attempts by those of the channel.
        call = self._stub.Watch(request, metadata=self._metadata, wait_for_ready=True)
        try:
            async for batch in call:
                yield [WatchEvent(EVENT_TYPES[one.type], one.object, one.resource_version) for one in batch.events]
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        finally:
            call.cancel()  # the reader may have stopped in the middle

    async def create(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Create `body` in the collection `ref`, or in a subresource of an object."""
        request = pb.WriteRequest(ref=ref_message(ref), object=body, options=_options(dry_run, strict, manager))
        return await self._object(self._stub.Create(request, timeout=SECONDS, metadata=self._metadata))

    async def update(
        self, ref: Ref, body: bytes, *, dry_run: bool = False, strict: bool = False, manager: str = ""
    ) -> bytes:
        """Replace the object at `ref`."""
        request = pb.WriteRequest(ref=ref_message(ref), object=body, options=_options(dry_run, strict, manager))
        return await self._object(self._stub.Update(request, timeout=SECONDS, metadata=self._metadata))

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
        request = pb.PatchRequest(
            ref=ref_message(ref),
            patch=body,
            content_type=kind.value,
            options=_options(dry_run, strict, manager, force),
        )
        return await self._object(self._stub.Patch(request, timeout=SECONDS, metadata=self._metadata))

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
        request = pb.DeleteRequest(
            ref=ref_message(ref),
            grace_seconds=grace_seconds,
            propagation=propagation,
            uid=uid,
            resource_version=resource_version,
            dry_run=dry_run,
        )
        return await self._object(self._stub.Delete(request, timeout=SECONDS, metadata=self._metadata))

    async def delete_collection(self, ref: Ref, *, labels: str = "", fields: str = "", propagation: str = "") -> None:
        """Delete every object of the collection that matches."""
        request = pb.DeleteRequest(ref=ref_message(ref), labels=labels, fields=fields, propagation=propagation)
        await self._object(self._stub.DeleteCollection(request, timeout=SECONDS, metadata=self._metadata))

    async def bind(self, bindings: Sequence[Binding]) -> Sequence[ApiError | None]:
        """Put pods on nodes, many in one call; None where it was done."""
        request = pb.BindRequest(
            bindings=[pb.Binding(namespace=b.namespace, name=b.name, uid=b.uid, node=b.node) for b in bindings]
        )
        reply = await _answer(self._stub.Bind(request, timeout=SECONDS, metadata=self._metadata))
        return [ApiError.from_status(orjson.loads(status)) if status else None for status in reply.statuses]

    async def raw(self, path: str) -> bytes:
        """What stands at a path that is no resource: /version, /openapi/v3, …"""
        return await self._object(self._stub.Raw(pb.RawRequest(path=path), timeout=SECONDS, metadata=self._metadata))

    async def close(self) -> None:
        """Let go of the connection."""
        await self._channel.close()


def _options(dry_run: bool, strict: bool, manager: str, force: bool = False) -> pb.WriteOptions:
    validation = "Strict" if strict else ""
    return pb.WriteOptions(dry_run=dry_run, field_manager=manager, field_validation=validation, force=force)
