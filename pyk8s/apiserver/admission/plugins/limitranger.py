"""What a namespace's LimitRanges give to pods and claims that say nothing, and what they refuse.

Source: plugin/pkg/admission/limitranger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pyk8s.api.errors import forbidden
from pyk8s.api.objectmeta import Object
from pyk8s.api.podresources import pod_limits, pod_requests
from pyk8s.api.quantity import parse
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review

RANGES = Ref("", "v1", "limitranges")
ANNOTATION = "kubernetes.io/limit-ranger"

Amounts = Mapping[str, Any]


def handles(resource: Resource, subresource: str, action: str) -> bool:
    """New pods, and new or changed claims of volumes."""
    if resource.group or subresource:
        return False
    return (resource.plural == "pods" and action == "create") or (
        resource.plural == "persistentvolumeclaims" and action in ("create", "update")
    )


def items(cluster: Cluster, namespace: str) -> list[Object]:
    """The limits of all ranges of a namespace."""
    ranges = cluster.lookup.every(RANGES, namespace)
    return [one for held in ranges for one in (held.get("spec") or {}).get("limits") or ()]


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The pod with default requests and limits where its containers say none."""
    if review.resource.plural != "pods":
        return obj
    limits = [one for one in items(cluster, review.namespace) if one.get("type") == "Container"]
    if not limits:
        return obj
    requests = _merged(limits, "defaultRequest")
    most = _merged(limits, "default")
    spec = dict(obj["spec"])
    said: list[str] = []
    for field in ("containers", "initContainers"):
        if field in spec:
            spec[field] = [_filled(one, requests, most, said) for one in spec[field]]
    if not said:
        return obj
    metadata = obj["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: f"LimitRanger plugin set: {'; '.join(said)}"}
    return {**obj, "metadata": {**metadata, "annotations": annotations}, "spec": spec}


def _merged(limits: Iterable[Object], field: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in limits:
        for name, amount in (one.get(field) or {}).items():
            merged.setdefault(name, amount)
    return merged


def _filled(container: Object, requests: Amounts, most: Amounts, said: list[str]) -> Object:
    resources = container.get("resources") or {}
    held_limits, held_requests = dict(resources.get("limits") or {}), dict(resources.get("requests") or {})
    # A limit that stands alone is the request too; a default request must not come in between.
    implied = {name: amount for name, amount in held_limits.items() if name not in held_requests}
    held_requests |= implied
    set_requests = [name for name in requests if name not in held_requests]
    set_limits = [name for name in most if name not in held_limits]
    for names, kind in ((set_requests, "request"), (set_limits, "limit")):
        if names:
            said.append(f"{', '.join(sorted(names))} {kind} for container {container.get('name', '')}")
    merged = {
        "requests": held_requests | {name: requests[name] for name in set_requests},
        "limits": held_limits | {name: most[name] for name in set_limits},
    }
    filled = {**resources, **{key: value for key, value in merged.items() if value}}
    return {**container, "resources": filled} if filled else container


async def validate(obj: Object, review: Review, cluster: Cluster) -> None:
    """Raise ApiError (Forbidden) naming everything that is outside of its limits."""
    limits = items(cluster, review.namespace)
    if not limits:
        return
    wrong: list[str] = []
    for one in limits:
        for requests, bounds in subjects(obj, review.resource.plural, one.get("type", "")):
            wrong += judge(one, requests, bounds)
    if wrong:
        said = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
        raise forbidden("", review.resource.plural, obj["metadata"].get("name", ""), said)


def subjects(obj: Object, plural: str, kind: str) -> list[tuple[Amounts, Amounts]]:
    """What a limit of that type measures in the object: (requests, limits) each."""
    spec = obj["spec"]
    if plural == "persistentvolumeclaims":
        requests = (spec.get("resources") or {}).get("requests") or {}
        return [(requests, {})] if kind == "PersistentVolumeClaim" else []
    if kind == "Pod":
        return [(pod_requests(spec), pod_limits(spec))]
    if kind != "Container":
        return []
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    resources = [one.get("resources") or {} for one in containers]
    return [(one.get("requests") or {}, one.get("limits") or {}) for one in resources]


def judge(limit: Object, requests: Amounts, bounds: Amounts) -> Sequence[str]:
    """What is outside of one limit, in Kubernetes' words."""
    kind, wrong = limit.get("type", ""), []
    for name, least in (limit.get("min") or {}).items():
        if name not in requests:
            wrong.append(f"minimum {name} usage per {kind} is {least}.  No request is specified")
        elif _amount(requests[name]) < parse(least):
            wrong.append(f"minimum {name} usage per {kind} is {least}, but request is {_shown(requests[name])}")
    for name, most in (limit.get("max") or {}).items():
        claim = kind == "PersistentVolumeClaim"
        said = requests.get(name) if claim else bounds.get(name)
        if said is None and not claim:
            wrong.append(f"maximum {name} usage per {kind} is {most}.  No limit is specified")
        elif said is not None and _amount(said) > parse(most):
            what = "request" if claim else "limit"
            wrong.append(f"maximum {name} usage per {kind} is {most}, but {what} is {_shown(said)}")
    for name, ratio in (limit.get("maxLimitRequestRatio") or {}).items():
        if name not in requests or name not in bounds or not _amount(requests[name]):
            wrong.append(
                f"{name} max limit to request ratio per {kind} is {ratio}, but no request or limit is specified"
            )
        elif _amount(bounds[name]) / _amount(requests[name]) > parse(ratio):
            found = float(_amount(bounds[name]) / _amount(requests[name]))
            wrong.append(f"{name} max limit to request ratio per {kind} is {ratio}, but provided ratio is {found:f}")
    return wrong


def _amount(value: Any) -> Fraction:
    return value if isinstance(value, Fraction) else parse(value)


def _shown(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, Fraction) else str(value)


PLUGIN = Plugin(name="LimitRanger", handles=handles, mutate=mutate, validate=validate)
