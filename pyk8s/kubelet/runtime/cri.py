"""A container runtime over CRI version 1, and over containerd's own event service where CRI has no events.

All gRPC of the kubelet's way to the runtime is here and in `runtime.containerd`: its errors become those of
`kubelet.errors`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any, TypeVar

import grpc
import orjson

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.gen.cri.v1 import runtime_pb2_grpc as service
from pyk8s.kubelet.errors import Missing, Refused, RuntimeTrouble, RuntimeUnavailable, TookTooLong
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.runtime import convert
from pyk8s.kubelet.runtime.counted import Counted
from pyk8s.kubelet.runtime.interface import Condition, ExecResult, ImageView, Summary, Version
from pyk8s.kubelet.values import ContainerView, SandboxView

T = TypeVar("T")

SECONDS = 120.0
"""How long a call may take that is no pull, stop or exec."""
PULL_SECONDS = 1800.0
SPARE_SECONDS = 10.0
"""What a stop or an exec may take beyond the time it was given."""
REFUSAL_SECONDS = 0.3
"""How long a runtime may take to say that it has no events."""
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

OPTIONS = (("grpc.max_receive_message_length", MAX_MESSAGE_BYTES), ("grpc.max_send_message_length", MAX_MESSAGE_BYTES))


def open_channel(endpoint: str) -> grpc.aio.Channel:
    """A channel to the runtime's socket; `endpoint` is unix:///path or a path."""
    target = endpoint if endpoint.startswith("unix:") else f"unix://{endpoint}"
    return grpc.aio.insecure_channel(target, options=OPTIONS)


def trouble(why: grpc.aio.AioRpcError) -> RuntimeTrouble:
    """What a failed call means."""
    said = why.details() or str(why.code())
    match why.code():
        case grpc.StatusCode.UNAVAILABLE | grpc.StatusCode.CANCELLED:
            return RuntimeUnavailable(f"the container runtime does not answer: {said}")
        case grpc.StatusCode.NOT_FOUND:
            return Missing(said)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return TookTooLong(said)
        case _:
            return Refused(said)


async def answer(call: Awaitable[T]) -> T:
    """The answer of a call. Raises RuntimeTrouble."""
    try:
        return await call
    except grpc.aio.AioRpcError as why:
        raise trouble(why) from why


