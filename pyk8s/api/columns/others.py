"""Rows of roles, certificates, leases, drivers, admission and flow control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pyk8s.api.columns.values import (
    NONE,
    UNSET,
    Cells,
    Printer,
    age,
    columns,
    created_at,
    human_duration,
    selector,
    spec_of,
    status_of,
)
from pyk8s.api.objectmeta import Object, condition_of, is_being_deleted, name_of


def _plain(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), age(obj, now)]


def _created(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), created_at(obj)]


def _binding(obj: Object, now: datetime) -> Cells:
    role, subjects = obj.get("roleRef") or {}, obj.get("subjects") or ()
    accounts = [f"{one.get('namespace', '')}/{one.get('name', '')}" for one in _of(subjects, "ServiceAccount")]
    return [
        name_of(obj),
        f"{role.get('kind', '')}/{role.get('name', '')}",
        age(obj, now),
        ", ".join(one.get("name", "") for one in _of(subjects, "User")),
        ", ".join(one.get("name", "") for one in _of(subjects, "Group")),
        ", ".join(accounts),
    ]


def _of(subjects: Iterable[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [one for one in subjects if one.get("kind") == kind]


def _signing_request(obj: Object, now: datetime) -> Cells:
    spec, status = spec_of(obj), status_of(obj)
    types = {one.get("type") for one in status.get("conditions") or ()}
    said = "Denied" if "Denied" in types else "Approved" if "Approved" in types else "Pending"
    said += ",Failed" if "Failed" in types else ""
    said += ",Issued" if status.get("certificate") else ""
    wanted = spec.get("expirationSeconds")
    return [
        name_of(obj),
        age(obj, now),
        spec.get("signerName") or NONE,
        spec.get("username", ""),
        NONE if wanted is None else human_duration(wanted),
        said,
    ]


def _trust_bundle(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), spec_of(obj).get("signerName") or NONE]


def _lease(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), spec_of(obj).get("holderIdentity", ""), age(obj, now)]


def _priority_class(obj: Object, now: datetime) -> Cells:
    policy = obj.get("preemptionPolicy", "PreemptLowerPriority")
    return [name_of(obj), obj.get("value", 0), bool(obj.get("globalDefault")), age(obj, now), policy]


def _runtime_class(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), obj.get("handler", ""), age(obj, now)]


def _attachment(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    volume = (spec.get("source") or {}).get("persistentVolumeName", "")
    attached = bool(status_of(obj).get("attached"))
    return [name_of(obj), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, age(obj, now)]


def _attributes_class(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), obj.get("driverName", ""), age(obj, now)]


def _csi_node(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), len(spec_of(obj).get("drivers") or ()), age(obj, now)]


def _csi_driver(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    tokens = ",".join(one.get("audience", "") for one in spec.get("tokenRequests") or ())
    return [
        name_of(obj),
        spec.get("attachRequired", True),
        spec.get("podInfoOnMount", False),
        spec.get("storageCapacity", False),
        tokens or UNSET,
        spec.get("requiresRepublish", False),
        ",".join(spec.get("volumeLifecycleModes") or ()) or NONE,
        age(obj, now),
    ]


def _capacity(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), obj.get("storageClassName", ""), obj.get("capacity") or UNSET]


def _webhooks(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), len(obj.get("webhooks") or ()), age(obj, now)]


def _policy(field: str, obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    kind = spec.get("paramKind")
    param = f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET
    return [name_of(obj), len(spec.get(field) or ()), param, age(obj, now)]


def _policy_binding(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    reference = spec.get("paramRef")
    param = UNSET
    if reference:
        what = reference.get("name") or selector(reference.get("selector"))
        param = f"{reference.get('namespace') or '*'}/{what}"
    return [name_of(obj), spec.get("policyName", ""), param, age(obj, now)]


def _flow_schema(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    level = (spec.get("priorityLevelConfiguration") or {}).get("name", "")
    method = (spec.get("distinguisherMethod") or {}).get("type", NONE)
    dangling = condition_of(obj, "Dangling")
    missing = dangling.get("status", "?") if dangling else "?"
    return [name_of(obj), level, spec.get("matchingPrecedence", 0), method, age(obj, now), missing]


def _priority_level(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    part = spec.get("limited") or spec.get("exempt") or {}
    queuing = (part.get("limitResponse") or {}).get("queuing") or {}
    limits = [queuing.get(field, NONE) for field in ("queues", "handSize", "queueLengthLimit")]
    return [name_of(obj), spec.get("type", ""), part.get("nominalConcurrencyShares", NONE), *limits, age(obj, now)]


def _device_claim(obj: Object, now: datetime) -> Cells:
    status = status_of(obj)
    states = ["deleted"] if is_being_deleted(obj) else []
    if status.get("allocation") is None:
        states += [] if states else ["pending"]
    else:
        states += ["allocated", *(["reserved"] if status.get("reservedFor") else [])]
    return [name_of(obj), ",".join(states), age(obj, now)]


def _device_slice(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    pool = (spec.get("pool") or {}).get("name", "")
    return [name_of(obj), spec.get("nodeName", ""), spec.get("driver", ""), pool, age(obj, now)]


def _api_service(obj: Object, now: datetime) -> Cells:
    service = spec_of(obj).get("service")
    where = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    available = condition_of(obj, "Available") or {}
    said = available.get("status", "Unknown")
    if said != "True" and available.get("reason"):
        said = f"{said} ({available['reason']})"
    return [name_of(obj), where, said, age(obj, now)]


def _migration(obj: Object, now: datetime) -> Cells:
    resource = spec_of(obj).get("resource") or {}
    return [name_of(obj), ".".join(filter(None, (resource.get("resource"), resource.get("group"))))]


PLAIN: Final = Printer(columns("Name", "Age"), _plain)
CREATED: Final = Printer(columns("Name", "Created At"), _created)
BINDING: Final = Printer(columns("Name", "Role", "Age", "+Users", "+Groups", "+ServiceAccounts"), _binding)
SIGNING_REQUEST: Final = Printer(
    columns("Name", "Age", "SignerName", "Requestor", "RequestedDuration", "Condition"), _signing_request
)
TRUST_BUNDLE: Final = Printer(columns("Name", "SignerName"), _trust_bundle)
LEASE: Final = Printer(columns("Name", "Holder", "Age"), _lease)
PRIORITY_CLASS: Final = Printer(
    columns("Name", "Value:integer", "Global-Default:boolean", "Age", "PreemptionPolicy"), _priority_class
)
RUNTIME_CLASS: Final = Printer(columns("Name", "Handler", "Age"), _runtime_class)
ATTACHMENT: Final = Printer(columns("Name", "Attacher", "PV", "Node", "Attached:boolean", "Age"), _attachment)
ATTRIBUTES_CLASS: Final = Printer(columns("Name", "DriverName", "Age"), _attributes_class)
CSI_NODE: Final = Printer(columns("Name", "Drivers:integer", "Age"), _csi_node)
CSI_DRIVER: Final = Printer(
    columns("Name", "AttachRequired:boolean", "PodInfoOnMount:boolean", "StorageCapacity:boolean", "TokenRequests",
            "RequiresRepublish:boolean", "Modes", "Age"),
    _csi_driver,
)  # fmt: skip
CAPACITY: Final = Printer(columns("Name", "StorageClassName", "Capacity"), _capacity)
WEBHOOKS: Final = Printer(columns("Name", "Webhooks:integer", "Age"), _webhooks)
VALIDATING_POLICY: Final = Printer(
    columns("Name", "Validations:integer", "ParamKind", "Age"), lambda obj, now: _policy("validations", obj, now)
)
MUTATING_POLICY: Final = Printer(
    columns("Name", "Mutations:integer", "ParamKind", "Age"), lambda obj, now: _policy("mutations", obj, now)
)
POLICY_BINDING: Final = Printer(columns("Name", "PolicyName", "ParamRef", "Age"), _policy_binding)
FLOW_SCHEMA: Final = Printer(
    columns("Name", "PriorityLevel", "MatchingPrecedence", "DistinguisherMethod", "Age", "MissingPL"), _flow_schema
)
PRIORITY_LEVEL: Final = Printer(
    columns("Name", "Type", "NominalConcurrencyShares", "Queues", "HandSize", "QueueLengthLimit", "Age"),
    _priority_level,
)
DEVICE_CLAIM: Final = Printer(columns("Name", "State", "Age"), _device_claim)
DEVICE_SLICE: Final = Printer(columns("Name", "Node", "Driver", "Pool", "Age"), _device_slice)
API_SERVICE: Final = Printer(columns("Name", "Service", "Available", "Age"), _api_service)
MIGRATION: Final = Printer(columns("Name", "Resource"), _migration)
