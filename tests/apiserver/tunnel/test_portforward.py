"""Port-forwarding against a pod that is a queue: what the client sends, what it is told."""

import asyncio

import pytest

from pyk8s.api.errors import ApiError, unavailable
from pyk8s.apiserver.request import Connected
from pyk8s.apiserver.tunnel.portforward import MAX_STREAMS, PortForward
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.wire import spdy


class Pod:
    """A session whose answers the test puts in."""

    def __init__(self, port):
        self.port = port
        self.sent = []
        self.answers = asyncio.Queue()
        self.closed = False

    async def send(self, frame):
        self.sent.append(frame)

    async def frames(self):
        while (frame := await self.answers.get()) is not None:
            if isinstance(frame, Exception):
                raise frame
            yield frame

    def close(self):
        self.closed = True


class Tunnel:
    """Both ends of a tunnel: the client speaks in frames and sees frames."""

    def __init__(self):
        self.pods = []
        self.told = asyncio.Queue()
        self._encoder, self._decoder = spdy.Encoder(), spdy.Decoder()
        self.forward = PortForward(Connected(self.open), self.receive)

    def open(self, port):
        if port == 13:
            raise ApiError("BadRequest", "13 is unlucky")
        self.pods.append(Pod(port))
        return self.pods[-1]

    async def receive(self, raw):
        for frame in self._decoder.feed(raw):
            self.told.put_nowait(frame)

    async def say(self, *frames):
        return await self.forward.feed(b"".join(self._encoder.encode(frame) for frame in frames))

    async def hears(self, count=1):
        async with asyncio.timeout(30):
            return [await self.told.get() for _ in range(count)]

    async def connect(self, error=1, port="80", request="0"):
        """Open the pair of streams of one connection as kubectl does."""
        headers = {"port": port, "requestid": request}
        await self.say(spdy.SynStream(error, headers | {"streamtype": "error"}))
        await self.say(spdy.Data(error, b"", fin=True))
        await self.say(spdy.SynStream(error + 2, headers | {"streamtype": "data"}))
        assert await self.hears(2) == [spdy.SynReply(error), spdy.SynReply(error + 2)]


@pytest.fixture
async def tunnel():
    made = Tunnel()
    yield made
    await made.forward.close()


async def test_bytes_go_to_the_pod_and_the_client_may_send_more(tunnel):
    await tunnel.connect()
    await tunnel.say(spdy.Data(3, b"hello"), spdy.Data(3, b"", fin=True))
    assert tunnel.pods[0].port == 80
    assert tunnel.pods[0].sent == [pb.PortFrame(data=b"hello"), pb.PortFrame(closed=True)]
    assert await tunnel.hears() == [spdy.WindowUpdate(3, 5)]


async def test_bytes_come_back_and_both_streams_end_with_the_connection(tunnel):
    await tunnel.connect()
    answers = tunnel.pods[0].answers
    for frame in (pb.PortFrame(data=b"hi"), pb.PortFrame(closed=True), None):
        answers.put_nowait(frame)
    assert await tunnel.hears(4) == [
        spdy.Data(3, b"hi"),
        spdy.Data(3, b"", fin=True),
        spdy.Data(1, b"", fin=True),
        spdy.Data(3, b"", fin=True),
    ]
    assert tunnel.pods[0].closed


@pytest.mark.parametrize(
    "wrong", [pb.PortFrame(error="nobody listens"), unavailable("nobody listens")], ids=["frame", "error"]
)
async def test_what_went_wrong_is_said_on_the_error_stream(tunnel, wrong):
    await tunnel.connect()
    for frame in (wrong, None):
        tunnel.pods[0].answers.put_nowait(frame)
    assert await tunnel.hears(2) == [spdy.Data(1, b"nobody listens", fin=True), spdy.Data(3, b"", fin=True)]


async def test_a_port_that_cannot_be_opened_is_said(tunnel):
    await tunnel.connect(port="13")
    assert (await tunnel.hears(2))[0] == spdy.Data(1, b"13 is unlucky", fin=True)


