"""Joining the program that a container runs, through the runtime's own streaming server.

That server speaks WebSocket with protocol v4.channel.k8s.io at most, which cannot end the standard input alone: so the
input has a connection of its own, and closing it is the end of the input. Source: Kubernetes streaming protocol, one
byte of channel number before the data (0 input, 1 output, 2 error, 3 the outcome).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.errors import Refused, RuntimeTrouble
from pyk8s.kubelet.runtime.containerd import Processes
from pyk8s.kubelet.runtime.cri import CriRuntime
from pyk8s.kubelet.server.exec import Frames

if TYPE_CHECKING:
    import aiohttp

PROTOCOL = "v4.channel.k8s.io"
STDIN, STDOUT, STDERR = 0, 1, 2
LONGEST_FRAME = 4 * 1024 * 1024


class Attachment:
    """One caller joined to one container."""

    def __init__(self, runtime: CriRuntime, processes: Processes, container_id: str, opening: pb.Open) -> None:
        self._runtime = runtime
        self._processes = processes
        self._container = container_id
        self._opening = opening
        self._stdin: aiohttp.ClientWebSocketResponse | None = None

    async def run(self, frames: Frames) -> AsyncIterator[pb.StreamFrame]:
        """Pass frames both ways until the container ends. Raises RuntimeTrouble."""
        import aiohttp  # only those who attach pay for it

        opening, feeding = self._opening, None
        async with aiohttp.ClientSession() as session:
            output = await self._connect(session, stdin=False, stdout=True, stderr=opening.stderr and not opening.tty)
            if opening.stdin:
                self._stdin = await self._connect(session, stdin=True, stdout=False, stderr=False)
            try:
                feeding = asyncio.create_task(self._feed(frames))
                async for message in output:
                    if message.type is not aiohttp.WSMsgType.BINARY or len(message.data) < 2:
                        continue
                    channel, data = message.data[0], message.data[1:]
                    if channel == STDOUT:
                        yield pb.StreamFrame(stdout=data)
                    elif channel == STDERR:
                        yield pb.StreamFrame(stderr=data)
                yield pb.StreamFrame(result=pb.Result(exit_code=0))
            finally:
                if feeding is not None:
                    feeding.cancel()
                    await asyncio.gather(feeding, return_exceptions=True)

    async def _connect(self, session: Any, *, stdin: bool, stdout: bool, stderr: bool) -> Any:
        tty = self._opening.tty
        url = await self._runtime.attach(self._container, stdin=stdin, stdout=stdout, stderr=stderr, tty=tty)
        try:
            return await session.ws_connect(
                urlsplit(url)._replace(scheme="ws").geturl(), protocols=(PROTOCOL,), max_msg_size=LONGEST_FRAME
            )
        except (OSError, ValueError) as why:
            raise Refused(f"the runtime's streaming server at {url} does not answer: {why}") from why

    async def _feed(self, frames: Frames) -> None:
        async for frame in frames:
            kind = frame.WhichOneof("frame")
            if kind == "stdin" and self._stdin is not None:
                with contextlib.suppress(ConnectionError):
                    await self._stdin.send_bytes(bytes([STDIN]) + frame.stdin)
            elif kind == "stdin_closed" and self._stdin is not None:
                await self._stdin.close()
            elif kind == "resize" and self._opening.tty:
                with contextlib.suppress(RuntimeTrouble):
                    await self._processes.resize(self._container, "", frame.resize.width, frame.resize.height)
