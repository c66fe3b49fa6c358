"""The `Objects` service over a real connection, before a handler that answers what the test wants."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import orjson
import pytest

from pyk8s.api.errors import ApiError, conflict, not_found
from pyk8s.api.refs import CONFIG_MAPS, DEPLOYMENTS, NODES, PODS, Ref
from pyk8s.apiserver.grpc.objects import MAX_BATCH, PAGE_BYTES, batch_of, cut, pages
from pyk8s.apiserver.grpc.server import Door, Files
from pyk8s.apiserver.request import Answer, Document, Impersonation, ListAnswer, Options, WatchAnswer
from pyk8s.client.caller import Caller
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.interface import Binding, PatchType, View, WatchEvent
from pyk8s.client.streams import Container, Streams
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.gen.pyk8s.v1 import objects_pb2_grpc as rpc
from pyk8s.wire.codec import ref_message
from pyk8s.wire.kubeconfig import Connection
from pyk8s.wire.pki import Authority, Identity
from tests.apiserver.makers import RESOURCES, Recorder, refused

WEB = PODS.of("web", "shop")


@asynccontextmanager
async def opened(folder, handler, **client):
    """A client of a gRPC door before `handler`."""
    authority = Authority.create("test")
    ca, _ = authority.pair.write(folder, "ca")
    cert, key = authority.issue("api", sans=["127.0.0.1"], server=True).write(folder, "api")
    door = Door(handler, RESOURCES, Files(cert, key, ca))
    port = door.listen("127.0.0.1", 0)
    await door.start()
    pair = authority.issue("alice", ["dev"])
    connection = Connection("", f"127.0.0.1:{port}", authority.certificate, pair.certificate, pair.key, **client)
    made = GrpcClient.connect(connection)
    try:
        yield made
    finally:
        await made.close()
        await door.close(0)


@pytest.fixture
async def door(tmp_path):
    """(client, recorder of what came through)."""
    seen = Recorder()
    async with opened(tmp_path, seen) as made:
        yield made, seen


async def test_a_get_becomes_a_request(door):
    client, seen = door
    assert await client.get(DEPLOYMENTS.of("web", "shop").sub("scale"), view=View.TABLE) == b"{}"
    (request,) = seen.asked
    assert (request.verb, request.resource.plural, request.namespace, request.name) == (
        "get",
        "deployments",
        "shop",
        "web",
    )
    assert (request.subresource, request.options.view) == ("scale", View.TABLE)
    assert request.peer.certificate == Identity("alice", ("dev",))
    assert request.user is None
    assert request.id


async def test_a_token_travels_in_the_metadata(tmp_path):
    seen = Recorder()
    async with opened(tmp_path, seen, token="abc") as client:
        await client.get(WEB)
    assert (seen.asked[0].peer.bearer, seen.asked[0].peer.certificate.name) == ("abc", "alice")


async def test_a_wish_to_impersonate_travels_in_the_metadata(tmp_path):
    seen = Recorder()
    async with opened(tmp_path, seen) as client:
        acting = GrpcClient(client.channel, caller=Caller("abc", "bob ü", ("a", "b"), "7"))
        await acting.get(WEB)
        with pytest.raises(ApiError, match="no answer to a log"):
            await anext(Streams(client.channel, acting.caller).logs(Container("shop", "web")))
    for request in seen.asked:
        assert (request.peer.bearer, request.peer.certificate.name) == ("abc", "alice")
        assert request.peer.impersonate == Impersonation("bob ü", ("a", "b"), "7")
    assert len(seen.asked) == 2


async def test_groups_without_a_user_to_impersonate_are_refused(tmp_path):
    seen = Recorder()
    async with opened(tmp_path, seen) as client:
        error = await refused(GrpcClient(client.channel, caller=Caller(groups=("system:masters",))).get(WEB))
    assert (error.code, seen.asked) == (400, [])


async def test_a_name_that_is_no_text_is_refused(tmp_path):
    seen = Recorder()
    async with opened(tmp_path, seen) as client:
        stub = rpc.ObjectsStub(client.channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Get(pb.GetRequest(ref=ref_message(WEB)), metadata=(("impersonate-user-bin", b"\xff"),))
    assert "must be text" in caught.value.details()
    assert seen.asked == []


async def test_what_a_write_says(door):
    client, seen = door
    await client.create(PODS.within("shop"), b"1", dry_run=True, strict=True, manager="me")
    await client.update(WEB, b"2")
    await client.patch(WEB.sub("status"), b"3", PatchType.JSON, force=True)
    create, update, patch = seen.asked
    assert (create.verb, create.body) == ("create", b"1")
    assert create.options == Options(dry_run=True, manager="me", field_validation="Strict")
    assert (update.verb, update.name, update.body) == ("update", "web", b"2")
    assert (patch.verb, patch.subresource, patch.body) == ("patch", "status", b"3")
    assert patch.options == Options(patch_type=PatchType.JSON, force=True)


async def test_what_a_delete_says(door):
    client, seen = door
    await client.delete(WEB, grace_seconds=0, propagation="Orphan", uid="u", resource_version="5", dry_run=True)
    await client.delete(WEB)
    await client.delete_collection(PODS.within("shop"), labels="a=b", fields="c=d")
    full, plain, collection = seen.asked
    assert full.options == Options(grace_seconds=0, propagation="Orphan", uid="u", resource_version="5", dry_run=True)
    assert plain.options == Options()
    assert (collection.verb, collection.options.labels, collection.options.fields) == ("deletecollection", "a=b", "c=d")


REFUSED = [
    (Ref("", "v1", "widgets", "a", "w"), 404),
    (PODS.of("web"), 400),
    (NODES.of("n", "shop"), 400),
    (PODS.within("shop"), 400),
]


@pytest.mark.parametrize(("ref", "code"), REFUSED)
async def test_a_reference_to_nothing_is_refused_before_the_handler(door, ref, code):
    client, seen = door
    assert (await refused(client.get(ref))).code == code
    assert seen.asked == []


async def test_a_refusal_reaches_the_client_whole(tmp_path):
    async with opened(tmp_path, Recorder(conflict("", "pods", "web", "it changed"))) as client:
        error = await refused(client.update(WEB, b"{}"))
    assert (error.code, error.reason, error.name) == (409, "Conflict", "web")


async def test_an_answer_of_the_wrong_kind_is_our_mistake(tmp_path):
    async with opened(tmp_path, Recorder(WatchAnswer(None))) as client:
        assert (await refused(client.get(WEB))).code == 500
        assert (await refused(client.list(PODS))).code == 500


async def test_warnings_come_beside_the_answer(tmp_path):
    async def handler(request):
        request.warnings.append("deprecated")
        return Answer(b"{}")

    said = []
    async with opened(tmp_path, handler) as client:
        client._warned = said.append
        await client.get(WEB)
    assert said == ["deprecated"]


async def test_a_list_comes_in_pages_and_says_how_to_go_on(tmp_path):
    items = [b"x" * (PAGE_BYTES // 3)] * 7
    seen = Recorder(ListAnswer("PodList", "v1", items, "42", "token", 9))
    async with opened(tmp_path, seen) as client:
        found = await client.list(PODS, labels="a=b", fields="c=d", limit=7, continue_="t", resource_version="1")
    assert (list(found.items), found.resource_version, found.continue_, found.remaining) == (items, "42", "token", 9)
    options = seen.asked[0].options
    assert (options.labels, options.fields, options.limit, options.continue_) == ("a=b", "c=d", 7, "t")
    assert options.resource_version == "1"


def test_pages_are_of_a_bounded_size_and_there_is_always_a_last_one():
    made = list(pages(ListAnswer("PodList", "v1", [b"x" * PAGE_BYTES, b"y", b"z"], "1")))
    assert [len(page.items) for page in made] == [1, 2]
    assert [len(page.items) for page in pages(ListAnswer("PodList", "v1", [], "1"))] == [0]


def event(kind="ADDED", body=b"{}", version="1"):
    return WatchEvent(kind, body, version)


def test_a_batch_is_cut_where_it_grows_too_big():
    big = event(body=b"x" * PAGE_BYTES)
    assert [len(run) for run in cut([event(), big, event(), event()])] == [1, 1, 2]
    assert list(cut([])) == []


def test_events_keep_their_types():
    made = batch_of([event(kind) for kind in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK")])
    assert [one.type for one in made.events] == [
        pb.EVENT_ADDED,
        pb.EVENT_MODIFIED,
        pb.EVENT_DELETED,
        pb.EVENT_BOOKMARK,
    ]


class Watch:
    """A watch the test feeds; remembers whether it was let go."""

    def __init__(self, *batches):
        self.queue = asyncio.Queue()
        for batch in batches:
            self.queue.put_nowait(batch)
        self.closed = asyncio.Event()

    def __aiter__(self):
        return self

    async def __anext__(self):
        batch = await self.queue.get()
        if batch is None:
            raise StopAsyncIteration
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self):
        self.closed.set()


async def test_a_watch_until_the_server_ends_it(tmp_path):
    watch = Watch([event(), event("DELETED", b"2", "2")], None)
    seen = Recorder(WatchAnswer(watch))
    async with opened(tmp_path, seen) as client:
        found = [one async for batch in client.watch(CONFIG_MAPS, resource_version="5", labels="a=b") for one in batch]
    assert found == [event(), event("DELETED", b"2", "2")]
    assert watch.closed.is_set()
    options = seen.asked[0].options
    assert (options.resource_version, options.labels, options.bookmarks) == ("5", "a=b", True)


async def test_a_watch_that_must_begin_anew(tmp_path):
    watch = Watch([event()], ApiError("Expired", "too old"))

    async def follow(client):
        return [batch async for batch in client.watch(PODS, resource_version="1")]

    async with opened(tmp_path, Recorder(WatchAnswer(watch))) as client:
        assert (await refused(follow(client))).code == 410
    assert watch.closed.is_set()


async def test_a_watch_is_let_go_when_its_client_leaves(tmp_path):
    watch = Watch([event()])
    async with opened(tmp_path, Recorder(WatchAnswer(watch))) as client:
        following = client.watch(PODS, resource_version="1")
        await anext(following)
        await following.aclose()
        await asyncio.wait_for(watch.closed.wait(), 30)


async def test_every_binding_succeeds_or_fails_by_itself(tmp_path):
    bodies = []

    async def handler(request):
        if request.name == "gone":
            raise not_found("", "pods", "gone")
        assert (request.verb, request.subresource) == ("create", "binding")
        bodies.append(orjson.loads(request.body))
        return Answer(b"{}", 201)

    async with opened(tmp_path, handler) as client:
        outcome = await client.bind([Binding("shop", name, "u", "node-1") for name in ("a", "gone", "b")])
    assert [error.code if error else None for error in outcome] == [None, 404, None]
    assert bodies[0]["target"]["name"] == "node-1"
    assert bodies[0]["metadata"]["uid"] == "u"


async def test_many_statuses_in_one_call(door):
    client, seen = door
    patch = pb.PatchRequest(ref=ref_message(WEB), patch=b"{}", content_type=PatchType.MERGE.value)
    reply = await rpc.ObjectsStub(client.channel).PatchStatus(pb.PatchStatusRequest(patches=[patch, patch]))
    assert list(reply.statuses) == [b"", b""]
    assert {(one.verb, one.subresource) for one in seen.asked} == {("patch", "status")}


async def test_a_batch_has_a_limit(door):
    client, seen = door
    binding = Binding("a", "b", "c", "d")
    assert (await refused(client.bind([binding] * (MAX_BATCH + 1)))).code == 413
    assert seen.asked == []


async def test_a_patch_of_no_kind_is_refused(door):
    client, _ = door
    asking = client._object(client._stub.Patch(pb.PatchRequest(ref=ref_message(WEB), content_type="text/plain")))
    assert (await refused(asking)).code == 415


async def test_documents_by_path(tmp_path):
    seen = Recorder(Document(b'{"major":"1"}'))
    async with opened(tmp_path, seen) as client:
        assert await client.raw("/version") == b'{"major":"1"}'
    assert (seen.asked[0].path, seen.asked[0].resource) == ("/version", None)