async def test_connections_do_not_mix(tunnel):
    await tunnel.connect(error=1, request="0")
    await tunnel.connect(error=5, request="1")
    await tunnel.say(spdy.Data(7, b"second"), spdy.Data(3, b"first"))
    assert [pod.sent for pod in tunnel.pods] == [[pb.PortFrame(data=b"first")], [pb.PortFrame(data=b"second")]]


async def test_data_that_comes_before_the_error_stream_waits_for_it(tunnel):
    headers = {"port": "80", "requestid": "0"}
    await tunnel.say(spdy.SynStream(1, headers | {"streamtype": "data"}), spdy.Data(1, b"early"))
    await tunnel.say(spdy.SynStream(3, headers | {"streamtype": "error"}))
    assert tunnel.pods[0].sent == [pb.PortFrame(data=b"early")]


async def test_more_than_a_window_before_the_error_stream_is_refused(tunnel):
    headers = {"port": "80", "requestid": "0", "streamtype": "data"}
    await tunnel.say(spdy.SynStream(1, headers), spdy.Data(1, b"x" * (spdy.INITIAL_WINDOW + 1)))
    assert (await tunnel.hears(2))[1] == spdy.Reset(1, spdy.FLOW_CONTROL_ERROR)


BAD = [
    {},
    {"streamtype": "data"},
    {"streamtype": "video", "port": "80"},
    {"streamtype": "data", "port": "eighty"},
]


@pytest.mark.parametrize("headers", BAD)
async def test_a_stream_that_is_no_part_of_a_connection_is_refused(tunnel, headers):
    await tunnel.say(spdy.SynStream(1, headers))
    assert await tunnel.hears() == [spdy.Reset(1, spdy.REFUSED_STREAM)]


async def test_the_same_half_twice_is_an_error(tunnel):
    await tunnel.connect()
    await tunnel.say(spdy.SynStream(5, {"streamtype": "data", "port": "80", "requestid": "0"}))
    assert await tunnel.hears() == [spdy.Reset(5, spdy.PROTOCOL_ERROR)]


async def test_there_is_an_end_to_streams(tunnel):
    for number in range(MAX_STREAMS):
        headers = {"streamtype": "error", "port": "80", "requestid": str(number)}
        await tunnel.say(spdy.SynStream(2 * number + 1, headers))
    await tunnel.hears(MAX_STREAMS)
    await tunnel.say(spdy.SynStream(9999, {"streamtype": "error", "port": "80", "requestid": "x"}))
    assert await tunnel.hears() == [spdy.Reset(9999, spdy.REFUSED_STREAM)]


async def test_a_client_that_keeps_windows_is_not_sent_more_than_it_takes(tunnel):
    await tunnel.connect()
    await tunnel.say(spdy.WindowUpdate(3, 0))
    tunnel.pods[0].answers.put_nowait(pb.PortFrame(data=b"x" * (spdy.INITIAL_WINDOW + 10)))
    (first,) = await tunnel.hears()
    assert len(first.data) == spdy.INITIAL_WINDOW
    assert tunnel.told.empty()
    await tunnel.say(spdy.WindowUpdate(3, 100))
    (rest,) = await tunnel.hears()
    assert len(rest.data) == 10


async def test_a_client_that_never_speaks_of_windows_is_not_held_to_any(tunnel):
    await tunnel.connect()
    tunnel.pods[0].answers.put_nowait(pb.PortFrame(data=b"x" * (3 * spdy.INITIAL_WINDOW)))
    assert sum(len(frame.data) for frame in await tunnel.hears(3)) == 3 * spdy.INITIAL_WINDOW


async def test_a_reset_ends_the_connection_in_the_pod(tunnel):
    await tunnel.connect()
    await tunnel.say(spdy.Reset(3, spdy.CANCEL))
    assert tunnel.pods[0].closed


async def test_a_ping_is_answered_and_going_away_ends_it(tunnel):
    assert await tunnel.say(spdy.Ping(1))
    assert await tunnel.hears() == [spdy.Ping(1)]
    assert await tunnel.say(spdy.Ping(2))
    assert not await tunnel.say(spdy.GoAway(0))


async def test_closing_closes_every_connection(tunnel):
    await tunnel.connect()
    await tunnel.forward.close()
    assert tunnel.pods[0].closed
