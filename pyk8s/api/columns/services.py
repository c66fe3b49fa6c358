"""Rows of what leads traffic to pods."""

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
    labels,
    selector,
    shortened,
    spec_of,
    status_of,
    with_port,
)
from pyk8s.api.objectmeta import Object, name_of


def _service(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    return [
        name_of(obj),
        spec.get("type", ""),
        spec.get("clusterIP") or NONE,
        _external(obj),
        ",".join(_port(port) for port in spec.get("ports") or ()) or NONE,
        age(obj, now),
        labels(spec.get("selector")),
    ]


def _port(port: Mapping[str, Any]) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port', 0)}{node}/{port.get('protocol', 'TCP')}"


def _external(obj: Object) -> str:
    spec = spec_of(obj)
    said = list(spec.get("externalIPs") or ())
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return ",".join(said) or NONE
        case "LoadBalancer":
            given = _balancer(obj)
            return ",".join([*given.split(","), *said] if given else said) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
        case _:
            return UNKNOWN


def _balancer(obj: Object) -> str:
    ingress = (status_of(obj).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(sorted({found for one in ingress if (found := one.get("ip") or one.get("hostname"))}))


def _endpoints(obj: Object, now: datetime) -> Cells:
    found: list[str] = []
    for subset in obj.get("subsets") or ():
        addresses = [address.get("ip", "") for address in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            found += addresses
        for port in ports:
            found += [with_port(address, port.get("port", 0)) for address in addresses]
    return [name_of(obj), shortened(found, "" if obj.get("subsets") else NONE), age(obj, now)]


def _endpoint_slice(obj: Object, now: datetime) -> Cells:
    ports = [
        str(port["port"]) if port.get("port") is not None else port.get("name", "*") for port in obj.get("ports") or ()
    ]
    addresses = [address for one in obj.get("endpoints") or () for address in one.get("addresses") or ()]
    return [name_of(obj), obj.get("addressType", ""), shortened(ports, UNSET), shortened(addresses, UNSET),
            age(obj, now)]  # fmt: skip


def _ingress(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    rules = spec.get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    return [
        name_of(obj),
        spec.get("ingressClassName") or NONE,
        shortened(hosts, "*"),
        _balancer(obj),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def _ingress_class(obj: Object, now: datetime) -> Cells:
    spec = spec_of(obj)
    said = spec.get("parameters")
    parameters = NONE
    if said:
        group = f".{said['apiGroup']}" if said.get("apiGroup") else ""
        parameters = f"{said.get('kind', '')}{group}/{said.get('name', '')}"
    return [name_of(obj), spec.get("controller", ""), parameters, age(obj, now)]


def _network_policy(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), selector(spec_of(obj).get("podSelector")), age(obj, now)]


def _service_cidr(obj: Object, now: datetime) -> Cells:
    return [name_of(obj), ",".join(spec_of(obj).get("cidrs") or ()), age(obj, now)]


def _ip_address(obj: Object, now: datetime) -> Cells:
    parent = spec_of(obj).get("parentRef") or {}
    parts = [parent.get(field) for field in ("group", "resource", "namespace", "name")]
    resource = f"{parts[1]}.{parts[0]}" if parts[0] else parts[1] or ""
    return [name_of(obj), "/".join(part for part in (resource, parts[2], parts[3]) if part) or NONE]


SERVICE: Final = Printer(columns("Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"), _service)
ENDPOINTS: Final = Printer(columns("Name", "Endpoints", "Age"), _endpoints)
ENDPOINT_SLICE: Final = Printer(columns("Name", "AddressType", "Ports", "Endpoints", "Age"), _endpoint_slice)
INGRESS: Final = Printer(columns("Name", "Class", "Hosts", "Address", "Ports", "Age"), _ingress)
INGRESS_CLASS: Final = Printer(columns("Name", "Controller", "Parameters", "Age"), _ingress_class)
NETWORK_POLICY: Final = Printer(columns("Name", "Pod-Selector", "Age"), _network_policy)
SERVICE_CIDR: Final = Printer(columns("Name", "CIDRs", "Age"), _service_cidr)
IP_ADDRESS: Final = Printer(columns("Name", "ParentRef"), _ip_address)
