"""Rows of nodes, namespaces, what is kept in them, events, quotas and storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from pyk8s.api.columns.values import (
    NONE,
    UNKNOWN,
    UNSET,
    Cells,
    Printer,
    age,
    columns,
    since,
    spec_of,
    status_of,
)
from pyk8s.api.objectmeta import Object, condition_of, is_being_deleted, labels_of, metadata_of, name_of

_ROLE_PREFIX: Final = "node-role.kubernetes.io/"
_MODES: Final = (("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"),
                 ("ReadWriteOncePod", "RWOP"))  # fmt: skip
_DEFAULT_CLASS: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_OLD_CLASS: Final = "volume.beta.kubernetes.io/storage-class"


def _node(obj: Object, now: datetime) -> Cells:
    status = status_of(obj)
    ready = condition_of(obj, "Ready")
    said = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    if spec_of(obj).get("unschedulable"):
        said += ",SchedulingDisabled"
    info = status.get("nodeInfo") or {}
    addresses = status.get("addresses") or ()
    return [
        name_of(obj),
        said,
        _roles(labels_of(obj)),
        age(obj, now),
        info.get("kubeletVersion", ""),
        _address(addresses, "InternalIP"),
        _address(addresses, "ExternalIP"),
        info.get("osImage") or UNKNOWN,
        info.get("kernelVersion") or UNKNOWN,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _roles(labels: Mapping[str, str]) -> str:
    roles = {key.removeprefix(_ROLE_PREFIX) for key in labels if key.startswith(_ROLE_PREFIX)}
    roles.add(labels.get("kubernetes.io/role", ""))
    return ",".join(sorted(role for role in roles if role)) or NONE


def _address(addresses: Iterable[Mapping[str, str]], type_: str) -> str:
    return next((one.get("address", "") for one in addresses if one.get("type") == type_), NONE)


def _namespace(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), status_of(obj).get("phase", ""), age(obj, now)]


def _config_map(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age(obj, now)]


def _secret(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or ()), age(obj, now)]


def _service_account(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), len(obj.get("secrets") or ()), age(obj, now)]


def _event(obj: Object, now: datetime) -> Cells:
    """Both versions of an event: core/v1 and events.k8s.io/v1 name the same things differently."""
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    series = obj.get("series") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or first
    count = series.get("count") or obj.get("count") or obj.get("deprecatedCount") or 1
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    kind = about.get("kind", "").lower()
    return [
        since(last, now),
        obj.get("type", ""),
        obj.get("reason", ""),
        f"{kind}/{about['name']}" if about.get("name") else kind,
        about.get("fieldPath", ""),
        f"{component}, {host}" if host else component,
        (obj.get("message") or obj.get("note") or "").strip(),
        since(first, now),
        count,
        name_of(obj),
    ]


def _quota(obj: Object, now: datetime) -> Cells:
    status = status_of(obj)
    hard, used = status.get("hard") or spec_of(obj).get("hard") or {}, status.get("used") or {}
    said = [(name, f"{name}: {used.get(name, '0')}/{hard[name]}") for name in sorted(hard)]
    requests = ", ".join(text for name, text in said if not name.startswith("limits."))
    limits = ", ".join(text for name, text in said if name.startswith("limits."))
    return [name_of(obj), requests, limits, age(obj, now)]


def _volume(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    claim = spec.get("claimRef") or {}
    return [
        name_of(obj),
        (spec.get("capacity") or {}).get("storage", "0"),
        _modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        "Terminating" if is_being_deleted(obj) else status.get("phase", ""),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _storage_class(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        status.get("reason", ""),
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _claim(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    bound = spec.get("volumeName", "")
    return [
        name_of(obj),
        "Terminating" if is_being_deleted(obj) else status.get("phase", ""),
        bound,
        (status.get("capacity") or {}).get("storage", "0") if bound else "",
        _modes(status.get("accessModes")) if bound else "",
        _storage_class(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _modes(modes: Iterable[str] | None) -> str:
    have = set(modes or ())
    return ",".join(short for mode, short in _MODES if mode in have)


def _storage_class(obj: Object) -> str:
    old = (metadata_of(obj).get("annotations") or {}).get(_OLD_CLASS)
    return old or spec_of(obj).get("storageClassName") or ""


def _storage_class_row(obj: Object, now: datetime) -> Cells:
    annotations = metadata_of(obj).get("annotations") or {}
    default = any(annotations.get(key) == "true" for key in _DEFAULT_CLASS)
    return [
        f"{name_of(obj)} (default)" if default else name_of(obj),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy", "Delete"),
        obj.get("volumeBindingMode", "Immediate"),
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def _component(obj: Object, now: datetime) -> Cells:
    conditions: Iterable[Object] = obj.get("conditions") or ()
    health = next((one for one in conditions if one.get("type") == "Healthy"), {})
    status = {"True": "Healthy", "False": "Unhealthy"}.get(health.get("status", ""), "Unknown")
    return [name_of(obj), status, health.get("message", ""), health.get("error", "")]


NODE: Final = Printer(
    columns("Name", "Status", "Roles", "Age", "Version", "+Internal-IP", "+External-IP", "+OS-Image",
            "+Kernel-Version", "+Container-Runtime"),
    _node,
)  # fmt: skip
NAMESPACE: Final = Printer(columns("Name", "Status", "Age"), _namespace)
CONFIG_MAP: Final = Printer(columns("Name", "Data", "Age"), _config_map)
SECRET: Final = Printer(columns("Name", "Type", "Data", "Age"), _secret)
SERVICE_ACCOUNT: Final = Printer(columns("Name", "Secrets", "Age"), _service_account)
EVENT: Final = Printer(
    columns("Last Seen", "Type", "Reason", "Object", "+Subobject", "+Source", "Message", "+First Seen", "+Count",
            "+Name"),
    _event,
)  # fmt: skip
QUOTA: Final = Printer(columns("Name", "Request", "Limit", "Age"), _quota)
VOLUME: Final = Printer(
    columns("Name", "Capacity", "Access Modes", "Reclaim Policy", "Status", "Claim", "StorageClass",
            "VolumeAttributesClass", "Reason", "Age", "+VolumeMode"),
    _volume,
)  # fmt: skip
CLAIM: Final = Printer(
    columns("Name", "Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age",
            "+VolumeMode"),
    _claim,
)  # fmt: skip
STORAGE_CLASS: Final = Printer(
    columns("Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"),
    _storage_class_row,
)
COMPONENT: Final = Printer(columns("Name", "Status", "Message", "Error"), _component)
