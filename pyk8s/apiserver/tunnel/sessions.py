"""An open call of the node agent as a `Session`, and its log as chunks: gRPC stops here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from pyk8s.api.errors import unavailable
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.wire.codec import api_error


class GrpcSession:
    """One exec, attach or forwarded connection; `opening` is its first frame, sent before anything else. Errors name
    the `node`."""

    def __init__(self, call: Any, opening: Any, node: str) -> None:
        self._call = call
        self._opening = opening
        self._whom = agent_of(node)
        self._lock = asyncio.Lock()

    async def send(self, frame: Any) -> None:
        """Pass one frame on. A stream that has ended on the other side takes it silently: `frames` says how it
        ended. Raises ApiError."""
        try:
            async with self._lock:
                if self._opening is not None:
                    opening, self._opening = self._opening, None
                    await self._call.write(opening)
                if frame is not None:
                    await self._call.write(frame)
        except grpc.aio.AioRpcError as error:
            raise api_error(error, self._whom) from error
        except (grpc.aio.UsageError, asyncio.InvalidStateError) as error:
            if not self._call.done():
                raise unavailable(f"the stream to the node is closed: {error}") from error

    async def frames(self) -> AsyncIterator[Any]:
        """What comes back until the stream ends. Raises ApiError."""
        await self.send(None)
        try:
            async for frame in self._call:
                yield frame
        except grpc.aio.AioRpcError as error:
            raise api_error(error, self._whom) from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # The call was ended by `close`: reading it then says so with this exception.

    def close(self) -> None:
        """End the call, if it has not ended."""
        self._call.cancel()


async def log_chunks(call: Any, node: str) -> AsyncIterator[bytes]:
    """The log as it comes. Raises ApiError, which names the `node`; leaving early ends the call."""
    try:
        chunk: pb.LogChunk
        async for chunk in call:
            yield chunk.data
    except grpc.aio.AioRpcError as error:
        raise api_error(error, agent_of(node)) from error
    finally:
        call.cancel()


def agent_of(node: str) -> str:
    """How errors call the other end."""
    return f"the kubelet of node {node}"
