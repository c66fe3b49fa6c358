"""What objects use of a quota, and whether that is too much. Pure.

Source: pkg/quota/v1/evaluator/core of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any, TypeAlias

from pyk8s.api.objectmeta import Object
from pyk8s.api.podresources import pod_limits, pod_requests, qos_class
from pyk8s.api.quantity import format_bytes, format_millicores, parse
from pyk8s.api.resources import Resource
from pyk8s.api.selectors import fulfils

Amounts: TypeAlias = dict[str, Fraction]
"""By the name a quota has for it: "pods", "requests.cpu", "count/deployments.apps"."""

MEASURED = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
"""What every container must say when a quota counts it."""

PLAIN_COUNTS = (
    "configmaps",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "services",
)
"""Kinds that a quota may count without `count/`."""

CLASS_SUFFIX = ".storageclass.storage.k8s.io/"


def usage_of(resource: Resource, obj: Object) -> Amounts:
    """What one object uses."""
    counted = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    used: Amounts = {f"count/{counted}": Fraction(1)}
    if resource.group:
        return used
    if resource.plural == "pods":
        return used | _of_pod(obj)
    if resource.plural in PLAIN_COUNTS:
        used[resource.plural] = Fraction(1)
    if resource.plural == "services":
        used |= _of_service(obj.get("spec") or {})
    if resource.plural == "persistentvolumeclaims":
        used |= _of_claim(obj.get("spec") or {})
    return used


def _of_pod(pod: Object) -> Amounts:
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return {}
    used: Amounts = {"pods": Fraction(1)}
    for name, amount in pod_requests(pod["spec"]).items():
        used[f"requests.{name}"] = amount
        if name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-"):
            used[name] = amount
    for name, amount in pod_limits(pod["spec"]).items():
        used[f"limits.{name}"] = amount
    return used


def _of_service(spec: Object) -> Amounts:
    kind, ports = spec.get("type", "ClusterIP"), spec.get("ports") or ()
    used: Amounts = {}
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False):
        used["services.nodeports"] = Fraction(len(ports))
    if kind == "LoadBalancer":
        used["services.loadbalancers"] = Fraction(1)
    return used


def _of_claim(spec: Object) -> Amounts:
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    amount = parse(asked) if asked is not None else Fraction(0)
    used: Amounts = {"requests.storage": amount}
    if name := spec.get("storageClassName"):
        used[f"{name}{CLASS_SUFFIX}requests.storage"] = amount
        used[f"{name}{CLASS_SUFFIX}persistentvolumeclaims"] = Fraction(1)
    return used


def hard_of(quota: Object) -> Amounts:
    """What the quota allows."""
    return {name: parse(amount) for name, amount in ((quota.get("spec") or {}).get("hard") or {}).items()}


def used_of(quota: Object) -> Amounts | None:
    """What its status says is used; None when that does not speak of all the quota counts."""
    held: Mapping[str, Any] = (quota.get("status") or {}).get("used") or {}
    names = hard_of(quota).keys()
    if not names <= held.keys():
        return None
    return {name: parse(held[name]) for name in names}


def add(one: Amounts, other: Amounts) -> Amounts:
    """The sum of both, by name."""
    return {name: one.get(name, Fraction(0)) + other.get(name, Fraction(0)) for name in one.keys() | other.keys()}


def exceeded(hard: Amounts, used: Amounts, wanted: Amounts) -> list[str]:
    """The names of which there is not enough left."""
    return sorted(name for name, amount in wanted.items() if name in hard and used.get(name, 0) + amount > hard[name])


def written(quota: Object, used: Amounts) -> Object:
    """The quota with this usage in its status."""
    hard = (quota.get("spec") or {}).get("hard") or {}
    told = {name: shown(name, used.get(name, Fraction(0))) for name in hard}
    return {**quota, "status": {"hard": dict(hard), "used": told}}


def shown(name: str, amount: Fraction | int) -> str:
    """An amount as a quantity: cores in thousandths, memory and storage in bytes, the rest in whole pieces."""
    amount = Fraction(amount)
    last = name.rpartition(".")[2]
    if last == "cpu":
        return format_millicores(ceil(amount * 1000))
    if "memory" in last or "storage" in last or last.startswith("hugepages-"):
        return format_bytes(ceil(amount))
    return str(ceil(amount))


def is_measured(name: str) -> bool:
    """Whether every container must say how much of this it wants."""
    return name in MEASURED


def counted_kinds(hard: Iterable[str]) -> set[str]:
    """The kinds that must be looked at for these names: plurals, with their group behind a dot."""
    found: set[str] = set()
    for name in hard:
        if name.startswith("count/"):
            found.add(name.removeprefix("count/"))
        elif name in PLAIN_COUNTS:
            found.add(name)
        elif name.startswith("services."):
            found.add("services")
        elif (name.endswith("storage") and not name.endswith("ephemeral-storage")) or CLASS_SUFFIX in name:
            found.add("persistentvolumeclaims")
        else:
            found.add("pods")
    return found


def covers(quota: Object, resource: Resource, obj: Object) -> bool:
    """Whether the quota's scopes mean this object; scopes only ever mean pods."""
    spec = quota.get("spec") or {}
    expressions = list((spec.get("scopeSelector") or {}).get("matchExpressions") or ())
    expressions += [{"scopeName": scope, "operator": "Exists"} for scope in spec.get("scopes") or ()]
    if not expressions:
        return True
    if resource.group or resource.plural != "pods":
        return False
    return all(_in_scope(one, obj) for one in expressions)


def _in_scope(expression: Object, pod: Object) -> bool:
    spec = pod["spec"]
    match expression["scopeName"]:
        case "Terminating":
            return spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            return spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            return qos_class(spec) == "BestEffort"
        case "NotBestEffort":
            return qos_class(spec) != "BestEffort"
        case "PriorityClass":
            name = spec.get("priorityClassName") or None
            return fulfils(expression.get("operator", ""), expression.get("values") or (), name)
        case _:
            return False
