"""What is remembered of one pod between two plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyk8s.kubelet.runtime.interface import ImageView
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import ContainerView, Health, Hold, PodView, SandboxView, Seconds


@dataclass(slots=True)
class Memory:
    """The pod as it is wished, and all that is known of it. Changed by its worker and the worker's operations only.

    `failures` counts, by operation, how often in a row it failed; `volumes_due` is when files must be written again
    (a token expires, an object has changed), None for never.
    """

    uid: str
    pod: Pod | None = None
    gone: bool = False
    sandboxes: dict[str, SandboxView] = field(default_factory=dict)
    containers: dict[str, ContainerView] = field(default_factory=dict)
    images: dict[str, ImageView] = field(default_factory=dict)
    volumes_ready: bool = False
    volumes_gone: bool = False
    volumes_due: Seconds | None = None
    holds: dict[str, Hold] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    hooked: set[str] = field(default_factory=set)
    hook_failed: set[str] = field(default_factory=set)
    rejected: Hold | None = None

    @property
    def ips(self) -> tuple[str, ...]:
        """The addresses of the newest sandbox."""
        newest = max(self.sandboxes.values(), key=lambda one: one.created_at, default=None)
        return newest.ips if newest is not None else ()

    @property
    def is_over(self) -> bool:
        """Whether the API has it no more, or was told that it may let it go: it takes up no room."""
        return self.gone or "finish" in self.holds

    def view(self, busy: frozenset[str], health: Callable[[str], Health | None]) -> PodView:
        """All of it as one value for a plan."""
        observed = {each: health(each) for each in self.containers}
        return PodView(
            sandboxes=tuple(sorted(self.sandboxes.values(), key=lambda one: one.created_at, reverse=True)),
            containers=tuple(sorted(self.containers.values(), key=_age)),
            images=frozenset(self.images),
            volumes_ready=self.volumes_ready,
            volumes_gone=self.volumes_gone,
            volumes_due=self.volumes_due,
            health={each: found for each, found in observed.items() if found is not None},
            holds=dict(self.holds),
            busy=busy,
            hooked=frozenset(self.hooked),
            hook_failed=frozenset(self.hook_failed),
            rejected=self.rejected,
        )

    def failed(self, operation: str, reason: str, message: str, now: Seconds, delay: float) -> None:
        """Remember that an operation failed and is to be tried again after `delay` seconds."""
        self.failures[operation] = self.failures.get(operation, 0) + 1
        self.holds[operation] = Hold(reason, message, now + delay)

    def succeeded(self, operation: str) -> None:
        """Forget that an operation failed."""
        self.failures.pop(operation, None)
        self.holds.pop(operation, None)

    def forget_container(self, container_id: str) -> None:
        """A container is no longer there."""
        self.containers.pop(container_id, None)
        self.hooked.discard(container_id)
        self.hook_failed.discard(container_id)


def _age(one: ContainerView) -> tuple[float, int]:
    """Newest first; the attempt decides between two of the same moment."""
    return (-one.created_at, -one.attempt)
