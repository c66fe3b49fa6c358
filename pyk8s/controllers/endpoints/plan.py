"""The Endpoints object of a Service.

Source: the Endpoints API reference (subsets, at most 1000 addresses) and pkg/controller/endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from pyk8s.reconcile.objects import EndpointPort, Pod, Service
from pyk8s.reconcile.serving import addresses, can_be_endpoint, families, family, hostname, ports_of

MOST = 1000
"""Addresses in one Endpoints object; what is left out is said in an annotation."""
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
MANAGED_BY, MANAGER = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
HEADLESS = "service.kubernetes.io/headless"

Ports = tuple[EndpointPort, ...]


def plan_endpoints(service: Service, pods: Sequence[Pod]) -> dict[str, Any]:
    """The Endpoints object that `service` with `pods` shall have."""
    first_family = families(service)[0]
    everything = service.spec.publish_not_ready_addresses
    found: list[tuple[bool, Ports, dict[str, Any]]] = []
    for pod in pods:
        if not can_be_endpoint(pod) or (pod.metadata.deleting and not everything):
            continue
        address = next((one for one in addresses(pod) if family(one) == first_family), None)
        ports = ports_of(service, pod)
        if address is None or (service.spec.ports and not ports):
            continue
        found.append((everything or pod.is_ready, ports, _address(service, pod, address)))
    # Ready ones come first, so that they are the last to be left out.
    found.sort(key=lambda entry: (not entry[0], entry[2]["ip"]))
    metadata: dict[str, Any] = {
        "name": service.metadata.name,
        "namespace": service.metadata.namespace,
        "labels": labels_of(service),
    }
    if len(found) > MOST:
        metadata["annotations"] = {OVER_CAPACITY: "truncated"}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": metadata,
        "subsets": _subsets(found[:MOST]),
    }


def _subsets(found: Sequence[tuple[bool, Ports, dict[str, Any]]]) -> list[dict[str, Any]]:
    by_ports: dict[Ports, dict[str, Any]] = {}
    for is_ready, ports, address in found:
        subset = by_ports.setdefault(ports, {})
        subset.setdefault("addresses" if is_ready else "notReadyAddresses", []).append(address)
    result = []
    for ports, subset in sorted(by_ports.items(), key=lambda entry: msgspec.json.encode(entry[0])):
        listed = [
            {"name": p.name, "port": p.port, "protocol": p.protocol, "appProtocol": p.app_protocol} for p in ports
        ]
        if listed:
            subset["ports"] = [{key: value for key, value in one.items() if value} for one in listed]
        result.append(subset)
    return result


def _address(service: Service, pod: Pod, ip: str) -> dict[str, Any]:
    metadata = pod.metadata
    address: dict[str, Any] = {"ip": ip}
    if name := hostname(pod, service):
        address["hostname"] = name
    if pod.spec.node_name:
        address["nodeName"] = pod.spec.node_name
    target = {"kind": "Pod", "namespace": metadata.namespace, "name": metadata.name, "uid": metadata.uid}
    return {**address, "targetRef": target}


def labels_of(service: Service) -> dict[str, str]:
    """The labels of the object: the service's own, and who manages it."""
    labels = {**service.metadata.labels, MANAGED_BY: MANAGER}
    labels.pop(HEADLESS, None)
    if service.spec.cluster_ip == "None":
        labels[HEADLESS] = ""
    return labels


def differs(held: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether the Endpoints object that is there is another."""
    there, here = held.get("metadata") or {}, wanted["metadata"]
    over = (there.get("annotations") or {}).get(OVER_CAPACITY)
    return (
        (held.get("subsets") or []) != wanted["subsets"]
        or (there.get("labels") or {}) != here["labels"]
        or over != (here.get("annotations") or {}).get(OVER_CAPACITY)
    )
