"""Kinds that are served in two forms and stored in one: events (two groups) and autoscalers (two versions).

Pure. Source: pkg/apis/events/v1/conversion.go, pkg/apis/autoscaling/v1/conversion.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pyk8s.api.objectmeta import Object
from pyk8s.apiserver.registry.objects import without


@dataclass(frozen=True, slots=True)
class Conversion:
    """One form of a kind: which resource it is stored as, and the way there and back. Neither changes its argument."""

    group: str
    version: str
    plural: str
    to_stored: Callable[[Object], Object]
    from_stored: Callable[[Object], Object]
    fields: Mapping[str, str] = field(default_factory=dict)
    """What field selectors call differently: its name here -> its name in the stored form."""

    def field_selector(self, text: str) -> str:
        """A field selector in the words of the stored form."""
        for here, there in self.fields.items():
            text = ",".join(
                there + part.removeprefix(here) if part.startswith((here + "=", here + "!", here + ".")) else part
                for part in text.split(",")
            )
        return text


# Events.

_EVENT_FIELDS = {
    "regarding": "involvedObject",
    "note": "message",
    "reportingController": "reportingComponent",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
"""events.k8s.io/v1 -> v1."""


def _renamed(obj: Object, names: Mapping[str, str], api_version: str) -> Object:
    return {**{names.get(key, key): value for key, value in obj.items()}, "apiVersion": api_version}


def event_to_core(obj: Object) -> Object:
    """An events.k8s.io/v1 Event as a v1 Event."""
    made = _renamed(obj, _EVENT_FIELDS, "v1")
    made.setdefault("involvedObject", {})
    return made


def event_from_core(obj: Object) -> Object:
    """A v1 Event as an events.k8s.io/v1 Event."""
    back = {there: here for here, there in _EVENT_FIELDS.items()}
    return {"eventTime": None, **_renamed(obj, back, "events.k8s.io/v1")}


# Autoscalers.

METRICS = "autoscaling.alpha.kubernetes.io/metrics"
BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior"
CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
CURRENT = "autoscaling.alpha.kubernetes.io/current-metrics"
_ANNOTATIONS = (METRICS, BEHAVIOR, CONDITIONS, CURRENT)
"""Where autoscaling/v1 carries what it has no field for, as JSON."""


def autoscaler_to_v2(obj: Object) -> Object:
    """An autoscaling/v1 autoscaler as v2."""
    annotations = dict(obj["metadata"].get("annotations") or {})
    kept = {name: _read(annotations.pop(name, "")) for name in _ANNOTATIONS}
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics, current = list(kept[METRICS] or ()), list(kept[CURRENT] or ())
    if (target := spec.pop("targetCPUUtilizationPercentage", None)) is not None:
        metrics.append(_cpu("target", {"type": "Utilization", "averageUtilization": target}))
    if (found := status.pop("currentCPUUtilizationPercentage", None)) is not None:
        current.append(_cpu("current", {"averageUtilization": found}))
    spec |= {key: value for key, value in (("metrics", metrics), ("behavior", kept[BEHAVIOR])) if value}
    status |= {key: value for key, value in (("currentMetrics", current), ("conditions", kept[CONDITIONS])) if value}
    return _autoscaler(obj, "autoscaling/v2", annotations, spec, status)


def autoscaler_from_v2(obj: Object) -> Object:
    """An autoscaling/v2 autoscaler as v1."""
    annotations = dict(obj["metadata"].get("annotations") or {})
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metrics, target = _without_cpu(spec.pop("metrics", None) or [], "target")
    current, found = _without_cpu(status.pop("currentMetrics", None) or [], "current")
    if target is not None:
        spec["targetCPUUtilizationPercentage"] = target
    if found is not None:
        status["currentCPUUtilizationPercentage"] = found
    carried = {
        METRICS: metrics,
        BEHAVIOR: spec.pop("behavior", None),
        CONDITIONS: status.pop("conditions", None),
        CURRENT: current,
    }
    annotations |= {name: orjson.dumps(value).decode() for name, value in carried.items() if value}
    return _autoscaler(obj, "autoscaling/v1", annotations, spec, status)


def _autoscaler(obj: Object, version: str, annotations: Object, spec: Object, status: Object) -> Object:
    metadata = without(obj["metadata"], "annotations")
    if annotations:
        metadata["annotations"] = annotations
    made = {**obj, "apiVersion": version, "metadata": metadata, "spec": spec}
    if "status" in obj:
        made["status"] = status
    return made


def _read(text: str) -> Any:
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _cpu(side: str, value: Object) -> Object:
    return {"type": "Resource", "resource": {"name": "cpu", side: value}}


def _without_cpu(metrics: list[Object], side: str) -> tuple[list[Object], int | None]:
    """The metrics that autoscaling/v1 has no field for, and the share of CPU that it has one for."""
    rest: list[Object] = []
    share: int | None = None
    for metric in metrics:
        resource = metric.get("resource") or {}
        found = (resource.get(side) or {}).get("averageUtilization")
        if share is None and metric.get("type") == "Resource" and resource.get("name") == "cpu" and found is not None:
            share = found
        else:
            rest.append(metric)
    return rest, share


CONVERSIONS: Mapping[tuple[str, str, str], Conversion] = {
    ("events.k8s.io", "v1", "events"): Conversion(
        "", "v1", "events", event_to_core, event_from_core, {key: _EVENT_FIELDS[key] for key in ("regarding", "note")}
    ),
    ("autoscaling", "v1", "horizontalpodautoscalers"): Conversion(
        "autoscaling", "v2", "horizontalpodautoscalers", autoscaler_to_v2, autoscaler_from_v2
    ),
}
"""By (group, version, plural) of the form that is not stored."""
