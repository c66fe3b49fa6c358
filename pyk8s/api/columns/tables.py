"""The Table of a resource, and which printer prints which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from pyk8s.api.columns import cluster, others, paths, pods, services, workloads
from pyk8s.api.columns.values import Cells, Printer, columns, since
from pyk8s.api.objectmeta import Object, metadata_of, name_of
from pyk8s.api.resources import Column, Resource

API_VERSION: Final = "meta.k8s.io/v1"

PRINTERS: Final[Mapping[tuple[str, str], Printer]] = {
    ("", "ComponentStatus"): cluster.COMPONENT,
    ("", "ConfigMap"): cluster.CONFIG_MAP,
    ("", "Endpoints"): services.ENDPOINTS,
    ("", "Event"): cluster.EVENT,
    ("", "LimitRange"): others.CREATED,
    ("", "Namespace"): cluster.NAMESPACE,
    ("", "Node"): cluster.NODE,
    ("", "PersistentVolume"): cluster.VOLUME,
    ("", "PersistentVolumeClaim"): cluster.CLAIM,
    ("", "Pod"): pods.POD,
    ("", "PodTemplate"): pods.POD_TEMPLATE,
    ("", "ReplicationController"): workloads.REPLICATION_CONTROLLER,
    ("", "ResourceQuota"): cluster.QUOTA,
    ("", "Secret"): cluster.SECRET,
    ("", "Service"): services.SERVICE,
    ("", "ServiceAccount"): cluster.SERVICE_ACCOUNT,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): others.MUTATING_POLICY,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): others.POLICY_BINDING,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): others.WEBHOOKS,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): others.VALIDATING_POLICY,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): others.POLICY_BINDING,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): others.WEBHOOKS,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): others.CREATED,
    ("apiregistration.k8s.io", "APIService"): others.API_SERVICE,
    ("apps", "ControllerRevision"): workloads.REVISION,
    ("apps", "DaemonSet"): workloads.DAEMON_SET,
    ("apps", "Deployment"): workloads.DEPLOYMENT,
    ("apps", "ReplicaSet"): workloads.REPLICA_SET,
    ("apps", "StatefulSet"): workloads.STATEFUL_SET,
    ("autoscaling", "HorizontalPodAutoscaler"): workloads.AUTOSCALER,
    ("autoscaling", "Scale"): workloads.SCALE,
    ("batch", "CronJob"): workloads.CRON_JOB,
    ("batch", "Job"): workloads.JOB,
    ("certificates.k8s.io", "CertificateSigningRequest"): others.SIGNING_REQUEST,
    ("certificates.k8s.io", "ClusterTrustBundle"): others.TRUST_BUNDLE,
    ("coordination.k8s.io", "Lease"): others.LEASE,
    ("discovery.k8s.io", "EndpointSlice"): services.ENDPOINT_SLICE,
    ("events.k8s.io", "Event"): cluster.EVENT,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): others.FLOW_SCHEMA,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): others.PRIORITY_LEVEL,
    ("networking.k8s.io", "IPAddress"): services.IP_ADDRESS,
    ("networking.k8s.io", "Ingress"): services.INGRESS,
    ("networking.k8s.io", "IngressClass"): services.INGRESS_CLASS,
    ("networking.k8s.io", "NetworkPolicy"): services.NETWORK_POLICY,
    ("networking.k8s.io", "ServiceCIDR"): services.SERVICE_CIDR,
    ("node.k8s.io", "RuntimeClass"): others.RUNTIME_CLASS,
    ("policy", "PodDisruptionBudget"): workloads.BUDGET,
    ("rbac.authorization.k8s.io", "ClusterRole"): others.CREATED,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): others.BINDING,
    ("rbac.authorization.k8s.io", "Role"): others.CREATED,
    ("rbac.authorization.k8s.io", "RoleBinding"): others.BINDING,
    ("resource.k8s.io", "ResourceClaim"): others.DEVICE_CLAIM,
    ("resource.k8s.io", "ResourceSlice"): others.DEVICE_SLICE,
    ("scheduling.k8s.io", "PriorityClass"): others.PRIORITY_CLASS,
    ("storage.k8s.io", "CSIDriver"): others.CSI_DRIVER,
    ("storage.k8s.io", "CSINode"): others.CSI_NODE,
    ("storage.k8s.io", "CSIStorageCapacity"): others.CAPACITY,
    ("storage.k8s.io", "StorageClass"): cluster.STORAGE_CLASS,
    ("storage.k8s.io", "VolumeAttachment"): others.ATTACHMENT,
    ("storage.k8s.io", "VolumeAttributesClass"): others.ATTRIBUTES_CLASS,
    ("storagemigration.k8s.io", "StorageVersionMigration"): others.MIGRATION,
}
"""By group and kind. A kind without a row is printed by name and age."""


def table(resource: Resource, objects: Iterable[Object], now: datetime, *, include: str = "Metadata") -> Object:
    """The Table of `objects`, all of `resource`, as seen at `now`; the caller adds the metadata of the list.

    `include` says what each row carries beside its cells: "Metadata" (PartialObjectMetadata), "Object" or "None".
    """
    printer = printer_of(resource)
    return {
        "kind": "Table",
        "apiVersion": API_VERSION,
        "metadata": {},
        "columnDefinitions": [_definition(column) for column in printer.columns],
        "rows": [_row(resource, printer, obj, now, include) for obj in objects],
    }


def printer_of(resource: Resource) -> Printer:
    """How objects of that resource are printed."""
    found = PRINTERS.get((resource.group, resource.kind))
    if found is None:
        found = _declared(resource.columns) if resource.columns else others.PLAIN
    return found


def partial_metadata(obj: Object) -> Object:
    """The object as PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": API_VERSION, "metadata": metadata_of(obj)}


def _row(resource: Resource, printer: Printer, obj: Object, now: datetime, include: str) -> Object:
    row: Object = {"cells": printer.cells(obj, now)}
    if resource.kind == "Pod" and (conditions := pods.pod_conditions(obj)):
        row["conditions"] = conditions
    match include:
        case "Object":
            row["object"] = obj
        case "Metadata":
            row["object"] = partial_metadata(obj)
    return row


def _definition(column: Column) -> Object:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _declared(declared: tuple[Column, ...]) -> Printer:
    """The printer of a custom resource: its name, and what its definition declares."""
    readers = [_reader(column) for column in declared]

    def cells(obj: Object, now: datetime) -> Cells:
        return [name_of(obj), *(read(obj, now) for read in readers)]

    return Printer((*columns("Name"), *declared), cells)


def _reader(column: Column) -> Callable[[Object, datetime], Any]:
    def read(obj: Object, now: datetime) -> Any:
        value = paths.first(column.json_path, obj)
        if value is None:
            return None
        match column.type:
            case "date":
                try:
                    return since(value, now)
                except (TypeError, ValueError):
                    return "<invalid>"
            case "integer" | "number" | "boolean" if isinstance(value, (bool, int, float)):
                return value
            case "string":
                return value if isinstance(value, str) else orjson.dumps(value).decode()
            case _:
                return None

    return read
