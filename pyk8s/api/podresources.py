"""What a pod asks for and is bounded by, summed over its containers; and the class of service that follows.

Source: component-helpers, resource/helpers.go; KEP-753 (restartable init containers), KEP-2837 (resources of the pod as
a whole); pkg/apis/core/v1/helper/qos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias, TypeVar

from pyk8s.api import quantity

Amounts: TypeAlias = dict[str, Fraction]
"""Exact amounts by resource: cores of "cpu", bytes of "memory", pieces of anything else."""

Qos: TypeAlias = Literal["Guaranteed", "Burstable", "BestEffort"]
N = TypeVar("N", int, Fraction)

QOS_RESOURCES: Final = ("cpu", "memory")
_POD_LEVEL_PREFIX: Final = "hugepages-"


def pod_requests(spec: Mapping[str, Any]) -> Amounts:
    """What a pod takes from a node: its containers' requests, or those of the pod as a whole, plus its overhead."""
    return _whole(spec, "requests")


def pod_limits(spec: Mapping[str, Any]) -> Amounts:
    """What bounds a pod: the sum of its containers' limits, or those of the pod as a whole, plus its overhead."""
    return _whole(spec, "limits")


def container_requests(spec: Mapping[str, Any]) -> Amounts:
    """What the containers of a pod ask for together, as `peak` counts it."""
    return _containers(spec, "requests")


def qos_class(spec: Mapping[str, Any]) -> Qos:
    """The class of service of a pod, from all of its containers or from the pod as a whole."""
    whole = spec.get("resources") or {}
    if whole.get("requests") or whole.get("limits"):
        holders = [whole]
    else:
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        holders = [container.get("resources") or {} for container in containers]
    return service_class((add([one.get("requests") or {}]), add([one.get("limits") or {}])) for one in holders)


def service_class(holders: Iterable[tuple[Mapping[str, N], Mapping[str, N]]]) -> Qos:
    """The class of service that follows from the requests and limits of each holder, in any unit.

    Only CPU and memory count; a limit alone is a request too, and 0 is none.
    """
    wanted, allowed, bounded = [], [], True
    for requests, limits in holders:
        bounds = {name: limits[name] for name in QOS_RESOURCES if limits.get(name)}
        bounded = bounded and len(bounds) == len(QOS_RESOURCES)
        allowed.append(bounds)
        asked = bounds | {name: requests[name] for name in QOS_RESOURCES if name in requests}
        wanted.append({name: amount for name, amount in asked.items() if amount})
    if not any(wanted) and not any(allowed):
        return "BestEffort"
    return "Guaranteed" if bounded and _sum(wanted) == _sum(allowed) else "Burstable"


def peak(containers: Iterable[Mapping[str, N]], inits: Iterable[tuple[Mapping[str, N], bool]]) -> dict[str, N]:
    """The most that is needed at once of each resource, from what each container needs, in any unit.

    `inits` says of each whether it is restartable: those, and the containers, add up; an ordinary init container runs
    beside the restartable ones before it, and for each resource the largest sum counts.
    """
    beside: Mapping[str, N] = {}
    starting: list[Mapping[str, N]] = []
    for asked, restartable in inits:
        together = _sum([beside, asked])
        starting.append(together)
        if restartable:
            beside = together
    running = list(containers)
    running.append(beside)
    highest = _sum(running)
    for each in starting:
        for name, amount in each.items():
            highest[name] = max(amount, highest.get(name, amount))
    return highest


def _sum(amounts: Iterable[Mapping[str, N]]) -> dict[str, N]:
    summed: dict[str, N] = {}
    for each in amounts:
        for name, amount in each.items():
            summed[name] = summed[name] + amount if name in summed else amount
    return summed


def add(lists: Iterable[Mapping[str, Any]]) -> Amounts:
    """The sum of resource lists (name → quantity, or exact amounts), by resource."""
    return _sum({name: _exact(amount) for name, amount in amounts.items()} for amounts in lists)


def _exact(amount: Any) -> Fraction:
    return amount if isinstance(amount, Fraction) else quantity.parse(amount)


def _whole(spec: Mapping[str, Any], side: str) -> Amounts:
    amounts = _containers(spec, side)
    for name, text in ((spec.get("resources") or {}).get(side) or {}).items():
        if name in QOS_RESOURCES or name.startswith(_POD_LEVEL_PREFIX):
            amounts[name] = quantity.parse(text)
    for name, text in (spec.get("overhead") or {}).items():
        if side == "requests" or name in amounts:
            amounts[name] = amounts.get(name, Fraction(0)) + quantity.parse(text)
    return amounts


def _containers(spec: Mapping[str, Any], side: str) -> Amounts:
    inits = ((_of(one, side), one.get("restartPolicy") == "Always") for one in spec.get("initContainers") or ())
    return peak((_of(one, side) for one in spec.get("containers") or ()), inits)


def _of(container: Mapping[str, Any], side: str) -> Amounts:
    return add([(container.get("resources") or {}).get(side) or {}])
