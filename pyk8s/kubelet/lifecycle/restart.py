"""When a container that ended is started again. Source: Kubernetes documentation, "Pod Lifecycle", restart policy."""

from __future__ import annotations

from pyk8s.kubelet.spec.container import Container
from pyk8s.kubelet.values import ContainerView, Seconds

FIRST_DELAY = 10.0
LONGEST_DELAY = 300.0
FORGIVEN_AFTER = 600.0
"""Seconds a container must have run for its earlier crashes not to count any more."""


def is_restarted(container: Container, policy: str, ended: ContainerView, *, is_init: bool = False) -> bool:
    """Whether a container that ended is to be started again; `policy` is the pod's.

    An init container's success is final under every policy.
    """
    if container.is_sidecar and is_init:
        return True
    if is_init or policy == "OnFailure":
        return ended.failed and policy != "Never"
    return policy == "Always"


def crashes_after(ended: ContainerView | None) -> int:
    """How many instances in a row have ended by now, the last of them `ended`; a long run starts the count anew."""
    if ended is None:
        return 0
    lasted = ended.finished_at - ended.started_at if ended.started_at else 0.0
    return 1 if lasted >= FORGIVEN_AFTER else ended.crashes + 1


def delay(crashes: int) -> float:
    """Seconds between the end of an instance and the next start: none, 10, 20, 40, … at most 300."""
    if crashes <= 1:
        return 0.0
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(crashes - 2, 16))


def start_at(ended: ContainerView | None) -> Seconds:
    """The earliest time of the next start."""
    if ended is None:
        return 0.0
    return (ended.finished_at or ended.created_at) + delay(crashes_after(ended))
