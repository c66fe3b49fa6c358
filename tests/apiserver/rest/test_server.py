import asyncio
import gzip

import aiohttp
import orjson
import pytest

from pyk8s.api.errors import ApiError, conflict
from pyk8s.apiserver.request import Connected, Document, Impersonation, ListAnswer, StreamAnswer, WatchAnswer
from pyk8s.apiserver.rest.server import MAX_BODY
from pyk8s.client.interface import PatchType, View, WatchEvent
from pyk8s.wire.errors import WireError
from pyk8s.wire.pki import Identity
from tests.apiserver.makers import Recorder
from tests.apiserver.rest.doors import opened

POD = "/api/v1/namespaces/shop/pods/web"
PODS = "/api/v1/namespaces/shop/pods"


@pytest.fixture
async def door(tmp_path):
    """(door, recorder of what came through)."""
    seen = Recorder()
    async with opened(tmp_path, seen) as made:
        yield made, seen


async def test_a_read_becomes_a_request(door):
    made, seen = door
    async with made.ask("GET", f"{POD}?resourceVersion=5", headers={"traceparent": "00-1-2-3"}) as answer:
        assert (answer.status, await answer.read()) == (200, b"{}")
    (request,) = seen.asked
    assert (request.verb, request.resource.plural, request.namespace, request.name) == ("get", "pods", "shop", "web")
    assert (request.options.resource_version, request.trace) == ("5", "00-1-2-3")
    assert request.user is None
    assert request.peer.certificate == Identity("alice", ("dev",))
    assert request.peer.address == "127.0.0.1"
    assert answer.headers["Audit-Id"] == request.id


async def test_a_write_carries_its_body_and_who_manages_the_fields(door):
    made, seen = door
    headers = {"Content-Type": "application/json", "User-Agent": "kubectl/v1.37.0 (linux)"}
    async with made.ask("POST", f"{PODS}?dryRun=All", data=b'{"a":1}', headers=headers):
        pass
    (request,) = seen.asked
    assert (request.verb, request.body) == ("create", b'{"a":1}')
    assert (request.options.manager, request.options.dry_run) == ("kubectl", True)


