"""A gRPC door onto a fake API, over real mutual TLS on loopback."""

from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import Ref
from pyk8s.client.fake import FakeClient
from pyk8s.client.interface import Binding, PatchType, View
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc as rpc
from pyk8s.wire.codec import EVENT_NUMBERS, VIEWS, refusal
from pyk8s.wire.kubeconfig import Connection
from pyk8s.wire.pki import Authority
from pyk8s.wire.server import listen, make_server


def ref_value(message: pb.Ref) -> Ref:
    return Ref(message.group, message.version, message.resource, message.namespace, message.name, message.subresource)


async def refuse(context: grpc.aio.ServicerContext, why: ApiError) -> None:
    code, text, trailing = refusal(why)
    context.set_trailing_metadata(trailing)
    await context.abort(code, text)


class Door(rpc.ObjectsServicer):
    """Each call is handed to the fake client behind it."""

    def __init__(self, client: FakeClient, page: int = 2) -> None:
        self.client, self.page = client, page
        self.seen = []

    async def _answer(self, call, context):
        self.seen.append(dict(context.invocation_metadata()))
        try:
            return pb.ObjectReply(object=await call or b"", warnings=["as you like"])
        except ApiError as why:
            await refuse(context, why)

    async def Get(self, request, context):
        return await self._answer(self.client.get(ref_value(request.ref), view=View(VIEWS[request.view])), context)

    async def Create(self, request, context):
        options = request.options
        call = self.client.create(ref_value(request.ref), request.object, dry_run=options.dry_run)
        return await self._answer(call, context)

    async def Update(self, request, context):
        call = self.client.update(ref_value(request.ref), request.object, dry_run=request.options.dry_run)
        return await self._answer(call, context)

    async def Patch(self, request, context):
        kind = PatchType(request.content_type)
        call = self.client.patch(ref_value(request.ref), request.patch, kind, dry_run=request.options.dry_run)
        return await self._answer(call, context)

    async def Delete(self, request, context):
        call = self.client.delete(
            ref_value(request.ref),
            grace_seconds=request.grace_seconds if request.HasField("grace_seconds") else None,
            propagation=request.propagation,
            uid=request.uid,
            resource_version=request.resource_version,
            dry_run=request.dry_run,
        )
        return await self._answer(call, context)

    async def DeleteCollection(self, request, context):
        call = self.client.delete_collection(ref_value(request.ref), labels=request.labels, fields=request.fields)
        return await self._answer(call, context)

    async def Raw(self, request, context):
        return pb.ObjectReply(object=request.path.encode())

    async def Bind(self, request, context):
        bindings = [Binding(one.namespace, one.name, one.uid, one.node) for one in request.bindings]
        results = await self.client.bind(bindings)
        return pb.BatchReply(statuses=[orjson.dumps(why.status()) if why else b"" for why in results])

    async def List(self, request, context):
        try:
            listing = await self.client.list(
                ref_value(request.ref),
                labels=request.labels,
                fields=request.fields,
                limit=request.limit,
                continue_=getattr(request, "continue"),
                view=View(VIEWS[request.view]),
            )
        except ApiError as why:
            await refuse(context, why)
        items = list(listing.items)
        for start in range(0, max(1, len(items)), self.page):
            page = pb.ListPage(items=items[start : start + self.page], resource_version=listing.resource_version)
            if start + self.page >= len(items):
                setattr(page, "continue", listing.continue_)
                page.remaining = listing.remaining
            yield page

    async def Watch(self, request, context):
        try:
            async for batch in self.client.watch(
                ref_value(request.ref),
                resource_version=request.resource_version,
                labels=request.labels,
                fields=request.fields,
                timeout=request.timeout_seconds,
                view=View(VIEWS[request.view]),
            ):
                yield pb.WatchBatch(
                    events=[
                        pb.WatchEvent(
                            type=EVENT_NUMBERS[one.type], object=one.object, resource_version=one.resource_version
                        )
                        for one in batch
                    ]
                )
        except ApiError as why:
            await refuse(context, why)


@asynccontextmanager
async def opened(door: Door, folder: Path, *services):
    """The connection to a running server with `door`, and with what each of `services` adds to it."""
    authority = Authority.create("test")
    authority.pair.write(folder, "ca")
    cert, key = authority.issue("api", sans=["127.0.0.1"], server=True).write(folder, "api")
    server = make_server()
    rpc.add_ObjectsServicer_to_server(door, server)
    for add in services:
        add(server)
    port = listen(server, "127.0.0.1:0", cert_file=cert, key_file=key, client_ca_file=folder / "ca.crt")
    await server.start()
    alice = authority.issue("alice")
    connection = Connection("https://h", f"127.0.0.1:{port}", authority.certificate, alice.certificate, alice.key)
    try:
        yield connection
    finally:
        await server.stop(None)
