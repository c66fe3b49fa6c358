"""What containerd offers beside CRI, on the same socket: its events, and processes with FIFOs.

CRI's streaming cannot close only the standard input before its version 5 protocol (containerd 1.6 knows version 4), so
programs are run through the tasks service. Source: containerd API v1 (events, tasks, containers).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import orjson

from pyk8s.gen.containerd.v1 import containers_pb2, containers_pb2_grpc, events_pb2, events_pb2_grpc, tasks_pb2_grpc
from pyk8s.gen.containerd.v1 import tasks_pb2 as tasks
from pyk8s.kubelet.runtime.cri import SECONDS, answer, trouble

NAMESPACE = "k8s.io"
"""The containerd namespace that CRI works in."""

METADATA = (("containerd-namespace", NAMESPACE),)
PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process"
"""The type URL of an OCI process, which containerd reads as JSON."""


async def task_exits(channel: grpc.aio.Channel) -> AsyncIterator[str]:
    """The id of each container or sandbox at the moment its first process ends; "" once the stream is asked for.

    Raises RuntimeTrouble when the stream breaks.
    """
    filters = [f'topic=="/tasks/exit",namespace=="{NAMESPACE}"']
    events: Any = events_pb2_grpc.EventsStub(channel)  # type: ignore[no-untyped-call]
    stream = events.Subscribe(events_pb2.SubscribeRequest(filters=filters))
    try:
        yield ""
        async for envelope in stream:
            exited = events_pb2.TaskExit.FromString(envelope.event.value)
            if exited.id == exited.container_id:  # else it is a program run inside
                yield exited.container_id
    except grpc.aio.AioRpcError as why:
        raise trouble(why) from why


class Processes:
    """Programs run inside containers, their streams being FIFOs that the caller made."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._tasks: Any = tasks_pb2_grpc.TasksStub(channel)  # type: ignore[no-untyped-call]
        self._containers: Any = containers_pb2_grpc.ContainersStub(channel)  # type: ignore[no-untyped-call]

    async def process_spec(self, container_id: str) -> dict[str, Any]:
        """The OCI process the container was started with: user, environment, capabilities, working directory."""
        request = containers_pb2.GetContainerRequest(id=container_id)
        found = await answer(self._containers.Get(request, metadata=METADATA, timeout=SECONDS))
        spec = orjson.loads(found.container.spec.value)
        process: dict[str, Any] = spec["process"]
        return process

    async def streams(self, container_id: str) -> tuple[str, str, str]:
        """The FIFOs of the container's first process: standard input, output and error; "" for one it has not."""
        request = tasks.GetRequest(container_id=container_id)
        found = (await answer(self._tasks.Get(request, metadata=METADATA, timeout=SECONDS))).process
        return found.stdin, found.stdout, found.stderr

    async def add(
        self, container_id: str, exec_id: str, process: dict[str, Any], fifos: tuple[str, str, str], *, terminal: bool
    ) -> None:
        """Make a process in the container; `fifos` are the paths of its standard streams, "" for none."""
        request = tasks.ExecProcessRequest(
            container_id=container_id,
            exec_id=exec_id,
            stdin=fifos[0],
            stdout=fifos[1],
            stderr=fifos[2],
            terminal=terminal,
        )
        request.spec.type_url = PROCESS_TYPE
        request.spec.value = orjson.dumps(process)
        await answer(self._tasks.Exec(request, metadata=METADATA, timeout=SECONDS))

    async def start(self, container_id: str, exec_id: str) -> None:
        """Start a process that was made."""
        request = tasks.StartRequest(container_id=container_id, exec_id=exec_id)
        await answer(self._tasks.Start(request, metadata=METADATA, timeout=SECONDS))

    async def wait(self, container_id: str, exec_id: str = "") -> int:
        """Wait for a process to end, however long it takes; its exit code."""
        request = tasks.WaitRequest(container_id=container_id, exec_id=exec_id)
        return int((await answer(self._tasks.Wait(request, metadata=METADATA))).exit_status)

    async def kill(self, container_id: str, exec_id: str, signal: int) -> None:
        """Send a signal to a process."""
        request = tasks.KillRequest(container_id=container_id, exec_id=exec_id, signal=signal)
        await answer(self._tasks.Kill(request, metadata=METADATA, timeout=SECONDS))

    async def close_stdin(self, container_id: str, exec_id: str) -> None:
        """Let the process read the end of its standard input."""
        request = tasks.CloseIORequest(container_id=container_id, exec_id=exec_id, stdin=True)
        await answer(self._tasks.CloseIO(request, metadata=METADATA, timeout=SECONDS))

    async def resize(self, container_id: str, exec_id: str, width: int, height: int) -> None:
        """Set the size of a process's terminal, in characters."""
        request = tasks.ResizePtyRequest(container_id=container_id, exec_id=exec_id, width=width, height=height)
        await answer(self._tasks.ResizePty(request, metadata=METADATA, timeout=SECONDS))

    async def delete(self, container_id: str, exec_id: str) -> None:
        """Forget a process that has ended."""
        request = tasks.DeleteProcessRequest(container_id=container_id, exec_id=exec_id)
        await answer(self._tasks.DeleteProcess(request, metadata=METADATA, timeout=SECONDS))