async def test_yaml_and_protobuf_bodies_arrive_as_json(door):
    made, seen = door
    namespace = bytes.fromhex("6b387300 0a0f 0a027631 12094e616d657370616365 120a 0a08 0a0473686f70 1200")
    for kind, body in (("application/yaml", b"a: 1"), ("application/vnd.kubernetes.protobuf", namespace)):
        async with made.ask("POST", "/api/v1/namespaces", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == 200
    assert seen.asked[0].body == b'{"a":1}'
    assert orjson.loads(seen.asked[1].body) == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


@pytest.mark.parametrize("kind", [PatchType.JSON, PatchType.MERGE, PatchType.STRATEGIC])
async def test_a_patch_says_of_what_kind_it_is(door, kind):
    made, seen = door
    async with made.ask("PATCH", POD, data=b"[]", headers={"Content-Type": kind.value}):
        pass
    assert (seen.asked[0].options.patch_type, seen.asked[0].body) == (kind, b"[]")


async def test_a_delete_carries_its_options_and_no_list_version(door):
    made, seen = door
    async with made.ask("DELETE", f"{POD}?resourceVersion=7", json={"gracePeriodSeconds": 0}) as answer:
        assert answer.status == 200
    async with made.ask("DELETE", POD):
        pass
    assert orjson.loads(seen.asked[0].body) == {"gracePeriodSeconds": 0}
    assert seen.asked[0].options.resource_version == ""
    assert seen.asked[1].body == b""


async def test_a_table_is_asked_for_by_accept(door):
    made, seen = door
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    async with made.ask("GET", PODS, headers={"Accept": accept}):
        pass
    assert seen.asked[0].options.view is View.TABLE


async def test_an_escaped_name_is_read(door):
    made, seen = door
    name = "system%3Anode"
    url = aiohttp.client.URL(f"{made.url}/apis/rbac.authorization.k8s.io/v1/clusterroles/{name}", encoded=True)
    async with made.session.get(url):
        pass
    assert seen.asked[0].name == "system:node"


async def test_a_token_and_a_wish_to_impersonate_travel_with_the_request(door):
    made, seen = door
    headers = [
        ("Authorization", "Bearer abc"),
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Extra-Team%2fName", "x"),
    ]
    async with made.ask("GET", POD, headers=headers):
        pass
    peer = seen.asked[0].peer
    assert (peer.bearer, peer.certificate.name) == ("abc", "alice")
    assert peer.impersonate == Impersonation("bob", ("a", "b"), "7", (("team/name", ("x",)),))


async def test_groups_without_a_user_to_impersonate_are_refused(door):
    made, _ = door
    async with made.ask("GET", POD, headers={"Impersonate-Group": "system:masters"}) as answer:
        assert answer.status == 400


async def test_a_client_without_a_certificate_is_only_a_stranger(door):
    made, seen = door
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{made.url}{POD}", ssl=made.context()):
        pass
    assert seen.asked[0].peer.certificate is None


REFUSED = [
    ("POST", PODS, {"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
    ("POST", PODS, {"data": b"x" * (MAX_BODY + 1)}, 413),
    ("PATCH", POD, {"data": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
    ("GET", POD, {"headers": {"Accept": "text/html"}}, 406),
    ("PUT", PODS, {"data": b"{}"}, 405),
    ("GET", f"{PODS}?limit=x", {}, 400),
]


@pytest.mark.parametrize(("method", "path", "more", "code"), REFUSED)
async def test_what_cannot_be_a_request_is_refused_before_the_handler(door, method, path, more, code):
    made, seen = door
    async with made.ask(method, path, **more) as answer:
        status = orjson.loads(await answer.read())
    assert (answer.status, status["code"], status["kind"]) == (code, code, "Status")
    assert seen.asked == []


async def test_an_error_is_answered_as_a_status_with_the_warnings(tmp_path):
    async def handler(request):
        request.warnings.append("deprecated")
        raise conflict("", "pods", "web", "it changed")

    async with opened(tmp_path, handler) as made, made.ask("GET", POD) as answer:
        assert (answer.status, orjson.loads(await answer.read())["reason"]) == (409, "Conflict")
        assert answer.headers["Warning"] == '299 - "deprecated"'


async def test_a_mistake_of_ours_is_a_500_that_tells_nothing(tmp_path):
    async with opened(tmp_path, Recorder(ValueError("secret"))) as made, made.ask("GET", POD) as answer:
        said = await answer.text()
    assert answer.status == 500
    assert "secret" not in said


async def test_a_big_list_is_compressed_for_who_takes_it(tmp_path):
    items = [b'{"x":"' + b"a" * 1000 + b'"}'] * 200
    async with opened(tmp_path, Recorder(ListAnswer("PodList", "v1", items, "1"))) as made:
        request = made.ask("GET", PODS, headers={"Accept-Encoding": "gzip"}, auto_decompress=False)
        async with request as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert len(orjson.loads(gzip.decompress(await answer.read()))["items"]) == 200


async def test_documents_have_their_own_types_and_paths(tmp_path):
    seen = Recorder(Document(b"# metrics", "text/plain", "T1"))
    async with opened(tmp_path, seen) as made:
        async with made.ask("GET", "/metrics?x=1", headers={"Accept": "text/plain"}) as answer:
            assert (answer.content_type, await answer.read()) == ("text/plain", b"# metrics")
        async with made.ask("GET", "/metrics", headers={"If-None-Match": '"T1"'}) as answer:
            assert answer.status == 304
    assert (seen.asked[0].path, seen.asked[0].accept, seen.asked[0].resource) == ("/metrics?x=1", "text/plain", None)


class Events:
    """A watch that is fed by the test; remembers whether it was let go."""

    def __init__(self):
        self.queue = asyncio.Queue()
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

    async def aclose(self):
        self.closed.set()


async def test_a_watch_is_lines_of_json_as_they_come(tmp_path):
    events = Events()
    async with opened(tmp_path, Recorder(WatchAnswer(events))) as made:
        async with made.ask("GET", f"{PODS}?watch=true") as answer:
            for number in (1, 2):
                events.queue.put_nowait([WatchEvent("ADDED", b'{"n":%d}' % number, "1")])
                line = orjson.loads(await asyncio.wait_for(answer.content.readline(), 30))
                assert line == {"type": "ADDED", "object": {"n": number}}
            events.queue.put_nowait(ApiError("Expired", "too old"))
            line = orjson.loads(await asyncio.wait_for(answer.content.readline(), 30))
            assert (line["type"], line["object"]["code"]) == ("ERROR", 410)
            assert await answer.content.read() == b""
        await asyncio.wait_for(events.closed.wait(), 30)


async def test_a_watch_is_let_go_when_its_client_leaves(tmp_path):
    events = Events()
    async with opened(tmp_path, Recorder(WatchAnswer(events))) as made:
        async with made.ask("GET", f"{PODS}?watch=1") as answer:
            assert answer.status == 200
            answer.close()
        await asyncio.wait_for(events.closed.wait(), 30)


async def chunks(*parts):
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


async def test_a_log_comes_in_pieces_and_its_parameters_go_in(tmp_path):
    seen = Recorder(StreamAnswer(chunks(b"one\n", b"two\n")))
    async with opened(tmp_path, seen) as made, made.ask("GET", f"{POD}/log?tailLines=5&container=c") as answer:
        assert (answer.content_type, await answer.read()) == ("text/plain", b"one\ntwo\n")
    assert seen.asked[0].parameters == {"tailLines": ["5"], "container": ["c"]}


async def test_a_log_that_fails_at_once_is_an_error_and_later_ends_the_answer(tmp_path):
    failed = ApiError("BadRequest", "waiting to start")
    async with (
        opened(tmp_path, Recorder(StreamAnswer(chunks(failed)))) as made,
        made.ask("GET", f"{POD}/log") as answer,
    ):
        assert (answer.status, orjson.loads(await answer.read())["message"]) == (400, "waiting to start")
    (tmp_path / "b").mkdir()
    later = Recorder(StreamAnswer(chunks(b"one\n", failed)))
    async with opened(tmp_path / "b", later) as made, made.ask("GET", f"{POD}/log") as answer:
        assert await answer.read() == b"one\n\nwaiting to start\n"


async def test_a_request_is_cancelled_when_its_client_leaves(tmp_path):
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request):
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with opened(tmp_path, handler) as made:
        asking = asyncio.create_task(made.session.get(f"{made.url}{POD}"))
        await asyncio.wait_for(begun.wait(), 30)
        asking.cancel()
        await asyncio.wait_for(cancelled.wait(), 30)


async def test_a_taken_port_is_said(door, tmp_path):
    made, _ = door
    port = int(made.url.rsplit(":", 1)[1])
    with pytest.raises(WireError, match=str(port)):
        await made.door.listen("127.0.0.1", port, made.context())


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "Upgrade request required"),
        ({"Upgrade": "SPDY/3.1", "Connection": "Upgrade"}, "SPDY upgrade is not served"),
    ],
)
async def test_exec_without_a_websocket_is_refused_clearly(tmp_path, headers, says):
    handler = Recorder(Connected(lambda port: None))
    path = f"{POD}/exec?command=ls&stdout=1"
    async with opened(tmp_path, handler) as made, made.ask("POST", path, headers=headers) as answer:
        assert answer.status == 400
        assert says in await answer.text()
