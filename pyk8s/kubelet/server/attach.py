"""Joining the program that a container runs, through the runtime's own streaming server over SPDY.

Over WebSocket that server cannot end the standard input alone, and a connection that wants no input ends it for
everybody. Source: Kubernetes streaming protocol v4 (one stream each for error, stdin, stdout, stderr and resize, named
by the header `streamtype`), SPDY/3.1.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import orjson

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.errors import Refused
from pyk8s.kubelet.runtime.cri import CriRuntime
from pyk8s.kubelet.server.exec import Frames
from pyk8s.wire import spdy

PROTOCOL = "v4.channel.k8s.io"
CONNECT_SECONDS = 30.0
LONGEST_HEADER = 64 * 1024
CHUNK_BYTES = 32 * 1024


class Attachment:
    """One caller joined to one container."""

    def __init__(self, runtime: CriRuntime, container_id: str, opening: pb.Open) -> None:
        self._runtime = runtime
        self._container = container_id
        self._opening = opening
        self._encoder, self._decoder = spdy.Encoder(), spdy.Decoder()
        self._streams: dict[str, int] = {}

    async def run(self, frames: Frames) -> AsyncIterator[pb.StreamFrame]:
        """Pass frames both ways until the container ends. Raises RuntimeTrouble."""
        opening = self._opening
        stderr = opening.stderr and not opening.tty
        url = await self._runtime.attach(
            self._container, stdin=opening.stdin, stdout=opening.stdout, stderr=stderr, tty=opening.tty
        )
        reader, writer = await _connect(url)
        wanted = {"error": True, "stdin": opening.stdin, "stdout": opening.stdout, "stderr": stderr}
        wanted["resize"] = opening.tty
        feeding: asyncio.Task[None] | None = None
        try:
            for number, name in enumerate(name for name, use in wanted.items() if use):
                self._streams[name] = 2 * number + 1  # a client's streams have odd numbers
                self._send(writer, spdy.SynStream(self._streams[name], {"streamtype": name}))
            feeding = asyncio.create_task(self._feed(frames, writer))
            async for frame in self._receive(reader, writer):
                yield frame
            yield pb.StreamFrame(result=pb.Result(exit_code=0))
        except (OSError, spdy.SpdyBroken) as why:
            raise Refused(f"the stream to the container broke: {why}") from why
        finally:
            if feeding is not None:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
            writer.close()

    async def _receive(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> AsyncIterator[pb.StreamFrame]:
        """What the container writes, until its streams have ended. Raises Refused when the runtime says what failed."""
        names = {number: name for name, number in self._streams.items()}
        open_streams = {name for name in ("stdout", "stderr", "error") if name in self._streams}
        while open_streams and (chunk := await reader.read(CHUNK_BYTES)):
            for frame in self._decoder.feed(chunk):
                match frame:
                    case spdy.Data(stream, data, fin):
                        name = names.get(stream, "")
                        if data and name == "stdout":
                            yield pb.StreamFrame(stdout=data)
                        elif data and name == "stderr":
                            yield pb.StreamFrame(stderr=data)
                        elif data and name == "error":
                            _check_outcome(data)
                        if fin:
                            open_streams.discard(name)
                        if data:
                            self._send(writer, spdy.WindowUpdate(stream, len(data)))
                    case spdy.Reset(stream):
                        open_streams.discard(names.get(stream, ""))
                    case spdy.Ping(number) if number % 2 == 0:
                        self._send(writer, frame)
                    case spdy.GoAway():
                        return

    async def _feed(self, frames: Frames, writer: asyncio.StreamWriter) -> None:
        """Pass on what the caller sends."""
        async for frame in frames:
            kind = frame.WhichOneof("frame")
            if kind == "stdin" and "stdin" in self._streams:
                self._send(writer, spdy.Data(self._streams["stdin"], frame.stdin))
            elif kind == "stdin_closed" and "stdin" in self._streams:
                self._send(writer, spdy.Data(self._streams["stdin"], b"", fin=True))
            elif kind == "resize" and "resize" in self._streams:
                size = orjson.dumps({"Width": frame.resize.width, "Height": frame.resize.height}) + b"\n"
                self._send(writer, spdy.Data(self._streams["resize"], size))
            with contextlib.suppress(OSError):
                await writer.drain()

    def _send(self, writer: asyncio.StreamWriter, frame: spdy.Frame) -> None:
        writer.write(self._encoder.encode(frame))


def _check_outcome(data: bytes) -> None:
    """The last word of the server: a Status. Raises Refused unless it is a success."""
    try:
        status = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refused(data.decode("utf-8", "replace")) from None
    if status.get("status") != "Success":
        raise Refused(str(status.get("message") or "the runtime did not say why"))


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to the streaming server, upgraded to SPDY. Raises Refused."""
    where = urlsplit(url)
    request = (
        f"POST {where.path}?{where.query} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: Upgrade\r\n"
        f"Upgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {PROTOCOL}\r\nContent-Length: 0\r\n\r\n"
    )
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=LONGEST_HEADER)
            writer.write(request.encode("ascii"))
            head = await reader.readuntil(b"\r\n\r\n")
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as why:
        raise Refused(f"the runtime's streaming server at {where.netloc} does not answer: {why}") from why
    if not head.startswith(b"HTTP/1.1 101"):
        writer.close()
        raise Refused(f"the runtime's streaming server said: {head.splitlines()[0].decode('latin-1')}")
    return reader, writer
