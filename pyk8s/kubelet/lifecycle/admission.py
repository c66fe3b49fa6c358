"""Whether the node takes a pod that was put on it. Pure.

The scheduler has asked the same before; a pod that names its node itself has not been asked anything. Source: kubelet
admission, whose reasons are OutOfcpu, OutOfmemory, OutOfpods and NodePorts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyk8s.kubelet.resources import amount, total
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.spec.container import Quantity
from pyk8s.kubelet.values import Hold, Seconds

COUNTED = ("cpu", "memory")


def refuse(pod: Pod, others: Sequence[Pod], allocatable: Mapping[str, Quantity], now: Seconds) -> Hold | None:
    """Why the node cannot take `pod` beside the `others` it has; None when it can."""
    room = amount(allocatable, "pods")
    if room and len(others) + 1 > room:
        return _hold("OutOfpods", "pods", 1, len(others), room, now)
    for name in COUNTED:
        wanted, room = total(pod, name), amount(allocatable, name)
        used = sum(total(other, name) for other in others)
        if wanted and used + wanted > room:
            return _hold(f"OutOf{name}", name, wanted, used, room, now)
    taken = {port for other in others for port in _ports(other)}
    if taken.intersection(_ports(pod)):
        why = "node(s) didn't have free ports for the requested pod ports"
        return Hold("NodePorts", f"Pod was rejected: Predicate NodePorts failed: {why}", now)
    return None


def _hold(reason: str, name: str, wanted: int, used: int, room: int, now: Seconds) -> Hold:
    what = f"{name}, requested: {wanted}, used: {used}, capacity: {room}"
    return Hold(reason, f"Pod was rejected: Node didn't have enough resource: {what}", now)


def _ports(pod: Pod) -> Iterator[tuple[str, int]]:
    """The ports of the node that a pod takes; in the node's own network every port of a container is one."""
    for container in pod.spec.containers:
        for port in container.ports:
            number = port.host_port or (port.container_port if pod.spec.host_network else 0)
            if number:
                yield port.protocol, number


def counted(pods: Iterable[Pod]) -> list[Pod]:
    """The pods that take up room: those that have not ended."""
    return [pod for pod in pods if pod.status.phase not in ("Succeeded", "Failed")]
