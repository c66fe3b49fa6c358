"""The `Streams` service over a real connection: opened by way of the handler, frames carried as they are."""

import asyncio

import grpc
import pytest

from pyk8s.api.errors import ApiError, bad_request, forbidden
from pyk8s.apiserver.grpc.streams import log_parameters, open_parameters
from pyk8s.apiserver.request import Connected, StreamAnswer
from pyk8s.client.streams import Container, LogOptions, Streams
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc
from tests.apiserver.grpc.test_objects import opened
from tests.apiserver.makers import Recorder, refused

WEB = Container("shop", "web", "main")


class Echo:
    """A session that says back what it is sent and ends with exit code 5."""

    def __init__(self):
        self.sent = asyncio.Queue()
        self.closed = asyncio.Event()

    async def send(self, frame):
        self.sent.put_nowait(frame)

    async def frames(self):
        while True:
            frame = await self.sent.get()
            match frame.WhichOneof("frame"):
                case "stdin":
                    yield pb.StreamFrame(stdout=frame.stdin)
                case "stdin_closed":
                    yield pb.StreamFrame(result=pb.Result(exit_code=5))
                    return
                case "data":
                    yield pb.PortFrame(data=frame.data)
                case "closed":
                    yield pb.PortFrame(closed=True)
                    return

    def close(self):
        self.closed.set()


async def test_exec_carries_frames_both_ways(tmp_path):
    echo = Echo()
    seen = Recorder(Connected(lambda port: echo))
    async with opened(tmp_path, seen) as client, Streams(client.channel).exec(WEB, ["cat"], stdin=True) as session:
        await session.send(b"hello")
        await session.close_stdin()
        said = [part async for part in session.output()]
    assert (said, session.exit_code) == ([("stdout", b"hello")], 5)
    assert echo.closed.is_set()
    (request,) = seen.asked
    assert (request.verb, request.subresource, request.namespace, request.name) == ("create", "exec", "shop", "web")
    assert request.parameters["command"] == ["cat"]
    assert request.parameters["container"] == ["main"]


async def test_attach_and_a_client_that_leaves(tmp_path):
    echo = Echo()
    seen = Recorder(Connected(lambda port: echo))
    async with opened(tmp_path, seen) as client:
        async with Streams(client.channel).attach(WEB, stdin=True) as session:
            await session.send(b"x")
            assert await anext(session.output()) == ("stdout", b"x")
        await asyncio.wait_for(echo.closed.wait(), 30)
    assert seen.asked[0].subresource == "attach"


async def test_portforward_opens_the_port(tmp_path):
    ports = []

    def open_port(port):
        ports.append(port)
        return Echo()

    async with (
        opened(tmp_path, Recorder(Connected(open_port))) as client,
        Streams(client.channel).port_forward(WEB, 8080) as tunnel,
    ):
        await tunnel.send(b"ping")
        await tunnel.close_sending()
        assert [part async for part in tunnel.received()] == [b"ping"]
    assert ports == [8080]


async def chunks(*parts):
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


async def test_a_log(tmp_path):
    seen = Recorder(StreamAnswer(chunks(b"one\n", b"two\n")))
    async with opened(tmp_path, seen) as client:
        options = LogOptions(follow=True, tail_lines=3)
        assert [part async for part in Streams(client.channel).logs(WEB, options)] == [b"one\n", b"two\n"]
    assert seen.asked[0].parameters == {"container": ["main"], "follow": ["true"], "tailLines": ["3"]}


FAILS = [
    pytest.param(forbidden("", "pods", "web", "no"), 403, id="refused by the chain"),
    pytest.param(StreamAnswer(chunks(bad_request("waiting"))), 400, id="refused by the node"),
    pytest.param(Connected(lambda port: None), 500, id="answer of another kind"),
]


@pytest.mark.parametrize(("answer", "code"), FAILS)
async def test_a_log_that_cannot_be_had(tmp_path, answer, code):
    async with opened(tmp_path, Recorder(answer)) as client:

        async def read():
            return [part async for part in Streams(client.channel).logs(WEB)]

        assert (await refused(read())).code == code


async def test_an_exec_that_is_refused(tmp_path):
    async with (
        opened(tmp_path, Recorder(forbidden("", "pods", "web", "no"))) as client,
        Streams(client.channel).exec(WEB, ["ls"]) as session,
    ):

        async def read():
            return [part async for part in session.output()]

        assert (await refused(read())).code == 403


async def test_the_first_frame_must_open(tmp_path):
    async with opened(tmp_path, Recorder(ApiError("InternalError", "never asked"))) as client:
        call = rpc.StreamsStub(client.channel).Exec()
        await call.write(pb.StreamFrame(stdin=b"x"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "must be `open`" in caught.value.details()


def test_a_log_request_as_parameters():
    request = pb.LogsRequest(
        pod=pb.PodRef(container="c"),
        previous=True,
        timestamps=True,
        tail_lines=0,
        since_seconds=5,
        limit_bytes=9,
        since_time="t",
    )
    assert log_parameters(request) == {
        "container": ["c"],
        "previous": ["true"],
        "timestamps": ["true"],
        "tailLines": ["0"],
        "sinceSeconds": ["5"],
        "limitBytes": ["9"],
        "sinceTime": ["t"],
    }
    assert log_parameters(pb.LogsRequest()) == {}


def test_an_opening_as_parameters():
    opening = pb.Open(pod=pb.PodRef(container="c"), command=["a", "b"], stdin=True, tty=True)
    assert open_parameters(opening) == {
        "stdin": ["true"],
        "tty": ["true"],
        "container": ["c"],
        "command": ["a", "b"],
    }
    assert open_parameters(pb.Open()) == {}