class CriRuntime:
    """`interface.Runtime` over a channel to a CRI socket."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self._runtime: Any = Counted(service.RuntimeServiceStub(channel))  # type: ignore[no-untyped-call]
        self._images: Any = Counted(service.ImageServiceStub(channel))  # type: ignore[no-untyped-call]

    @property
    def channel(self) -> grpc.aio.Channel:
        """The connection, which containerd's own services share."""
        return self._channel

    async def close(self) -> None:
        """Let go of the connection."""
        await self._channel.close()

    async def version(self) -> Version:
        """Which runtime it is."""
        found = await answer(self._runtime.Version(cri.VersionRequest(), timeout=SECONDS))
        return Version(found.runtime_name, found.runtime_version.removeprefix("v"))

    async def conditions(self) -> Mapping[str, Condition]:
        """How it is."""
        found = await answer(self._runtime.Status(cri.StatusRequest(), timeout=SECONDS))
        return {each.type: Condition(each.status, each.reason, each.message) for each in found.status.conditions}

    async def sandboxes(self, uid: str = "") -> list[SandboxView]:
        """The sandboxes of a pod, or all; newest first."""
        labels = {names.POD_UID: uid} if uid else {}
        request = cri.ListPodSandboxRequest(filter=cri.PodSandboxFilter(label_selector=labels))
        found = await answer(self._runtime.ListPodSandbox(request, timeout=SECONDS))
        views = [convert.sandbox_view(each) for each in found.items]
        return sorted(views, key=lambda one: one.created_at, reverse=True)

    async def sandbox(self, sandbox_id: str) -> SandboxView:
        """One sandbox with its addresses."""
        request = cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id)
        found = await answer(self._runtime.PodSandboxStatus(request, timeout=SECONDS))
        return convert.sandbox_view(found.status, convert.addresses(found.status))

    async def network_namespace(self, sandbox_id: str) -> str:
        """The path of the sandbox's network namespace, from the OCI spec in its verbose status."""
        request = cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox_id, verbose=True)
        found = await answer(self._runtime.PodSandboxStatus(request, timeout=SECONDS))
        spec = orjson.loads(found.info.get("info", "{}")).get("runtimeSpec") or {}
        for each in (spec.get("linux") or {}).get("namespaces") or ():
            if each.get("type") == "network":
                return str(each.get("path") or "")
        return ""

    async def run_sandbox(self, config: cri.PodSandboxConfig) -> str:
        """Make and start a sandbox."""
        request = cri.RunPodSandboxRequest(config=config)
        return str((await answer(self._runtime.RunPodSandbox(request, timeout=SECONDS))).pod_sandbox_id)

    async def stop_sandbox(self, sandbox_id: str) -> None:
        """Stop a sandbox."""
        request = cri.StopPodSandboxRequest(pod_sandbox_id=sandbox_id)
        await _unless_missing(self._runtime.StopPodSandbox(request, timeout=SECONDS))

    async def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove a sandbox."""
        request = cri.RemovePodSandboxRequest(pod_sandbox_id=sandbox_id)
        await _unless_missing(self._runtime.RemovePodSandbox(request, timeout=SECONDS))

    async def summaries(self) -> list[Summary]:
        """Every container on the node."""
        return [convert.summary(each) for each in await self._list({})]

    async def containers(self, uid: str) -> list[ContainerView]:
        """The containers of a pod in full, newest first."""
        found = await self._list({names.POD_UID: uid})
        views = await asyncio.gather(*(self._full(each.id, each.pod_sandbox_id) for each in found))
        there = [one for one in views if one is not None]
        return sorted(there, key=lambda one: one.created_at, reverse=True)

    async def _list(self, labels: Mapping[str, str], container_id: str = "") -> Sequence[cri.Container]:
        chosen = cri.ContainerFilter(id=container_id, label_selector=dict(labels))
        request = cri.ListContainersRequest(filter=chosen)
        return list((await answer(self._runtime.ListContainers(request, timeout=SECONDS))).containers)

    async def _full(self, container_id: str, sandbox_id: str) -> ContainerView | None:
        request = cri.ContainerStatusRequest(container_id=container_id)
        try:
            found = await answer(self._runtime.ContainerStatus(request, timeout=SECONDS))
        except Missing:
            return None  # removed between the list and the question
        return convert.container_view(found.status, sandbox_id)

    async def container(self, container_id: str, sandbox_id: str = "") -> ContainerView:
        """One container in full; its status does not say which sandbox it is in."""
        if not sandbox_id:
            found = await self._list({}, container_id)
            sandbox_id = found[0].pod_sandbox_id if found else ""
        view = await self._full(container_id, sandbox_id)
        if view is None:
            raise Missing(f"container {container_id} is not there")
        return view

    async def create_container(
        self, sandbox_id: str, config: cri.ContainerConfig, sandbox_config: cri.PodSandboxConfig
    ) -> str:
        """Create a container."""
        request = cri.CreateContainerRequest(pod_sandbox_id=sandbox_id, config=config, sandbox_config=sandbox_config)
        return str((await answer(self._runtime.CreateContainer(request, timeout=SECONDS))).container_id)

    async def start_container(self, container_id: str) -> None:
        """Start a created container."""
        request = cri.StartContainerRequest(container_id=container_id)
        await answer(self._runtime.StartContainer(request, timeout=SECONDS))

    async def stop_container(self, container_id: str, grace: int) -> None:
        """Stop a container."""
        request = cri.StopContainerRequest(container_id=container_id, timeout=grace)
        await _unless_missing(self._runtime.StopContainer(request, timeout=SECONDS + grace))

    async def remove_container(self, container_id: str) -> None:
        """Remove a container."""
        request = cri.RemoveContainerRequest(container_id=container_id)
        await _unless_missing(self._runtime.RemoveContainer(request, timeout=SECONDS))

    async def exec(self, container_id: str, command: Sequence[str], timeout: float) -> ExecResult:
        """Run a program in a container and wait for it."""
        request = cri.ExecSyncRequest(container_id=container_id, cmd=command, timeout=max(1, round(timeout)))
        call = self._runtime.ExecSync(request, timeout=timeout + SPARE_SECONDS)
        try:
            done = await answer(call)
        except Refused as why:
            # containerd answers an exec that ran out of time with an unknown error and these words.
            if "timeout" in str(why) and "exceeded" in str(why):
                raise TookTooLong(f"command {command[0]!r} timed out after {timeout:g}s") from why
            raise
        return ExecResult(done.exit_code, done.stdout, done.stderr)

    async def attach(self, container_id: str, *, stdin: bool, stdout: bool, stderr: bool, tty: bool) -> str:
        """The URL where the streams of a container's first process are served."""
        request = cri.AttachRequest(container_id=container_id, stdin=stdin, stdout=stdout, stderr=stderr, tty=tty)
        return str((await answer(self._runtime.Attach(request, timeout=SECONDS))).url)

    async def reopen_log(self, container_id: str) -> None:
        """Let the runtime write on into a new log file."""
        request = cri.ReopenContainerLogRequest(container_id=container_id)
        await answer(self._runtime.ReopenContainerLog(request, timeout=SECONDS))

    async def image(self, name: str) -> ImageView | None:
        """The image, if it is on the node."""
        request = cri.ImageStatusRequest(image=cri.ImageSpec(image=name))
        found = await answer(self._images.ImageStatus(request, timeout=SECONDS))
        return convert.image_view(found.image) if found.HasField("image") else None

    async def images(self) -> list[ImageView]:
        """Every image on the node."""
        found = await answer(self._images.ListImages(cri.ListImagesRequest(), timeout=SECONDS))
        return [convert.image_view(each) for each in found.images]

    async def pull(self, name: str, auth: cri.AuthConfig | None, sandbox_config: cri.PodSandboxConfig | None) -> str:
        """Get an image."""
        request = cri.PullImageRequest(image=cri.ImageSpec(image=name), auth=auth, sandbox_config=sandbox_config)
        return str((await answer(self._images.PullImage(request, timeout=PULL_SECONDS))).image_ref)

    async def remove_image(self, name: str) -> None:
        """Remove an image."""
        request = cri.RemoveImageRequest(image=cri.ImageSpec(image=name))
        await _unless_missing(self._images.RemoveImage(request, timeout=SECONDS))

    async def ended(self) -> AsyncIterator[str]:
        """Ends of containers and sandboxes: from CRI's event stream, else from containerd's."""
        from pyk8s.kubelet.runtime.containerd import task_exits

        stream = self._runtime.GetContainerEvents(cri.GetEventsRequest())
        # A runtime that has events says nothing until there is one; one that has none says so at once.
        refused, _ = await asyncio.wait([asyncio.ensure_future(stream.code())], timeout=REFUSAL_SECONDS)
        if refused and await stream.code() is grpc.StatusCode.UNIMPLEMENTED:
            async for ended in task_exits(self._channel):
                yield ended
            return
        try:
            yield ""
            async for event in stream:
                if event.container_event_type == cri.CONTAINER_STOPPED_EVENT:
                    yield event.container_id
        except grpc.aio.AioRpcError as why:
            raise trouble(why) from why


async def _unless_missing(call: Awaitable[object]) -> None:
    try:
        await answer(call)
    except Missing:
        pass
