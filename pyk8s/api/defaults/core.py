"""Defaults of services, volumes and the other kinds of the core group. Source: pkg/apis/core/v1/defaults.go."""

from __future__ import annotations

from typing import Final

from pyk8s.api.defaults.values import child, resource_list, unless_said, unless_zero
from pyk8s.api.defaults.volumes import default_claim_spec, default_persistent_source
from pyk8s.api.objectmeta import Object

_AFFINITY_SECONDS: Final = 10800
NAME_LABEL: Final = "kubernetes.io/metadata.name"


def default_service(obj: Object) -> None:
    """Fill in a Service; addresses and node ports are given by the registry."""
    spec = child(obj, "spec")
    unless_zero(spec, sessionAffinity="None", type="ClusterIP")
    if spec["sessionAffinity"] == "None":
        spec.pop("sessionAffinityConfig", None)
    elif spec["sessionAffinity"] == "ClientIP":
        client = child(child(spec, "sessionAffinityConfig"), "clientIP")
        unless_said(client, timeoutSeconds=_AFFINITY_SECONDS)
    for port in spec.get("ports") or ():
        unless_zero(port, protocol="TCP")
        if not port.get("targetPort") and port.get("port"):
            port["targetPort"] = port["port"]
    type_ = spec["type"]
    exposed = type_ in ("NodePort", "LoadBalancer") or (type_ == "ClusterIP" and spec.get("externalIPs"))
    if exposed:
        unless_zero(spec, externalTrafficPolicy="Cluster")
    if type_ != "ExternalName":
        unless_said(spec, internalTrafficPolicy="Cluster")
    balancer = child(child(obj, "status"), "loadBalancer")
    if type_ == "LoadBalancer":
        unless_said(spec, allocateLoadBalancerNodePorts=True)
        for ingress in balancer.get("ingress") or ():
            if ingress.get("ip"):
                unless_said(ingress, ipMode="VIP")


def default_endpoints(obj: Object) -> None:
    """Fill in Endpoints."""
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            unless_zero(port, protocol="TCP")


def default_endpoint_slice(obj: Object) -> None:
    """Fill in an EndpointSlice. Source: pkg/apis/discovery/v1/defaults.go."""
    for port in obj.get("ports") or ():
        unless_said(port, name="", protocol="TCP")


def default_namespace(obj: Object) -> None:
    """Fill in a Namespace: the label that carries its name, its phase."""
    name = (obj.get("metadata") or {}).get("name")
    if name:
        child(child(obj, "metadata"), "labels")[NAME_LABEL] = name
    unless_zero(child(obj, "status"), phase="Active")


def default_node(obj: Object) -> None:
    """Fill in a Node: all of its capacity can be given away unless it says otherwise."""
    child(obj, "spec")
    status = child(obj, "status")
    resource_list(status, "capacity", "allocatable")
    if status.get("allocatable") is None and status.get("capacity") is not None:
        status["allocatable"] = dict(status["capacity"])


def default_secret(obj: Object) -> None:
    """Fill in a Secret; `stringData` goes into `data` when it is written, which is the registry's."""
    unless_zero(obj, type="Opaque")


def default_volume(obj: Object) -> None:
    """Fill in a PersistentVolume."""
    spec = child(obj, "spec")
    unless_zero(spec, persistentVolumeReclaimPolicy="Retain")
    unless_said(spec, volumeMode="Filesystem")
    resource_list(spec, "capacity")
    default_persistent_source(spec)
    unless_zero(child(obj, "status"), phase="Pending")


def default_claim(obj: Object) -> None:
    """Fill in a PersistentVolumeClaim."""
    default_claim_spec(child(obj, "spec"))
    status = child(obj, "status")
    unless_zero(status, phase="Pending")
    resource_list(status, "capacity")


def default_limit_range(obj: Object) -> None:
    """Fill in a LimitRange: containers' unsaid default is the maximum, their unsaid request the default or minimum."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        resource_list(item, "max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
        if item.get("type") == "Container":
            limits = {**(item.get("max") or {}), **(item.get("default") or {})}
            requests = {**(item.get("min") or {}), **limits, **(item.get("defaultRequest") or {})}
            for field, amounts in (("default", limits), ("defaultRequest", requests)):
                if amounts:
                    item[field] = amounts


def default_quota(obj: Object) -> None:
    """Fill in a ResourceQuota."""
    resource_list(child(obj, "spec"), "hard")
    resource_list(child(obj, "status"), "hard", "used")
