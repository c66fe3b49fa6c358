"""Port-forwarding as kubectl does it: SPDY streams inside one tunnel, a data and an error stream for each connection.

Two streams with one `requestID` belong together: on `data` the bytes of the connection go both ways, on `error` the
server says what went wrong. Source: Kubernetes, portforward.k8s.io, and KEP-4006 for the tunnel in a WebSocket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.apiserver.request import Connected, Session
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.observe import logs
from pyk8s.wire import spdy

log = logs.get("apiserver.tunnel")

MAX_STREAMS = 512
"""Streams that one tunnel may have open."""

PIECE = 64 * 1024
"""Bytes of the data frames we send."""

Send = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Window:
    """How much may still be sent in a stream. A peer that never speaks of windows keeps none, and is not held to any:
    so do the usual clients."""

    kept: bool = False
    left: int = spdy.INITIAL_WINDOW
    more: asyncio.Event = field(default_factory=asyncio.Event)

    def grow(self, delta: int) -> None:
        """The peer takes `delta` bytes more."""
        self.kept = True
        self.left += delta
        self.more.set()

    async def take(self, wanted: int) -> int:
        """Wait until something may be sent; how many of `wanted` bytes that is."""
        while self.kept and self.left <= 0:
            self.more.clear()
            await self.more.wait()
        granted = min(wanted, self.left) if self.kept else wanted
        self.left -= granted
        return granted


@dataclass(slots=True)
class Pair:
    """The two streams of one connection, as they come in."""

    port: int
    error: int = 0
    data: int = 0
    session: Session | None = None
    early: bytearray = field(default_factory=bytearray)
    """What came before the other stream did."""
    window: Window = field(default_factory=Window)


class PortForward:
    """One tunnel: feed it what the client sends; it opens connections to the pod and sends what they say."""

    def __init__(self, connected: Connected, send: Send) -> None:
        self._connected = connected
        self._send = send
        self._decoder, self._encoder = spdy.Decoder(), spdy.Encoder()
        self._pairs: dict[str, Pair] = {}
        self._by_stream: dict[int, tuple[str, Pair]] = {}
        self._initial_window = spdy.INITIAL_WINDOW
        self._tasks = Tasks(lambda why: log.warning("a forwarded connection failed", why=why))
        self._lock = asyncio.Lock()

    async def feed(self, chunk: bytes) -> bool:
        """Take bytes from the client; False when it wants to end. Raises SpdyBroken."""
        for frame in self._decoder.feed(chunk):
            match frame:
                case spdy.SynStream():
                    await self._open(frame)
                case spdy.Data(stream, data, fin):
                    await self._data(stream, data, fin)
                case spdy.Reset(stream):
                    self._drop(stream)
                case spdy.Ping(number) if number % 2:
                    await self._write(frame)
                case spdy.WindowUpdate(stream, delta):
                    if stream in self._by_stream:
                        self._by_stream[stream][1].window.grow(delta)
                case spdy.Settings(values):
                    self._initial_window = values.get(spdy.INITIAL_WINDOW_SETTING, self._initial_window)
                case spdy.GoAway():
                    return False
        return True

    async def close(self) -> None:
        """End every connection."""
        await self._tasks.close()
        for pair in self._pairs.values():
            if pair.session is not None:
                pair.session.close()
        self._pairs.clear()
        self._by_stream.clear()

    async def _open(self, frame: spdy.SynStream) -> None:
        headers = frame.headers
        kind, name = headers.get("streamtype", ""), headers.get("requestid", "")
        port = headers.get("port", "")
        if kind not in ("error", "data") or not port.isdecimal() or len(self._by_stream) >= MAX_STREAMS:
            await self._write(spdy.Reset(frame.stream, spdy.REFUSED_STREAM))
            return
        # Old clients name no request: an error stream and the data stream right after it belong together.
        name = name or str(frame.stream if kind == "error" else frame.stream - 2)
        pair = self._pairs.setdefault(name, Pair(int(port)))
        if getattr(pair, kind):
            await self._write(spdy.Reset(frame.stream, spdy.PROTOCOL_ERROR))
            return
        setattr(pair, kind, frame.stream)
        self._by_stream[frame.stream] = (name, pair)
        await self._write(spdy.SynReply(frame.stream))
        if pair.error and pair.data:
            pair.window.left = self._initial_window
            try:
                pair.session = self._connected.open(pair.port)
            except ApiError as error:
                await self._finish(name, pair, error.message)
                return
            self._tasks.start(self._answer(name, pair, pair.session))
            if pair.early:
                await self._data(pair.data, bytes(pair.early), False)

    async def _data(self, stream: int, data: bytes, fin: bool) -> None:
        _, pair = self._by_stream.get(stream, ("", None))
        if pair is None or stream != pair.data:
            return
        if pair.session is None:
            pair.early += data
            if len(pair.early) > spdy.INITIAL_WINDOW:
                self._drop(stream)
                await self._write(spdy.Reset(stream, spdy.FLOW_CONTROL_ERROR))
            return
        try:
            if data:
                await pair.session.send(pb.PortFrame(data=data))
                await self._write(spdy.WindowUpdate(stream, len(data)))
            if fin:
                await pair.session.send(pb.PortFrame(closed=True))
        except ApiError:
            # Reading the session says the same, and tells the client.
            return

    async def _answer(self, name: str, pair: Pair, session: Session) -> None:
        """Carry what the pod says to the client, until the connection is over on the pod's side."""
        wrong = ""
        try:
            async for frame in session.frames():
                match frame.WhichOneof("frame"):
                    case "data":
                        await self._send_data(pair, frame.data)
                    case "closed":
                        await self._write(spdy.Data(pair.data, b"", fin=True))
                    case "error":
                        wrong = frame.error
        except ApiError as error:
            wrong = error.message
        await self._finish(name, pair, wrong)

    async def _send_data(self, pair: Pair, data: bytes) -> None:
        at = 0
        while at < len(data):
            granted = await pair.window.take(min(PIECE, len(data) - at))
            await self._write(spdy.Data(pair.data, data[at : at + granted]))
            at += granted

    async def _finish(self, name: str, pair: Pair, wrong: str) -> None:
        """End both streams; what went wrong is said on the error stream, which never ends by a reset."""
        if self._pairs.pop(name, None) is None:
            return
        self._by_stream.pop(pair.error, None)
        self._by_stream.pop(pair.data, None)
        if pair.session is not None:
            pair.session.close()
        await self._write(spdy.Data(pair.error, wrong.encode(), fin=True))
        await self._write(spdy.Data(pair.data, b"", fin=True))

    def _drop(self, stream: int) -> None:
        name, pair = self._by_stream.get(stream, ("", None))
        if pair is None:
            return
        self._pairs.pop(name, None)
        self._by_stream.pop(pair.error, None)
        self._by_stream.pop(pair.data, None)
        if pair.session is not None:
            pair.session.close()

    async def _write(self, frame: spdy.Frame) -> None:
        # One at a time: the compressed headers of the connection must leave in the order they were made.
        async with self._lock:
            await self._send(self._encoder.encode(frame))
