"""Rows of what makes pods, and of what scales and guards them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pyk8s.api.columns.values import (
    NONE,
    UNKNOWN,
    UNSET,
    Cells,
    Printer,
    age,
    columns,
    container_cells,
    human_duration,
    labels,
    selector,
    since,
    spec_of,
    status_of,
    template_spec,
)
from pyk8s.api.objectmeta import Object, controller_of, is_being_deleted, is_condition_true, name_of, parse_time

_WIDE: Final = ("+Containers", "+Images", "+Selector")


def _deployment(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    return [
        name_of(obj),
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *container_cells(template_spec(obj)),
        selector(spec.get("selector")),
    ]


def _replica_counts(obj: Object, now: datetime) -> Cells:
    status = status_of(obj)
    counts = [spec_of(obj).get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [name_of(obj), *counts, age(obj, now), *container_cells(template_spec(obj))]


def _replica_set(obj: Object, now: datetime) -> Cells:
    return [*_replica_counts(obj, now), selector(spec_of(obj).get("selector"))]


def _replication_controller(obj: Object, now: datetime) -> Cells:
    return [*_replica_counts(obj, now), labels(spec_of(obj).get("selector"))]


def _stateful_set(obj: Object, now: datetime) -> Cells:
    ready = f"{status_of(obj).get('readyReplicas', 0)}/{spec_of(obj).get('replicas', 0)}"
    return [name_of(obj), ready, age(obj, now), *container_cells(template_spec(obj))]


_DAEMON_COUNTS: Final = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
                         "numberAvailable")  # fmt: skip


def _daemon_set(obj: Object, now: datetime) -> Cells:
    status, pod = status_of(obj), template_spec(obj)
    return [
        name_of(obj),
        *(status.get(field, 0) for field in _DAEMON_COUNTS),
        labels(pod.get("nodeSelector")),
        age(obj, now),
        *container_cells(pod),
        selector(spec_of(obj).get("selector")),
    ]


def _job(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is None:
        parallel = spec.get("parallelism") or 0
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    else:
        completions = f"{done}/{wanted}"
    return [
        name_of(obj),
        _job_status(obj),
        completions,
        _job_duration(status, now),
        age(obj, now),
        *container_cells(template_spec(obj)),
        selector(spec.get("selector")),
    ]


def _job_status(obj: Object) -> str:
    for type_ in ("Complete", "Failed"):
        if is_condition_true(obj, type_):
            return type_
    if is_being_deleted(obj):
        return "Terminating"
    for type_ in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if is_condition_true(obj, type_):
            return type_
    return "Running"


def _job_duration(status: Mapping[str, Any], now: datetime) -> str:
    start, end = status.get("startTime"), status.get("completionTime")
    if not start:
        return ""
    return human_duration(((parse_time(end) if end else now) - parse_time(start)).total_seconds())


def _cron_job(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    last = status.get("lastScheduleTime")
    return [
        name_of(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        str(spec["suspend"]) if "suspend" in spec else UNSET,
        len(status.get("active") or ()),
        since(last, now) if last else NONE,
        age(obj, now),
        *container_cells((job.get("template") or {}).get("spec")),
        selector(job.get("selector")),
    ]


def _autoscaler(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    target = spec.get("scaleTargetRef") or {}
    least = spec.get("minReplicas")
    return [
        name_of(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _targets(spec, status),
        UNSET if least is None else str(least),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(obj, now),
    ]


def _targets(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    if "metrics" not in spec:
        wanted = spec.get("targetCPUUtilizationPercentage")
        if wanted is None:
            return NONE
        now = status.get("currentCPUUtilizationPercentage")
        return f"cpu: {UNKNOWN if now is None else f'{now}%'}/{wanted}%"
    found = status.get("currentMetrics") or []
    said = [_metric(metric, found[i] if i < len(found) else {}) for i, metric in enumerate(spec["metrics"])]
    if len(said) > 2:
        return f"{', '.join(said[:2])} + {len(said) - 2} more..."
    return ", ".join(said) or NONE


def _metric(metric: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    field = {"Resource": "resource", "ContainerResource": "containerResource", "Pods": "pods", "Object": "object",
             "External": "external"}.get(metric.get("type", ""), "")  # fmt: skip
    wanted = (metric.get(field) or {}).get("target") or {}
    current = (found.get(field) or {}).get("current") or {}
    prefix = f"{metric[field].get('name', '')}: " if field in ("resource", "containerResource") else ""
    if "averageUtilization" in wanted:
        now = current.get("averageUtilization")
        return f"{prefix}{UNKNOWN if now is None else f'{now}%'}/{wanted['averageUtilization']}%"
    if "averageValue" in wanted:
        average = " (avg)" if field in ("external", "object") else ""
        return f"{prefix}{current.get('averageValue', UNKNOWN)}/{wanted['averageValue']}{average}"
    if "value" in wanted:
        return f"{prefix}{current.get('value', UNKNOWN)}/{wanted['value']}"
    return f"{prefix}{UNKNOWN}/<auto>"


def _budget(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    bounds = [str(spec[field]) if field in spec else "N/A" for field in ("minAvailable", "maxUnavailable")]
    return [name_of(obj), *bounds, status_of(obj).get("disruptionsAllowed", 0), age(obj, now)]


def _revision(obj: Object, now: datetime) -> Cells:
    owner = controller_of(obj)
    controller = NONE
    if owner is not None:
        group = owner.get("apiVersion", "").rpartition("/")[0]
        kind = owner.get("kind", "").lower()
        controller = f"{kind}.{group}/{owner.get('name', '')}" if group else f"{kind}/{owner.get('name', '')}"
    return [name_of(obj), controller, obj.get("revision", 0), age(obj, now)]


def _scale(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), spec_of(obj).get("replicas", 0), status_of(obj).get("replicas", 0), age(obj, now)]


_COUNTS: Final = ("Name", "Desired:integer", "Current:integer", "Ready:integer", "Age", *_WIDE)

DEPLOYMENT: Final = Printer(columns("Name", "Ready", "Up-to-date", "Available", "Age", *_WIDE), _deployment)
REPLICA_SET: Final = Printer(columns(*_COUNTS), _replica_set)
REPLICATION_CONTROLLER: Final = Printer(columns(*_COUNTS), _replication_controller)
STATEFUL_SET: Final = Printer(columns("Name", "Ready", "Age", "+Containers", "+Images"), _stateful_set)
DAEMON_SET: Final = Printer(
    columns("Name", "Desired:integer", "Current:integer", "Ready:integer", "Up-to-date:integer", "Available:integer",
            "Node Selector", "Age", *_WIDE),
    _daemon_set,
)  # fmt: skip
JOB: Final = Printer(columns("Name", "Status", "Completions", "Duration", "Age", *_WIDE), _job)
CRON_JOB: Final = Printer(
    columns("Name", "Schedule", "Timezone", "Suspend:boolean", "Active:integer", "Last Schedule", "Age", *_WIDE),
    _cron_job,
)
AUTOSCALER: Final = Printer(
    columns("Name", "Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"), _autoscaler
)
BUDGET: Final = Printer(
    columns("Name", "Min Available", "Max Unavailable", "Allowed Disruptions:integer", "Age"), _budget
)
REVISION: Final = Printer(columns("Name", "Controller", "Revision", "Age"), _revision)
SCALE: Final = Printer(columns("Name", "Desired:integer", "Available:integer", "Age"), _scale)
