"""The `Objects` service: each method makes a request, hands it to the chain, and sends back what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, TypeVar

import orjson

from pyk8s.api.errors import ApiError, internal
from pyk8s.api.resources import Resources
from pyk8s.apiserver.chain.frame import new_id
from pyk8s.apiserver.grpc import requests
from pyk8s.apiserver.grpc.peers import Peers
from pyk8s.apiserver.request import Answer, Document, Handler, ListAnswer, Peer, Request, WatchAnswer
from pyk8s.client.interface import WatchEvent
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc as rpc
from pyk8s.observe import logs
from pyk8s.wire.codec import EVENT_NUMBERS, refusal

log = logs.get("apiserver.grpc")

PAGE_BYTES = 2 * 1024 * 1024
"""About how many bytes of objects go into one message."""

MAX_BATCH = 5_000
"""Members of the largest Bind or PatchStatus."""

Context = Any
T = TypeVar("T")


async def refuse(context: Context, error: ApiError) -> None:
    """End a call with `error`: its gRPC status, and the Status itself in the trailing metadata."""
    code, text, trailing = refusal(error)
    context.set_trailing_metadata(trailing)
    await context.abort(code, text)


class Objects(rpc.ObjectsServicer):
    """Get, List, Watch, Create, Update, Patch, Delete, Bind and their kin."""

    def __init__(self, handler: Handler, resources: Resources, peers: Peers) -> None:
        self._handler = handler
        self._resources = resources
        self._peers = peers

    async def Get(self, request: pb.GetRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """One object."""
        return await self._one(
            context, lambda peer: self._request(request.ref, "get", peer, requests.get_options(request))
        )

    async def List(self, request: pb.ListRequest, context: Context) -> None:  # noqa: N802
        """The objects of a collection, in messages of a bounded size; only the last says how to go on."""
        try:
            made = self._request(request.ref, "list", self._peers.of(context), requests.list_options(request))
            answer = await self._handler(made)
            if not isinstance(answer, ListAnswer):
                raise internal(f"{type(answer).__name__} is no answer to a list")
        except ApiError as error:
            return await refuse(context, error)
        for page in pages(answer):
            await context.write(page)
        return None

    async def Watch(self, request: pb.WatchRequest, context: Context) -> None:  # noqa: N802
        """Batches of events until the client, the time limit or the server ends it."""
        try:
            made = self._request(request.ref, "watch", self._peers.of(context), requests.watch_options(request))
            answer = await self._handler(made)
            if not isinstance(answer, WatchAnswer):
                raise internal(f"{type(answer).__name__} is no answer to a watch")
            # The headers tell the client that the watch is open before anything happens.
            await context.send_initial_metadata(())
            await _send_batches(context, answer.batches)
        except ApiError as error:
            await refuse(context, error)

    async def Create(self, request: pb.WriteRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """A new object, or a subresource that is created (binding, eviction, token)."""
        return await self._one(context, lambda peer: self._write(request, "create", peer))

    async def Update(self, request: pb.WriteRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """An object replaced."""
        return await self._one(context, lambda peer: self._write(request, "update", peer))

    async def Patch(self, request: pb.PatchRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """An object changed."""
        return await self._one(context, lambda peer: self._patch(request, peer))

    async def Delete(self, request: pb.DeleteRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """An object deleted."""
        options = requests.delete_options(request)
        return await self._one(context, lambda peer: self._request(request.ref, "delete", peer, options))

    async def DeleteCollection(self, request: pb.DeleteRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """Every matching object of a collection deleted."""
        options = requests.delete_options(request)
        return await self._one(context, lambda peer: self._request(request.ref, "deletecollection", peer, options))

    async def Bind(self, request: pb.BindRequest, context: Context) -> pb.BatchReply:  # noqa: N802
        """Pods put on nodes, each by a request of its own."""
        return await self._batch(context, request.bindings, self._binding)

    async def PatchStatus(self, request: pb.PatchStatusRequest, context: Context) -> pb.BatchReply:  # noqa: N802
        """The status of many objects changed, each by a request of its own."""
        return await self._batch(context, request.patches, self._status)

    async def Raw(self, request: pb.RawRequest, context: Context) -> pb.ObjectReply:  # noqa: N802
        """What stands at a path that is no resource."""
        return await self._one(
            context,
            lambda peer: Request(verb="get", path=request.path, peer=peer, id=new_id(), accept="application/json"),
        )

    async def _one(self, context: Context, make: Callable[[Peer], Request]) -> pb.ObjectReply:
        try:
            made = make(self._peers.of(context))
            answer = await self._handler(made)
        except ApiError as error:
            await refuse(context, error)
            raise
        if isinstance(answer, Answer | Document):
            return pb.ObjectReply(object=answer.body, code=answer.code, warnings=made.warnings)
        if isinstance(answer, ListAnswer):
            # A deletecollection answers with what it deleted; over this door its count is enough.
            return pb.ObjectReply(code=200, warnings=made.warnings)
        await refuse(context, internal(f"{type(answer).__name__} is no answer to {made.verb}"))
        raise AssertionError("a refused call does not go on")

    def _request(self, ref: pb.Ref, verb: str, peer: Peer, options: Any, body: bytes = b"") -> Request:
        return requests.request_of(self._resources, ref, verb, peer, options, body)

    def _write(self, message: pb.WriteRequest, verb: str, peer: Peer) -> Request:
        return self._request(message.ref, verb, peer, requests.write_options(message.options), message.object)

    def _patch(self, message: pb.PatchRequest, peer: Peer) -> Request:
        return self._request(message.ref, "patch", peer, requests.patch_options(message), message.patch)

    def _binding(self, message: pb.Binding, peer: Peer) -> Request:
        body = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": message.name, "namespace": message.namespace, "uid": message.uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": message.node},
        }
        ref = pb.Ref(
            version="v1", resource="pods", namespace=message.namespace, name=message.name, subresource="binding"
        )
        return self._request(ref, "create", peer, requests.NONE, orjson.dumps(body))

    def _status(self, message: pb.PatchRequest, peer: Peer) -> Request:
        if not message.ref.subresource:
            message.ref.subresource = "status"
        return self._patch(message, peer)

    async def _batch(self, context: Context, members: Sequence[T], make: Callable[[T, Peer], Request]) -> pb.BatchReply:
        if len(members) > MAX_BATCH:
            error = ApiError("RequestEntityTooLarge", f"{len(members)} members are over the limit of {MAX_BATCH}")
            await refuse(context, error)
        peer = self._peers.of(context)
        statuses = await asyncio.gather(*(self._status_of(make, member, peer) for member in members))
        return pb.BatchReply(statuses=statuses)

    async def _status_of(self, make: Callable[[T, Peer], Request], member: T, peer: Peer) -> bytes:
        try:
            await self._handler(make(member, peer))
        except ApiError as error:
            return orjson.dumps(error.status())
        return b""


def pages(answer: ListAnswer) -> Iterator[pb.ListPage]:
    """A list as messages of about PAGE_BYTES; there is always a last one, which says version and how to go on."""
    items: list[bytes] = []
    size = 0
    for item in answer.items:
        if items and size + len(item) > PAGE_BYTES:
            yield pb.ListPage(items=items, resource_version=answer.resource_version)
            items, size = [], 0
        items.append(item)
        size += len(item)
    last = pb.ListPage(items=items, resource_version=answer.resource_version, remaining=answer.remaining)
    setattr(last, "continue", answer.continue_)
    yield last


def batch_of(events: Sequence[WatchEvent]) -> pb.WatchBatch:
    """Watch events as a message."""
    batch = pb.WatchBatch()
    for event in events:
        batch.events.add(type=EVENT_NUMBERS[event.type], object=event.object, resource_version=event.resource_version)
    return batch


def cut(events: Sequence[WatchEvent]) -> Iterator[Sequence[WatchEvent]]:
    """`events` in runs of about PAGE_BYTES."""
    begin, size = 0, 0
    for at, event in enumerate(events):
        if at > begin and size + len(event.object) > PAGE_BYTES:
            yield events[begin:at]
            begin, size = at, 0
        size += len(event.object)
    if begin < len(events):
        yield events[begin:]


async def _send_batches(context: Context, batches: AsyncIterator[Sequence[WatchEvent]]) -> None:
    try:
        async for events in batches:
            for run in cut(events):
                await context.write(batch_of(run))
    finally:
        await let_go(batches)


async def let_go(source: object) -> None:
    """Close what was read from: a generator, or a watch that knows how to."""
    if (aclose := getattr(source, "aclose", None)) is not None:
        await asyncio.shield(aclose())
    elif (close := getattr(source, "close", None)) is not None:
        close()
