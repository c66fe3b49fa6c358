"""Streams into containers over gRPC: logs, exec, attach, port-forward.

Frames are those of protos/pyk8s/v1/streams.proto. The same classes speak to the API server and to a node's own service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc.aio
import orjson

from pyk8s.api.errors import ApiError, unavailable
from pyk8s.client.caller import ONESELF, Caller
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as service
from pyk8s.wire.codec import api_error

FINISHED = (grpc.aio.UsageError, asyncio.InvalidStateError)
"""What grpc raises for a write to a call that is over: which of them depends on the moment."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod; an empty name means the only one, or the one the pod says is the default."""

    namespace: str
    pod: str
    name: str = ""
    uid: str = ""

    def message(self) -> pb.PodRef:
        """As it travels."""
        return pb.PodRef(namespace=self.namespace, name=self.pod, uid=self.uid, container=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """Which part of a log: times in seconds or RFC 3339, None and "" for all of it."""

    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    since_time: str = ""
    limit_bytes: int | None = None


class Session:
    """A program in a container, or one attached to: bytes in, (channel, bytes) out, an exit code at the end.

    Use it as an async context manager; leaving it early ends the stream.
    """

    def __init__(self, call: Any, opening: pb.Open) -> None:
        self._call = call
        self._opening = opening
        self.exit_code: int | None = None
        """What the program ended with, once the output has been read to its end."""

    async def __aenter__(self) -> Session:
        await self._write(pb.StreamFrame(open=self._opening))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()

    async def send(self, data: bytes) -> None:
        """Write to the program's standard input."""
        await self._write(pb.StreamFrame(stdin=data))

    async def close_stdin(self) -> None:
        """The program reads end of file after what was sent."""
        await self._write(pb.StreamFrame(stdin_closed=True))

    async def resize(self, width: int, height: int) -> None:
        """The terminal has so many columns and rows now."""
        await self._write(pb.StreamFrame(resize=pb.Resize(width=width, height=height)))

    async def _write(self, frame: Any) -> None:
        try:
            await self._call.write(frame)
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        except FINISHED as why:  # the other side has ended the stream already: reading says how
            if not self._call.done():
                raise unavailable(f"the stream is closed: {why}") from why

    async def output(self) -> AsyncIterator[tuple[str, bytes]]:
        """("stdout" or "stderr", bytes) until the program ends; then `exit_code` is set.

        Raises ApiError when the stream failed for another reason than the program's exit code.
        """
        try:
            async for frame in self._call:
                kind = frame.WhichOneof("frame")
                if kind in ("stdout", "stderr"):
                    yield kind, getattr(frame, kind)
                elif kind == "result":
                    self._end(frame.result)
                    return
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        raise unavailable("the stream ended without saying how the program ended")

    def _end(self, result: pb.Result) -> None:
        if result.status:
            raise ApiError.from_status(orjson.loads(result.status))
        self.exit_code = result.exit_code


class Tunnel:
    """One TCP connection to a port of a pod. Use it as an async context manager."""

    def __init__(self, call: Any, opening: pb.PortOpen) -> None:
        self._call = call
        self._opening = opening

    async def __aenter__(self) -> Tunnel:
        await self._write(pb.PortFrame(open=self._opening))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._call.cancel()

    async def send(self, data: bytes) -> None:
        """Send bytes to the pod."""
        await self._write(pb.PortFrame(data=data))

    async def close_sending(self) -> None:
        """This side sends no more; the other may go on."""
        await self._write(pb.PortFrame(closed=True))

    async def _write(self, frame: Any) -> None:
        try:
            await self._call.write(frame)
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        except FINISHED as why:
            if not self._call.done():
                raise unavailable(f"the stream is closed: {why}") from why

    async def received(self) -> AsyncIterator[bytes]:
        """Bytes from the pod until it sends no more. Raises ApiError when the connection failed."""
        try:
            async for frame in self._call:
                kind = frame.WhichOneof("frame")
                if kind == "data":
                    yield frame.data
                elif kind == "error":
                    raise unavailable(frame.error)
                elif kind == "closed":
                    return
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why


class Streams:
    """Opens streams over a channel, for example `GrpcClient.channel`, as `caller`. Nothing is sent before a stream is
    entered."""

    def __init__(self, channel: grpc.aio.Channel, caller: Caller = ONESELF) -> None:
        self._stub: Any = service.StreamsStub(channel)  # type: ignore[no-untyped-call]
        self._metadata = caller.metadata

    async def logs(self, container: Container, options: LogOptions | None = None) -> AsyncIterator[bytes]:
        """What the container wrote, in pieces as they come. Raises ApiError."""
        said = options or LogOptions()
        request = pb.LogsRequest(
            pod=container.message(),
            follow=said.follow,
            previous=said.previous,
            tail_lines=said.tail_lines,
            since_seconds=said.since_seconds,
            since_time=said.since_time,
            timestamps=said.timestamps,
            limit_bytes=said.limit_bytes,
        )
        call = self._stub.Logs(request, metadata=self._metadata)
        try:
            async for chunk in call:
                yield chunk.data
        except grpc.aio.AioRpcError as why:
            raise api_error(why) from why
        finally:
            call.cancel()

    def exec(self, container: Container, command: Sequence[str], *, stdin: bool = False, tty: bool = False) -> Session:
        """Run `command` in the container."""
        return self._session(self._stub.Exec, container, command, stdin, tty)

    def attach(self, container: Container, *, stdin: bool = False, tty: bool = False) -> Session:
        """Join the container's own program."""
        return self._session(self._stub.Attach, container, (), stdin, tty)

    def _session(
        self, method: Callable[..., Any], container: Container, command: Sequence[str], stdin: bool, tty: bool
    ) -> Session:
        # A terminal has one output: what would be stderr arrives as stdout.
        opening = pb.Open(
            pod=container.message(), command=list(command), stdin=stdin, stdout=True, stderr=not tty, tty=tty
        )
        return Session(method(metadata=self._metadata), opening)

    def port_forward(self, container: Container, port: int) -> Tunnel:
        """Connect to a TCP port (1-65535) inside the pod."""
        opening = pb.PortOpen(pod=container.message(), port=port)
        return Tunnel(self._stub.PortForward(metadata=self._metadata), opening)
