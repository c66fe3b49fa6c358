"""A container runtime in memory: sandboxes and containers are entries in dictionaries, and end when told to."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from pyk8s.aio import clock
from pyk8s.gen.cri.v1 import runtime_pb2 as cri
from pyk8s.kubelet.errors import Missing, Refused
from pyk8s.kubelet.pod import names
from pyk8s.kubelet.runtime.interface import Condition, ExecResult, ImageView, Summary, Version
from pyk8s.kubelet.values import ContainerView, SandboxView

Program = Callable[[cri.ContainerConfig], int | None]
"""What a container does when it is started: the code it exits with at once, or None to run until it is stopped."""

Answerer = Callable[[str, Sequence[str]], ExecResult]
"""What a program run inside a container does, given the container's name and the command."""

KILLED = 137


def run_on(config: cri.ContainerConfig) -> int | None:
    """A program that runs until it is stopped."""
    return None


def succeed(container: str, command: Sequence[str]) -> ExecResult:
    """A program that ends well at once."""
    return ExecResult(0)


class FakeRuntime:
    """`interface.Runtime` in memory.

    `program` decides what containers do, `answerer` what programs run inside them do; `calls` is what was asked for, in
    order; a name in `refusals` is refused with those words.
    """

    def __init__(self) -> None:
        self.program: Program = run_on
        self.answerer: Answerer = succeed
        self.calls: list[str] = []
        self.refusals: dict[str, str] = {}
        self.configs: dict[str, cri.ContainerConfig] = {}
        self.present: dict[str, ImageView] = {}
        self.registry: dict[str, ImageView] = {}
        self._sandboxes: dict[str, SandboxView] = {}
        self._containers: dict[str, ContainerView] = {}
        self._numbers = itertools.count(1)
        self._listeners: list[asyncio.Queue[str]] = []

    def _enter(self, call: str, detail: str = "") -> None:
        self.calls.append(f"{call} {detail}".strip())
        if call in self.refusals:
            raise Refused(self.refusals[call])

    async def version(self) -> Version:
        """A version of its own."""
        self._enter("version")
        return Version("fake", "1.0")

    async def conditions(self) -> Mapping[str, Condition]:
        """All is well, unless "conditions" is among the refusals."""
        self._enter("conditions")
        return {"RuntimeReady": Condition(True), "NetworkReady": Condition(True)}

    async def sandboxes(self, uid: str = "") -> list[SandboxView]:
        """The sandboxes, newest first."""
        found = [replace(each, ips=()) for each in self._sandboxes.values() if uid in ("", each.uid)]
        return sorted(found, key=lambda one: (one.created_at, one.attempt), reverse=True)

    async def sandbox(self, sandbox_id: str) -> SandboxView:
        """One sandbox."""
        return self._sandbox(sandbox_id)

    def _sandbox(self, sandbox_id: str) -> SandboxView:
        if sandbox_id not in self._sandboxes:
            raise Missing(f"no sandbox {sandbox_id}")
        return self._sandboxes[sandbox_id]

    async def network_namespace(self, sandbox_id: str) -> str:
        """A path that leads nowhere."""
        return f"/run/netns/{self._sandbox(sandbox_id).id}"

    async def run_sandbox(self, config: cri.PodSandboxConfig) -> str:
        """Make a sandbox with an address of its own."""
        self._enter("run_sandbox", config.metadata.name)
        number = next(self._numbers)
        grace = config.annotations.get(names.GRACE_SECONDS, "30")
        made = SandboxView(
            id=f"sandbox-{number}",
            uid=config.metadata.uid,
            name=config.metadata.name,
            namespace=config.metadata.namespace,
            attempt=config.metadata.attempt,
            ready=True,
            created_at=clock.wall(),
            ips=() if config.linux.security_context.namespace_options.network == cri.NODE else (f"10.0.0.{number}",),
            grace_seconds=int(grace),
        )
        self._sandboxes[made.id] = made
        return made.id

    async def stop_sandbox(self, sandbox_id: str) -> None:
        """Stop a sandbox and what is in it."""
        self._enter("stop_sandbox", sandbox_id)
        held = self._sandboxes.get(sandbox_id)
        if held is None or not held.ready:
            return
        for one in [one for one in self._containers.values() if one.sandbox_id == sandbox_id]:
            self.end(one.id, KILLED)
        self._sandboxes[sandbox_id] = replace(held, ready=False)
        self._tell(sandbox_id)

    async def remove_sandbox(self, sandbox_id: str) -> None:
        """Forget a sandbox and what is in it."""
        self._enter("remove_sandbox", sandbox_id)
        self._sandboxes.pop(sandbox_id, None)
        for one in [one for one in self._containers.values() if one.sandbox_id == sandbox_id]:
            del self._containers[one.id]

    async def summaries(self) -> list[Summary]:
        """Every container."""
        return [Summary(one.id, one.uid, one.sandbox_id, one.state) for one in self._containers.values()]

    async def containers(self, uid: str) -> list[ContainerView]:
        """The containers of a pod, newest first."""
        found = [one for one in self._containers.values() if one.uid == uid]
        return sorted(found, key=lambda one: (one.created_at, one.attempt), reverse=True)

    async def container(self, container_id: str, sandbox_id: str = "") -> ContainerView:
        """One container."""
        if container_id not in self._containers:
            raise Missing(f"no container {container_id}")
        return self._containers[container_id]

    async def create_container(
        self, sandbox_id: str, config: cri.ContainerConfig, sandbox_config: cri.PodSandboxConfig
    ) -> str:
        """Create a container in a sandbox that is ready."""
        self._enter("create_container", config.metadata.name)
        sandbox = self._sandbox(sandbox_id)
        if not sandbox.ready:
            raise Refused(f"sandbox {sandbox_id} is not running")
        made = ContainerView(
            id=f"container-{next(self._numbers)}",
            sandbox_id=sandbox_id,
            uid=sandbox.uid,
            name=config.metadata.name,
            attempt=config.metadata.attempt,
            state="created",
            created_at=clock.wall(),
            image=config.image.user_specified_image,
            image_id=config.image.image,
            spec_hash=config.annotations.get(names.SPEC_HASH, ""),
            crashes=int(config.annotations.get(names.CRASHES, "0")),
            grace_seconds=int(config.annotations.get(names.GRACE_SECONDS, "30")),
            log_path=f"{sandbox_config.log_directory}/{config.log_path}",
        )
        self._containers[made.id] = made
        self.configs[made.id] = config
        return made.id

    async def start_container(self, container_id: str) -> None:
        """Start a container, which may end at once."""
        held = await self.container(container_id)
        self._enter("start_container", held.name)
        self._containers[container_id] = replace(held, state="running", started_at=clock.wall())
        code = self.program(self.configs[container_id])
        if code is not None:
            self.end(container_id, code)

    def end(self, container_id: str, code: int, reason: str = "", *, told: bool = True) -> None:
        """A container's program ends with `code`; one that has ended already is left alone. Not `told`, the event is
        lost."""
        held = self._containers[container_id]
        if held.state in ("running", "created"):
            reason = reason or ("Error" if code else "Completed")
            self._containers[container_id] = replace(
                held, state="exited", exit_code=code, reason=reason, finished_at=clock.wall()
            )
            if told:
                self._tell(container_id)

    def _tell(self, ended: str) -> None:
        for queue in self._listeners:
            queue.put_nowait(ended)

    async def stop_container(self, container_id: str, grace: int) -> None:
        """Stop a container; its program needs no time for it."""
        self._enter("stop_container", f"{container_id} {grace}")
        if container_id in self._containers:
            self.end(container_id, 143 if grace else KILLED)

    async def remove_container(self, container_id: str) -> None:
        """Forget a container."""
        self._enter("remove_container", container_id)
        self._containers.pop(container_id, None)

    async def exec(self, container_id: str, command: Sequence[str], timeout: float) -> ExecResult:
        """Ask `answerer`."""
        held = await self.container(container_id)
        self._enter("exec", f"{held.name} {' '.join(command)}")
        if held.state != "running":
            raise Refused(f"container {held.name} is not running")
        return self.answerer(held.name, command)

    async def reopen_log(self, container_id: str) -> None:
        """There is no log to reopen."""
        self._enter("reopen_log", container_id)

    async def image(self, name: str) -> ImageView | None:
        """The image of that name or id."""
        self._enter("image", name)
        return self.present.get(name) or next((each for each in self.present.values() if each.id == name), None)

    async def images(self) -> list[ImageView]:
        """Every image."""
        return list(self.present.values())

    async def pull(self, name: str, auth: cri.AuthConfig | None, sandbox_config: cri.PodSandboxConfig | None) -> str:
        """Take an image from `registry`."""
        self._enter("pull", f"{name} {auth.username if auth is not None else ''}")
        if name not in self.registry:
            raise Refused(f"{name}: not found")
        self.present[name] = self.registry[name]
        return self.registry[name].id

    async def remove_image(self, name: str) -> None:
        """Forget an image."""
        self.present.pop(name, None)

    async def ended(self) -> AsyncIterator[str]:
        """Every end from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            yield ""
            while True:
                yield await queue.get()
        finally:
            self._listeners.remove(queue)

    async def close(self) -> None:
        """Nothing to let go of."""
