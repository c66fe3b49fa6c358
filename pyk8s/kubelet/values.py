"""What the kubelet sees of a pod, and what it can do about it: the two sides of `plan.plan_pod`.

Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Seconds: TypeAlias = float
ContainerState: TypeAlias = Literal["created", "running", "exited", "unknown"]


@dataclass(frozen=True, slots=True)
class SandboxView:
    """A pod sandbox as the runtime describes it. `attempt` counts the sandboxes of a pod from 0."""

    id: str
    uid: str
    name: str
    namespace: str
    attempt: int
    ready: bool
    created_at: Seconds
    ips: tuple[str, ...] = ()
    grace_seconds: int = 30


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container as the runtime describes it.

    `attempt` counts the containers of one name in a pod from 0 and is its restart count. `crashes` is how many
    instances before it ended without ever having run for long; the back-off grows with it. `message` is what the
    container left behind on exit.
    """

    id: str
    sandbox_id: str
    uid: str
    name: str
    attempt: int
    state: ContainerState
    created_at: Seconds
    started_at: Seconds = 0.0
    finished_at: Seconds = 0.0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    image: str = ""
    image_id: str = ""
    spec_hash: str = ""
    crashes: int = 0
    grace_seconds: int = 30
    log_path: str = ""

    @property
    def failed(self) -> bool:
        """Whether it ended with another exit code than 0."""
        return self.state == "exited" and self.exit_code != 0


@dataclass(frozen=True, slots=True)
class Health:
    """What the probes say of one running container. `failed` names the probe that gave up on it, if one did."""

    started: bool = False
    ready: bool = False
    failed: Literal["", "startup", "liveness"] = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that failed and is to be tried again at `until`; reason and message are what the status shows."""

    reason: str
    message: str
    until: Seconds


@dataclass(frozen=True, slots=True)
class PodView:
    """All that is seen of one pod. Sandboxes and containers are newest first.

    `volumes_due` is when the files in volumes must be written again. `images` are the containers whose image is there
    for their next start; `holds` what must wait, by operation (`sandbox`, `volumes`, `image/NAME`, `container/NAME`);
    `busy` the operations under way; `hooked` the ids of containers whose postStart hook has ended well (or that have
    none), `hook_failed` of those whose hook failed.
    """

    sandboxes: tuple[SandboxView, ...] = ()
    containers: tuple[ContainerView, ...] = ()
    images: frozenset[str] = frozenset()
    volumes_ready: bool = False
    volumes_gone: bool = False
    volumes_due: Seconds | None = None
    health: Mapping[str, Health] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    hooked: frozenset[str] = frozenset()
    hook_failed: frozenset[str] = frozenset()
    rejected: Hold | None = None

    @property
    def sandbox(self) -> SandboxView | None:
        """The sandbox that containers run in: the newest, when it is ready."""
        newest = self.sandboxes[0] if self.sandboxes else None
        return newest if newest is not None and newest.ready else None

    def current(self, name: str) -> ContainerView | None:
        """The newest container of that name in the sandbox that is ready."""
        sandbox = self.sandbox
        for one in self.containers:
            if one.name == name and sandbox is not None and one.sandbox_id == sandbox.id:
                return one
        return None

    def instances(self, name: str) -> tuple[ContainerView, ...]:
        """Every container of that name, newest first, those of former sandboxes included."""
        return tuple(one for one in self.containers if one.name == name)

    def newest(self, name: str) -> ContainerView | None:
        """The newest container of that name, in whichever sandbox."""
        return next((one for one in self.containers if one.name == name), None)

    @property
    def is_running(self) -> bool:
        """Whether a container may still be running."""
        return any(one.state in ("running", "unknown") for one in self.containers)


@dataclass(frozen=True, slots=True)
class MountVolumes:
    """Bring every volume of the pod into being."""


@dataclass(frozen=True, slots=True)
class UnmountVolumes:
    """Take the pod's volumes away: nothing runs that could use them."""


@dataclass(frozen=True, slots=True)
class MakeSandbox:
    """Make and start the sandbox number `attempt`."""

    attempt: int


@dataclass(frozen=True, slots=True)
class EnsureImage:
    """See to it that the image of container `name` is on the node."""

    name: str


@dataclass(frozen=True, slots=True)
class Start:
    """Create and start container `name` in sandbox `sandbox_id`, as instance number `attempt`."""

    name: str
    sandbox_id: str
    attempt: int = 0
    crashes: int = 0


@dataclass(frozen=True, slots=True)
class RunHook:
    """Run the postStart hook of the running container."""

    name: str
    container_id: str


Why: TypeAlias = Literal["liveness", "startup", "hook", "changed", "terminating", "finished", "no sandbox", "unknown"]


@dataclass(frozen=True, slots=True)
class Kill:
    """Run the preStop hook, ask the container to stop, and kill it after `grace` seconds."""

    name: str
    container_id: str
    why: Why
    grace: int = 30


@dataclass(frozen=True, slots=True)
class StopSandbox:
    """Stop the sandbox: its network goes."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """Forget a container that has ended, with its log."""

    container_id: str
    name: str
    attempt: int


@dataclass(frozen=True, slots=True)
class RemoveSandbox:
    """Forget a stopped sandbox and all containers in it."""

    sandbox_id: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing runs any more: tell the API that the pod may go."""


@dataclass(frozen=True, slots=True)
class CleanUp:
    """The pod is gone from the API, the runtime holds nothing of it: remove its folders, forget it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless something happens."""

    until: Seconds


Action: TypeAlias = (
    MountVolumes
    | UnmountVolumes
    | MakeSandbox
    | EnsureImage
    | Start
    | RunHook
    | Kill
    | StopSandbox
    | RemoveContainer
    | RemoveSandbox
    | Finish
    | CleanUp
    | Wait
)


def operation(action: Action) -> str:
    """The name under which an action is `busy`: two actions of one name never run at once."""
    match action:
        case MountVolumes() | UnmountVolumes():
            return "volumes"
        case MakeSandbox() | StopSandbox():
            return "sandbox"
        case EnsureImage(name):
            return f"image/{name}"
        case Start(name) | RunHook(name) | Kill(name):
            return f"container/{name}"
        case RemoveContainer(container_id):
            return f"remove/{container_id}"
        case RemoveSandbox(sandbox_id):
            return f"remove/{sandbox_id}"
        case Finish():
            return "finish"
        case CleanUp():
            return "cleanup"
        case Wait():
            return "wait"
