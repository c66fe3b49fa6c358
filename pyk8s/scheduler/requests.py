"""How much of each resource a pod needs set aside.

Source: Kubernetes documentation, "Resource management", "Init containers" and KEP-753 (sidecars), KEP-2837 (pod-level).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from pyk8s.api.quantity import QuantityInvalid, millicores, units
from pyk8s.scheduler.objects import Container, PodSpec, Quantity

CPU, MEMORY, PODS = "cpu", "memory", "pods"

Amounts = Mapping[str, int]
"""Resource to amount: millicores of cpu, bytes of memory, whole units of anything else."""

SCORED_CPU = 100
SCORED_MEMORY = 200 * 1024 * 1024
"""What a container without a request counts as when nodes are compared (never when they are filtered)."""


@lru_cache(maxsize=4096)
def amount(resource: str, quantity: Quantity) -> int:
    """`quantity` in the unit of `resource`; 0 when it cannot be read."""
    try:
        return millicores(quantity) if resource == CPU else units(quantity)
    except QuantityInvalid:
        return 0


def amounts(quantities: Mapping[str, Quantity] | None) -> dict[str, int]:
    """Every quantity in the unit of its resource."""
    return {name: amount(name, quantity) for name, quantity in (quantities or {}).items()}


def _of(container: Container, *, scored: bool) -> dict[str, int]:
    wanted = amounts(container.resources.requests if container.resources else None)
    if scored:
        wanted[CPU] = wanted.get(CPU) or SCORED_CPU
        wanted[MEMORY] = wanted.get(MEMORY) or SCORED_MEMORY
    return wanted


def _add(to: dict[str, int], more: Amounts) -> None:
    for name, value in more.items():
        to[name] = to.get(name, 0) + value


def _raise(to: dict[str, int], other: Amounts) -> None:
    for name, value in other.items():
        to[name] = max(to.get(name, 0), value)


def _peak(containers: Iterable[Container], inits: Iterable[Container], *, scored: bool) -> dict[str, int]:
    """What runs at once at most: all containers with all sidecars, or an init container with the sidecars before it."""
    sidecars: dict[str, int] = {}
    starting: dict[str, int] = {}
    for init in inits:
        wanted = _of(init, scored=scored)
        if init.restart_policy == "Always":
            _add(sidecars, wanted)
            _raise(starting, sidecars)
        else:
            _add(wanted, sidecars)
            _raise(starting, wanted)
    running = dict(sidecars)
    for container in containers:
        _add(running, _of(container, scored=scored))
    _raise(running, starting)
    return running


def requested(spec: PodSpec, *, scored: bool = False) -> dict[str, int]:
    """What the pod needs of each resource, one of "pods" among it; with `scored`, containers that ask for no cpu or
    memory count as SCORED_CPU and SCORED_MEMORY."""
    wanted = _peak(spec.containers or (), spec.init_containers or (), scored=scored)
    if spec.resources:
        wanted |= amounts(spec.resources.requests)
    _add(wanted, amounts(spec.overhead))
    wanted[PODS] = 1
    return {name: value for name, value in wanted.items() if value}
