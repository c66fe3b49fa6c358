"""What the kubelet asks of a container runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.values import ContainerState, ContainerView, SandboxView


@dataclass(frozen=True, slots=True)
class Version:
    """Which runtime it is: "containerd", "1.6.20"."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing the runtime says of itself: RuntimeReady, NetworkReady."""

    ok: bool
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A container, cheaply: enough to see that something has changed."""

    id: str
    uid: str
    sandbox_id: str
    state: ContainerState


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image on the node. `size` in bytes; `uid` and `user` are whom it runs as, None and "" when it does not say."""

    id: str
    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    size: int = 0
    uid: int | None = None
    user: str = ""
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class ExecResult:
    """How a program run inside a container ended."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""


class Runtime(Protocol):
    """A container runtime. Every method raises RuntimeUnavailable, and Refused with the runtime's own words; what is
    said about an unknown id raises Missing, except that stopping and removing the unknown succeed."""

    async def version(self) -> Version:
        """Which runtime it is."""
        ...

    async def conditions(self) -> Mapping[str, Condition]:
        """How it is, by RuntimeReady and NetworkReady."""
        ...

    async def sandboxes(self, uid: str = "") -> list[SandboxView]:
        """The sandboxes of a pod, or all; newest first, without addresses."""
        ...

    async def sandbox(self, sandbox_id: str) -> SandboxView:
        """One sandbox with its addresses."""
        ...

    async def network_namespace(self, sandbox_id: str) -> str:
        """The path of the sandbox's network namespace; "" when it has the node's."""
        ...

    async def run_sandbox(self, config: cri.PodSandboxConfig) -> str:
        """Make and start a sandbox; its id."""
        ...

    async def stop_sandbox(self, sandbox_id: str) -> None:
        """Stop a sandbox and everything in it, give its addresses back."""
        ...

    async def remove_sandbox(self, sandbox_id: str) -> None:
        """Remove a sandbox and the containers in it."""
        ...

    async def summaries(self) -> list[Summary]:
        """Every container on the node."""
        ...

    async def containers(self, uid: str) -> list[ContainerView]:
        """The containers of a pod in full, newest first."""
        ...

    async def container(self, container_id: str, sandbox_id: str = "") -> ContainerView:
        """One container in full; who knows its sandbox saves the runtime a search."""
        ...

    async def create_container(
        self, sandbox_id: str, config: cri.ContainerConfig, sandbox_config: cri.PodSandboxConfig
    ) -> str:
        """Create a container; its id."""
        ...

    async def start_container(self, container_id: str) -> None:
        """Start a created container."""
        ...

    async def stop_container(self, container_id: str, grace: int) -> None:
        """Ask a container to stop, kill it after `grace` seconds; returns when it has ended."""
        ...

    async def remove_container(self, container_id: str) -> None:
        """Remove a container, ended or not."""
        ...

    async def exec(self, container_id: str, command: Sequence[str], timeout: float) -> ExecResult:
        """Run a program in a container and wait for it, at most `timeout` seconds. Raises TookTooLong."""
        ...

    async def reopen_log(self, container_id: str) -> None:
        """Let the runtime write on into a new file at the container's log path."""
        ...

    async def image(self, name: str) -> ImageView | None:
        """The image of that name, digest or id, if it is on the node."""
        ...

    async def images(self) -> list[ImageView]:
        """Every image on the node."""
        ...

    async def pull(self, name: str, auth: cri.AuthConfig | None, sandbox_config: cri.PodSandboxConfig | None) -> str:
        """Get an image from its registry; its id."""
        ...

    async def remove_image(self, name: str) -> None:
        """Remove an image; one in use stays usable."""
        ...

    def ended(self) -> AsyncIterator[str]:
        """The ids of containers and sandboxes, each at the moment its process ends. The first item is "": the stream is
        asked for, and what ended before, or within a moment, may be missing. Ends or raises when the stream breaks."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
