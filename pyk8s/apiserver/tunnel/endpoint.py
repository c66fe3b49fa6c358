"""What answers requests for log, exec, attach and portforward: it finds the pod's node and opens the stream there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from pyk8s.api.errors import ApiError, bad_request, not_found
from pyk8s.apiserver.request import Connected, Request, Session, StreamAnswer
from pyk8s.apiserver.tunnel.kubelets import Kubelets
from pyk8s.apiserver.tunnel.sessions import GrpcSession, log_chunks
from pyk8s.apiserver.tunnel.target import logs_request, node_of, open_frame, pod_ref
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb

Find: TypeAlias = Callable[[str, str, str], Awaitable[Mapping[str, Any] | None]]
"""The object (plural, namespace, name) as it is now, None when there is none."""

MAX_PORT = 65_535


class Tunnel:
    """Opens streams into pods."""

    def __init__(self, find: Find, kubelets: Kubelets) -> None:
        self._find = find
        self._kubelets = kubelets

    async def handle(self, request: Request) -> StreamAnswer | Connected:
        """The stream that `request` asks for. Raises ApiError."""
        pod = await self._find("pods", request.namespace, request.name)
        if pod is None:
            raise not_found("", "pods", request.name)
        match request.subresource:
            case "log":
                asked = logs_request(pod, request.parameters)
                if not (pod.get("spec") or {}).get("nodeName"):
                    return StreamAnswer(_nothing())
                return StreamAnswer(log_chunks((await self._stub(pod)).Logs(asked), node_of(pod)))
            case "exec" | "attach" as kind:
                opening = open_frame(pod, request.parameters, attach=kind == "attach")
                _check_running(pod)
                stub = await self._stub(pod)
                method = stub.Exec if kind == "exec" else stub.Attach
                return Connected(lambda _: GrpcSession(method(), pb.StreamFrame(open=opening), node_of(pod)))
            case "portforward":
                _check_running(pod)
                return Connected(self._forward(pod, await self._stub(pod)))
        raise ApiError("MethodNotAllowed", f"pods/{request.subresource} is not served")

    async def _stub(self, pod: Mapping[str, Any]) -> Any:
        name = node_of(pod)
        node = await self._find("nodes", "", name)
        if node is None:
            raise not_found("", "nodes", name)
        return self._kubelets.stub(node)

    def _forward(self, pod: Mapping[str, Any], stub: Any) -> Callable[[int], Session]:
        def open_port(port: int) -> Session:
            if not 0 < port <= MAX_PORT:
                raise bad_request(f"{port} is no port: it must be between 1 and {MAX_PORT}")
            opening = pb.PortFrame(open=pb.PortOpen(pod=pod_ref(pod, ""), port=port))
            return GrpcSession(stub.PortForward(), opening, node_of(pod))

        return open_port


def _check_running(pod: Mapping[str, Any]) -> None:
    phase = (pod.get("status") or {}).get("phase", "")
    if phase in ("Succeeded", "Failed"):
        raise bad_request(f"cannot exec into a container in a completed pod; current phase is {phase}")


async def _nothing() -> AsyncIterator[bytes]:
    """The log of a pod that is on no node yet."""
    yield b""
