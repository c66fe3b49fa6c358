"""How much of each resource a pod needs set aside.

Source: Kubernetes documentation, "Resource management", "Init containers" and KEP-753 (sidecars), KEP-2837 (pod-level).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pyk8s.api.podresources import peak
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


def requested(spec: PodSpec, *, scored: bool = False) -> dict[str, int]:
    """What the pod needs of each resource, one of "pods" among it; with `scored`, containers that ask for no cpu or
    memory count as SCORED_CPU and SCORED_MEMORY."""
    inits = ((_of(one, scored=scored), one.restart_policy == "Always") for one in spec.init_containers or ())
    wanted = peak((_of(one, scored=scored) for one in spec.containers or ()), inits)
    if spec.resources:
        wanted |= amounts(spec.resources.requests)
    _add(wanted, amounts(spec.overhead))
    wanted[PODS] = 1
    return {name: value for name, value in wanted.items() if value}
