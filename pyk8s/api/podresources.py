"""What a pod asks for and is bounded by, summed over its containers; and the class of service that follows.

Source: component-helpers, resource/helpers.go; KEP-753 (restartable init containers), KEP-2837 (resources of the pod as
a whole); pkg/apis/core/v1/helper/qos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from pyk8s.api import quantity

Amounts: TypeAlias = dict[str, Fraction]
"""Exact amounts by resource: cores of "cpu", bytes of "memory", pieces of anything else."""

QOS_RESOURCES: Final = ("cpu", "memory")
_POD_LEVEL_PREFIX: Final = "hugepages-"


def pod_requests(spec: Mapping[str, Any]) -> Amounts:
    """What a pod takes from a node: its containers' requests, or those of the pod as a whole, plus its overhead."""
    return _whole(spec, "requests")


def pod_limits(spec: Mapping[str, Any]) -> Amounts:
    """What bounds a pod: the sum of its containers' limits, or those of the pod as a whole, plus its overhead."""
    return _whole(spec, "limits")


def container_requests(spec: Mapping[str, Any]) -> Amounts:
    """What the containers of a pod ask for together.

    Containers and restartable init containers add up; an ordinary init container runs beside the restartable ones
    before it, and for each resource the largest sum counts.
    """
    return _containers(spec, "requests")


def qos_class(spec: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort, from the CPU and memory of all containers or of the pod as a whole."""
    if whole := spec.get("resources"):
        holders = [whole]
    else:
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        holders = [container.get("resources") or {} for container in containers]
    requests = _positive(add(holder.get("requests") or {} for holder in holders))
    limits = _positive(add(holder.get("limits") or {} for holder in holders))
    if not requests and not limits:
        return "BestEffort"
    bounded = all(set(QOS_RESOURCES) <= set(_positive(add([holder.get("limits") or {}]))) for holder in holders)
    return "Guaranteed" if bounded and requests == limits else "Burstable"


def add(lists: Iterable[Mapping[str, Any]]) -> Amounts:
    """The sum of resource lists (name → quantity, or exact amounts), by resource."""
    summed: Amounts = {}
    for amounts in lists:
        for name, amount in amounts.items():
            exact = amount if isinstance(amount, Fraction) else quantity.parse(amount)
            summed[name] = summed[name] + exact if name in summed else exact
    return summed


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
    beside: list[Mapping[str, Any]] = []
    peaks: list[Amounts] = []
    for container in spec.get("initContainers") or ():
        asked = _of(container, side)
        if container.get("restartPolicy") == "Always":
            beside.append(asked)
            peaks.append(add(beside))
        else:
            peaks.append(add([*beside, asked]))
    summed = add([*(_of(container, side) for container in spec.get("containers") or ()), *beside])
    for peak in peaks:
        for name, amount in peak.items():
            summed[name] = max(amount, summed.get(name, amount))
    return summed


def _of(container: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (container.get("resources") or {}).get(side) or {}
    return found


def _positive(amounts: Amounts) -> Amounts:
    return {name: amount for name, amount in amounts.items() if name in QOS_RESOURCES and amount > 0}
