"""A TCP connection to a port of a pod: made inside the pod's network namespace, then carried in frames."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.netns.run import entered

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 32 * 1024
LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def connect(netns: str, port: int) -> socket.socket:
    """A connection to `port` on the loopback of the namespace at path `netns` ("" is the node's own). Blocks.

    Raises OSError, KernelError.
    """
    with entered(netns) if netns else contextlib.nullcontext():
        refused: OSError | None = None
        for family, address in LOOPBACKS:
            made = None
            try:
                made = socket.socket(family, socket.SOCK_STREAM)
                made.settimeout(CONNECT_SECONDS)
                made.connect((address, port))
            except OSError as why:
                refused = refused or why
                if made is not None:
                    made.close()
            else:
                made.setblocking(False)
                return made
        assert refused is not None
        raise refused


async def forward(netns: str, port: int, frames: AsyncIterator[pb.PortFrame]) -> AsyncIterator[pb.PortFrame]:
    """Carry one connection; a side that writes no more says `closed`, and the other may still write."""
    try:
        made = await asyncio.to_thread(connect, netns, port)
    except (OSError, KernelError) as why:
        yield pb.PortFrame(error=f"cannot connect to port {port} of the pod: {why}")
        return
    reader, writer = await asyncio.open_connection(sock=made)
    sending = asyncio.create_task(_send(frames, writer))
    try:
        while data := await reader.read(CHUNK_BYTES):
            yield pb.PortFrame(data=data)
        yield pb.PortFrame(closed=True)
        await asyncio.wait([sending])
    except OSError as why:
        yield pb.PortFrame(error=f"the connection to port {port} of the pod broke: {why}")
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


async def _send(frames: AsyncIterator[pb.PortFrame], writer: asyncio.StreamWriter) -> None:
    async for frame in frames:
        kind = frame.WhichOneof("frame")
        if kind == "data":
            writer.write(frame.data)
            await writer.drain()
        elif kind == "closed":
            break
    with contextlib.suppress(OSError):
        writer.write_eof()
