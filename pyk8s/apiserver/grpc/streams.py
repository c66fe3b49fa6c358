"""The `Streams` service: logs, exec, attach and port-forward of every pod, frames passed through as they are."""

from __future__ import annotations

import asyncio
from typing import Any

from pyk8s.api.errors import ApiError, bad_request, internal
from pyk8s.api.refs import PODS
from pyk8s.api.resources import Resources
from pyk8s.apiserver.chain.frame import new_id
from pyk8s.apiserver.grpc.objects import let_go, refuse
from pyk8s.apiserver.grpc.peers import Peers
from pyk8s.apiserver.request import Connected, Handler, Request, Response, Session, StreamAnswer
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc as rpc

Context = Any

OPEN_SECONDS = 30.0
"""How long a client may take for its first frame."""


class Streams(rpc.StreamsServicer):
    """Opens streams by way of the chain, then only carries frames."""

    def __init__(self, handler: Handler, resources: Resources, peers: Peers) -> None:
        self._handler = handler
        self._resources = resources
        self._peers = peers

    async def Logs(self, request: pb.LogsRequest, context: Context) -> None:  # noqa: N802
        """A container's log."""
        try:
            answer = await self._ask(context, request.pod, "get", "log", log_parameters(request))
            if not isinstance(answer, StreamAnswer):
                raise internal(f"{type(answer).__name__} is no answer to a log")
            try:
                async for chunk in answer.chunks:
                    await context.write(pb.LogChunk(data=chunk))
            finally:
                await let_go(answer.chunks)
        except ApiError as error:
            await refuse(context, error)

    async def Exec(self, frames: Any, context: Context) -> None:  # noqa: N802
        """A program in a container."""
        await self._interact(context, "exec")

    async def Attach(self, frames: Any, context: Context) -> None:  # noqa: N802
        """The program a container runs already."""
        await self._interact(context, "attach")

    async def PortForward(self, frames: Any, context: Context) -> None:  # noqa: N802
        """One connection to one port of a pod."""
        try:
            first = await self._first(context)
            connected = await self._ask(context, first.open.pod, "create", "portforward", {})
            if not isinstance(connected, Connected):
                raise internal(f"{type(connected).__name__} is no answer to portforward")
            await self._carry(context, connected.open(first.open.port))
        except ApiError as error:
            await refuse(context, error)

    async def _interact(self, context: Context, kind: str) -> None:
        try:
            first = await self._first(context)
            connected = await self._ask(context, first.open.pod, "create", kind, open_parameters(first.open))
            if not isinstance(connected, Connected):
                raise internal(f"{type(connected).__name__} is no answer to {kind}")
            await self._carry(context, connected.open(0))
        except ApiError as error:
            await refuse(context, error)

    async def _first(self, context: Context) -> Any:
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                frame = await context.read()
        except TimeoutError:
            raise bad_request(f"no first frame came within {OPEN_SECONDS:g} s") from None
        if not hasattr(frame, "WhichOneof") or frame.WhichOneof("frame") != "open":
            raise bad_request("the first frame of a stream must be `open`")
        return frame

    async def _ask(
        self, context: Context, pod: pb.PodRef, verb: str, subresource: str, parameters: dict[str, list[str]]
    ) -> Response:
        return await self._handler(
            Request(
                verb=verb,
                resource=self._resources.by_ref(PODS),
                namespace=pod.namespace,
                name=pod.name,
                subresource=subresource,
                parameters=parameters,
                peer=self._peers.of(context),
                id=new_id(),
            )
        )

    async def _carry(self, context: Context, session: Session) -> None:
        """Carry frames both ways until the pod's side ends."""
        listening = asyncio.get_running_loop().create_task(_listen(context, session))
        try:
            async for frame in session.frames():
                await context.write(frame)
        finally:
            listening.cancel()
            session.close()
            await asyncio.gather(listening, return_exceptions=True)


async def _listen(context: Context, session: Session) -> None:
    """Pass on what the client sends. That it sends no more ends nothing: the call itself says when it is over."""
    while hasattr(frame := await context.read(), "WhichOneof"):
        try:
            await session.send(frame)
        except ApiError:
            # Reading the session says the same, and tells the client.
            return


def log_parameters(request: pb.LogsRequest) -> dict[str, list[str]]:
    """What is asked of a log, as the parameters of a URL would say it."""
    said: dict[str, Any] = {
        "container": request.pod.container,
        "follow": "true" if request.follow else "",
        "previous": "true" if request.previous else "",
        "timestamps": "true" if request.timestamps else "",
        "sinceTime": request.since_time,
    }
    for field, name in (("tail_lines", "tailLines"), ("since_seconds", "sinceSeconds"), ("limit_bytes", "limitBytes")):
        if request.HasField(field):
            said[name] = str(getattr(request, field))
    return {name: [value] for name, value in said.items() if value}


def open_parameters(opening: pb.Open) -> dict[str, list[str]]:
    """What is asked of an exec or attach, as the parameters of a URL would say it."""
    said = {name: ["true"] for name in ("stdin", "stdout", "stderr", "tty") if getattr(opening, name)}
    if opening.pod.container:
        said["container"] = [opening.pod.container]
    if opening.command:
        said["command"] = list(opening.command)
    return said
