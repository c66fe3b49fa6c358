"""Whether the kubelet works and what it has, told as Kubernetes' kubelet tells it.

Source: the kubelet's metrics kubelet_running_pods, kubelet_running_containers, kubelet_pod_start_duration_seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from pyk8s.kubelet.values import ContainerView
from pyk8s.observe import metrics
from pyk8s.observe.health import Health

RUNNING_PODS = metrics.gauge("kubelet_running_pods", "Pods of which a container runs.")
RUNNING_CONTAINERS = metrics.gauge("kubelet_running_containers", "Containers that run.", "container_state")
POD_START = metrics.histogram(
    "kubelet_pod_start_duration_seconds",
    "From the first the kubelet heard of a pod until all of its containers have been started.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300),
)


class Workers(Protocol):
    """The pods of a kubelet."""

    def running(self) -> Iterable[ContainerView]:
        """Every container that runs."""
        ...

    def running_pods(self) -> int:
        """Of how many pods a container runs."""
        ...


def count(pods: Workers) -> None:
    """From now on, tell of `pods` when somebody asks."""
    RUNNING_PODS.set_function(pods.running_pods)
    RUNNING_CONTAINERS.labels("running").set_function(lambda: len(list(pods.running())))


def health(registered: asyncio.Event, *, informed: asyncio.Event) -> Health:
    """Alive as long as it answers; ready once its node is `registered` and it is `informed` of its pods."""
    return Health(
        live={"ping": lambda: ""},
        ready={
            "node": lambda: "" if registered.is_set() else "the node is not registered yet",
            "pods": lambda: "" if informed.is_set() else "the pods of this node are not known yet",
        },
    )
