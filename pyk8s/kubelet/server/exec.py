"""Running a program in a container, with its streams.

The program gets what the container's own first process has (user, environment, capabilities), from the container's OCI
spec. When the caller goes away it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.runtime.containerd import Processes
from pyk8s.kubelet.server.fifos import Fifos

DRAIN_SECONDS = 2.0
"""How long output is waited for after the program has ended: a child of it may hold the stream for ever."""
OUTPUT_FRAMES = 8
"""Frames that may wait for a slow caller before the program is made to wait."""

Frames = AsyncIterator[pb.StreamFrame]


def exec_process(container: dict[str, Any], command: list[str], *, tty: bool) -> dict[str, Any]:
    """The OCI process of a program beside the container's own. Pure."""
    made = {**container, "args": command, "terminal": tty}
    made.pop("consoleSize", None)
    if tty:
        made["env"] = [each for each in container.get("env") or [] if not each.startswith("TERM=")] + ["TERM=xterm"]
    return made


class Execution:
    """One program in one container."""

    def __init__(self, processes: Processes, container_id: str, opening: pb.Open, folder: Path) -> None:
        self._processes = processes
        self._container = container_id
        self._opening = opening
        self._id = uuid4().hex
        stderr = opening.stderr and not opening.tty
        self._fifos = Fifos(folder / self._id, stdin=opening.stdin, stdout=opening.stdout, stderr=stderr)
        self._output: asyncio.Queue[pb.StreamFrame | None] = asyncio.Queue(OUTPUT_FRAMES)

    async def run(self, frames: Frames) -> AsyncIterator[pb.StreamFrame]:
        """Start the program and pass frames both ways; the last frame is its result. Raises RuntimeTrouble."""
        spec = exec_process(
            await self._processes.process_spec(self._container), list(self._opening.command), tty=self._opening.tty
        )
        made = False
        tasks: list[asyncio.Task[Any]] = []
        try:
            await self._processes.add(self._container, self._id, spec, self._fifos.paths, terminal=self._opening.tty)
            made = True
            await self._processes.start(self._container, self._id)
            if self._opening.stdin:
                self._fifos.open_writer()
            ended = asyncio.create_task(self._processes.wait(self._container, self._id))
            readers = [asyncio.create_task(self._read(name)) for name in self._fifos.readers]
            tasks = [ended, *readers, asyncio.create_task(self._feed(frames))]
            tasks.append(asyncio.create_task(self._finish(ended, readers)))
            while (frame := await self._output.get()) is not None:
                yield frame
            yield pb.StreamFrame(result=pb.Result(exit_code=await ended))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._fifos.close()
            if made:
                await asyncio.shield(self._forget())

    async def _read(self, name: str) -> None:
        while data := await self._fifos.read(name):
            frame = pb.StreamFrame(stdout=data) if name == "stdout" else pb.StreamFrame(stderr=data)
            await self._output.put(frame)

    async def _finish(self, ended: asyncio.Task[int], readers: list[asyncio.Task[None]]) -> None:
        """End the output once the program has ended and what it wrote is read."""
        await asyncio.wait([ended])
        if readers:
            _, late = await asyncio.wait(readers, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
        await self._output.put(None)

    async def _feed(self, frames: Frames) -> None:
        """Pass on what the caller sends."""
        async for frame in frames:
            kind = frame.WhichOneof("frame")
            if kind == "stdin" and self._opening.stdin:
                with contextlib.suppress(BrokenPipeError):
                    await self._fifos.write(frame.stdin)
            elif kind == "stdin_closed" and self._opening.stdin:
                self._fifos.close_writer()
                with contextlib.suppress(RuntimeTrouble):  # it may have ended meanwhile
                    await self._processes.close_stdin(self._container, self._id)
            elif kind == "resize" and self._opening.tty:
                with contextlib.suppress(RuntimeTrouble):
                    size = frame.resize
                    await self._processes.resize(self._container, self._id, size.width, size.height)

    async def _forget(self) -> None:
        """Kill the program if it still runs, and let the runtime forget it."""
        with contextlib.suppress(RuntimeTrouble):
            await self._processes.kill(self._container, self._id, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._processes.wait(self._container, self._id)
        with contextlib.suppress(RuntimeTrouble):
            await self._processes.delete(self._container, self._id)
