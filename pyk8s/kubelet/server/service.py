"""The `Streams` service of protos/pyk8s/v1/streams.proto on this node's pods."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import orjson

from pyk8s.aio import clock
from pyk8s.aio.inotify import FileEvents
from pyk8s.api.errors import ApiError, bad_request, internal
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc
from pyk8s.kubelet.errors import RuntimeTrouble
from pyk8s.kubelet.logs.format import moment
from pyk8s.kubelet.logs.read import Part, read_log
from pyk8s.kubelet.pods import Pods
from pyk8s.kubelet.runtime.containerd import Processes
from pyk8s.kubelet.runtime.cri import CriRuntime
from pyk8s.kubelet.server.attach import Attachment
from pyk8s.kubelet.server.exec import Execution
from pyk8s.kubelet.server.portforward import forward
from pyk8s.kubelet.server.target import container_of, logged, running, worker_of
from pyk8s.wire.codec import refusal


class Streams(rpc.StreamsServicer):
    """Logs, exec, attach and port-forward. `clients` are the common names that may call; none is everybody."""

    def __init__(
        self,
        pods: Pods,
        runtime: CriRuntime,
        processes: Processes,
        files: FileEvents,
        folder: Path,
        clients: frozenset[str],
    ) -> None:
        self._pods, self._runtime, self._processes = pods, runtime, processes
        self._files, self._folder, self._clients = files, folder, clients

    async def _admit(self, context: Any) -> None:
        """Refuse whoever is not the API server."""
        names = {name.decode() for name in context.auth_context().get("x509_common_name", ())}
        if self._clients and not names & self._clients:
            said = f"{', '.join(sorted(names)) or 'a caller without a name'} may not call a node"
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, said)

    async def Logs(self, request: pb.LogsRequest, context: Any) -> AsyncIterator[pb.LogChunk]:  # noqa: N802
        """The log of a container."""
        await self._admit(context)
        try:
            async for data in self._logs(request):
                yield pb.LogChunk(data=data)
        except ApiError as why:
            await _abort(context, why)

    async def _logs(self, request: pb.LogsRequest) -> AsyncIterator[bytes]:
        worker, pod = worker_of(self._pods, request.pod)
        view = logged(worker, pod, container_of(pod, request.pod.container), previous=request.previous)
        part, path = _part(request), Path(view.log_path)
        try:
            if not request.follow:
                async for data in read_log(path, part):
                    yield data
                return

            def is_running() -> bool:
                now = worker.memory.containers.get(view.id)
                return now is not None and now.state == "running"

            with self._files.watch(path.parent) as changed, worker.listen(changed):

                async def change() -> None:
                    await changed.wait()
                    changed.clear()

                async for data in read_log(path, part, is_running=is_running, changed=change):
                    yield data
        except OSError as why:
            raise internal(f"the log of {pod.key} cannot be read: {why}") from why

    async def Exec(self, frames: AsyncIterator[pb.StreamFrame], context: Any) -> AsyncIterator[pb.StreamFrame]:  # noqa: N802
        """Run a program in a container."""
        async for frame in self._stream(frames, context, attach=False):
            yield frame

    async def Attach(self, frames: AsyncIterator[pb.StreamFrame], context: Any) -> AsyncIterator[pb.StreamFrame]:  # noqa: N802
        """Join the program that a container runs."""
        async for frame in self._stream(frames, context, attach=True):
            yield frame

    async def _stream(
        self, frames: AsyncIterator[pb.StreamFrame], context: Any, *, attach: bool
    ) -> AsyncIterator[pb.StreamFrame]:
        await self._admit(context)
        try:
            opening = await _opening(frames)
            worker, pod = worker_of(self._pods, opening.pod)
            container = container_of(pod, opening.pod.container)
            view = running(worker, pod, container)
            if attach:
                opening.tty = container.tty
                opening.stdin = opening.stdin and container.stdin
                work = Attachment(self._runtime, view.id, opening).run(frames)
            else:
                if not opening.command:
                    raise bad_request("you must specify at least one command for the container")
                work = Execution(self._processes, view.id, opening, self._folder).run(frames)
            async for frame in work:
                yield frame
        except RuntimeTrouble as why:
            what = "attach to container" if attach else "exec in container"
            status = orjson.dumps(internal(f"error executing command in container: failed to {what}: {why}").status())
            yield pb.StreamFrame(result=pb.Result(exit_code=1, status=status))
        except ApiError as why:
            await _abort(context, why)

    async def PortForward(self, frames: AsyncIterator[pb.PortFrame], context: Any) -> AsyncIterator[pb.PortFrame]:  # noqa: N802
        """Carry one connection to a port of a pod."""
        await self._admit(context)
        try:
            first = await anext(frames, None)
            if first is None or first.WhichOneof("frame") != "open":
                raise bad_request("the first frame must say which pod and port")
            worker, pod = worker_of(self._pods, first.open.pod)
            sandbox = worker.view().sandbox
            if sandbox is None:
                raise bad_request(f"pod {pod.metadata.name} is not running")
            netns = "" if pod.spec.host_network else await self._runtime.network_namespace(sandbox.id)
            async for frame in forward(netns, first.open.port, frames):
                yield frame
        except RuntimeTrouble as why:
            await _abort(context, internal(str(why)))
        except ApiError as why:
            await _abort(context, why)


async def _opening(frames: AsyncIterator[pb.StreamFrame]) -> pb.Open:
    first = await anext(frames, None)
    if first is None or first.WhichOneof("frame") != "open":
        raise bad_request("the first frame must say which pod and command")
    return first.open


async def _abort(context: Any, why: ApiError) -> None:
    code, text, metadata = refusal(why)
    await context.abort(code, text, metadata)


def _part(request: pb.LogsRequest) -> Part:
    """Which part of the log is asked for. Raises ApiError (400)."""
    since: float | None = None
    if request.HasField("since_seconds"):
        since = clock.wall() - request.since_seconds
    elif request.since_time:
        try:
            since = moment(request.since_time)
        except ValueError as why:
            said = f"sinceTime: {request.since_time!r} is no time: it must be as 2026-01-02T15:04:05Z"
            raise bad_request(said) from why
    return Part(
        tail=request.tail_lines if request.HasField("tail_lines") else None,
        since=since,
        limit=request.limit_bytes if request.HasField("limit_bytes") else None,
        timestamps=request.timestamps,
    )
