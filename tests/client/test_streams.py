"""Streams into containers, over a real connection to a service that echoes."""

import asyncio

import grpc
import orjson
import pytest

from pyk8s.api.errors import ApiError, not_found
from pyk8s.client.fake import FakeClient
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.streams import Container, LogOptions, Session, Streams, Tunnel
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc
from pyk8s.wire.codec import refusal
from tests.client.door import Door, opened

WEB = Container("default", "web", "main")


class Echo(rpc.StreamsServicer):
    """Answers with what it is told."""

    async def Logs(self, request, context):
        if request.pod.name == "nowhere":
            code, text, trailing = refusal(not_found("", "pods", "nowhere"))
            context.set_trailing_metadata(trailing)
            await context.abort(code, text)
        lines = [f"line {number}\n".encode() for number in range(5)]
        for line in lines[-request.tail_lines :] if request.HasField("tail_lines") else lines:
            yield pb.LogChunk(data=line)
        while request.follow:
            yield pb.LogChunk(data=b"more\n")
            await asyncio.Event().wait()

    async def Exec(self, frames, context):
        opening = (await anext(frames)).open
        yield pb.StreamFrame(stdout=" ".join(opening.command).encode())
        yield pb.StreamFrame(stderr=f"tty={opening.tty}".encode())
        if opening.command[0] == "broken":
            status = ApiError("InternalError", "no such container").status()
            yield pb.StreamFrame(result=pb.Result(status=orjson.dumps(status)))
            return
        if opening.command[0] == "vanish":
            return
        async for frame in frames:
            if frame.stdin_closed:
                break
            if frame.HasField("resize"):
                yield pb.StreamFrame(stdout=f"{frame.resize.width}x{frame.resize.height}".encode())
            else:
                yield pb.StreamFrame(stdout=frame.stdin.upper())
        yield pb.StreamFrame(result=pb.Result(exit_code=3))

    async def Attach(self, frames, context):
        opening = (await anext(frames)).open
        yield pb.StreamFrame(stdout=f"attached to {opening.pod.container}".encode())
        yield pb.StreamFrame(result=pb.Result(exit_code=0))

    async def PortForward(self, frames, context):
        opening = (await anext(frames)).open
        if opening.port == 9:
            yield pb.PortFrame(error="connection refused")
            return
        async for frame in frames:
            if frame.closed:
                break
            yield pb.PortFrame(data=frame.data[::-1])
        yield pb.PortFrame(closed=True)


@pytest.fixture
async def streams(tmp_path):
    async with opened(
        Door(FakeClient()), tmp_path, lambda server: rpc.add_StreamsServicer_to_server(Echo(), server)
    ) as connection:
        client = GrpcClient.connect(connection)
        yield Streams(client.channel)
        await client.close()


async def test_logs_come_as_written(streams):
    got = b"".join([data async for data in streams.logs(WEB, LogOptions(tail_lines=2))])
    assert got == b"line 3\nline 4\n"


async def test_following_can_be_stopped_by_the_reader(streams):
    got = []
    async with asyncio.timeout(30):
        stream = streams.logs(WEB, LogOptions(follow=True))
        async for data in stream:
            got.append(data)
            if data == b"more\n":
                break
        await stream.aclose()
    assert len(got) == 6


async def test_logs_of_a_pod_that_is_not_there_are_not_found(streams):
    with pytest.raises(ApiError) as caught:
        async for _ in streams.logs(Container("default", "nowhere")):
            pass
    assert caught.value.code == 404


async def test_a_program_reads_its_input_and_ends_with_a_code(streams):
    async with asyncio.timeout(30), streams.exec(WEB, ["cat", "-n"], stdin=True) as session:
        await session.send(b"hello")
        await session.resize(80, 24)
        await session.close_stdin()
        output = [piece async for piece in session.output()]
    assert output == [("stdout", b"cat -n"), ("stderr", b"tty=False"), ("stdout", b"HELLO"), ("stdout", b"80x24")]
    assert session.exit_code == 3


async def test_a_stream_that_failed_raises_the_servers_error(streams):
    async with streams.exec(WEB, ["broken"]) as session:
        with pytest.raises(ApiError, match="no such container"):
            async for _ in session.output():
                pass
    assert session.exit_code is None


async def test_a_stream_that_just_ends_is_an_error(streams):
    async with streams.exec(WEB, ["vanish"]) as session:
        with pytest.raises(ApiError, match="without saying how"):
            async for _ in session.output():
                pass


async def test_attaching_joins_the_containers_program(streams):
    async with streams.attach(WEB) as session:
        assert [data async for _, data in session.output()] == [b"attached to main"]
    assert session.exit_code == 0


async def test_a_tunnel_carries_bytes_both_ways_and_half_closes(streams):
    async with asyncio.timeout(30), streams.port_forward(WEB, 80) as tunnel:
        await tunnel.send(b"abc")
        await tunnel.close_sending()
        assert [data async for data in tunnel.received()] == [b"cba"]


async def test_a_port_that_refuses_is_said(streams):
    async with streams.port_forward(WEB, 9) as tunnel:
        with pytest.raises(ApiError, match="connection refused"):
            async for _ in tunnel.received():
                pass


async def test_no_server_is_unavailable():
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        with pytest.raises(ApiError) as caught:
            async for _ in Streams(channel).logs(WEB):
                pass
    assert caught.value.reason == "ServiceUnavailable"


class Over:
    """A call to which nothing can be written any more; `done` says whether it has told how it ended."""

    def __init__(self, why, done):
        self.why, self._done = why, done

    async def write(self, frame):
        raise self.why

    def done(self):
        return self._done


FINISHED = [grpc.aio.UsageError("done writing"), asyncio.InvalidStateError("RPC already finished.")]


@pytest.mark.parametrize("why", FINISHED)
async def test_writing_to_a_stream_that_has_ended_leaves_it_to_reading_to_say_how(why):
    await Session(Over(why, True), pb.Open()).send(b"x")
    await Tunnel(Over(why, True), pb.PortOpen()).send(b"x")


@pytest.mark.parametrize("why", FINISHED)
async def test_writing_to_a_stream_that_is_closed_on_this_side_says_so(why):
    for stream in (Session(Over(why, False), pb.Open()), Tunnel(Over(why, False), pb.PortOpen())):
        with pytest.raises(ApiError, match="the stream is closed"):
            await stream.send(b"x")
