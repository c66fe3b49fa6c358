"""Services, endpoints, ingresses and network policies. Source: pkg/apis/{core,discovery,networking}/validation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import (
    duplicate,
    each,
    forbidden,
    immutable,
    invalid,
    one_of,
    required,
    too_many,
    unsupported,
)
from pyk8s.api.validation.labels import check_label_selector, check_labels
from pyk8s.api.validation.probes import check_port

PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
SERVICE_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_LONGEST_AFFINITY: Final = 86400
_MOST_ENDPOINTS: Final = 1000


def check_service(new: Object, old: Object | None) -> list[Cause]:
    """A Service, apart from the addresses and node ports that the registry gives it."""
    spec = new.get("spec") or {}
    type_ = spec.get("type") or "ClusterIP"
    causes = check_labels(spec.get("selector"), "spec.selector") + one_of(spec, "spec", "type", SERVICE_TYPES)
    causes += _check_service_ports(spec.get("ports") or (), "spec.ports")
    causes += one_of(spec, "spec", "sessionAffinity", ("ClientIP", "None"))
    for field in ("internalTrafficPolicy", "externalTrafficPolicy"):
        causes += one_of(spec, "spec", field, ("Cluster", "Local"))
    seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds")
    if seconds is not None and not 0 < seconds <= _LONGEST_AFFINITY:
        detail = f"must be greater than 0 and less than {_LONGEST_AFFINITY}"
        causes.append(invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, detail))
    for index, address in enumerate(spec.get("externalIPs") or ()):
        causes += each(f"spec.externalIPs[{index}]", address, syntax.ip_address(address))
    if (address := spec.get("clusterIP")) and address != "None":
        causes += each("spec.clusterIP", address, syntax.ip_address(address))
    if type_ == "ExternalName":
        if spec.get("clusterIP"):
            causes.append(forbidden("spec.clusterIPs[0]", "may not be set for ExternalName services"))
        if name := spec.get("externalName"):
            causes += each("spec.externalName", name, syntax.dns_subdomain(name.removesuffix(".")))
    exposed = type_ in ("NodePort", "LoadBalancer") or (type_ == "ClusterIP" and spec.get("externalIPs"))
    if spec.get("externalTrafficPolicy") and not exposed:
        detail = "may only be set for externally-accessible services"
        causes.append(invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], detail))
    for index, block in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        causes += each(f"spec.loadBalancerSourceRanges[{index}]", block, syntax.cidr(block.strip()))
    return causes


def _check_service_ports(ports: Iterable[Object], at: str) -> list[Cause]:
    causes: list[Cause] = []
    listed = list(ports)
    names: set[str] = set()
    seen: set[tuple[Any, ...]] = set()
    taken: set[tuple[Any, ...]] = set()
    for index, port in enumerate(listed):
        here = f"{at}[{index}]"
        name, number, protocol = port.get("name") or "", port.get("port") or 0, port.get("protocol", "TCP")
        if name:
            causes += each(f"{here}.name", name, syntax.dns_label(name))
            causes += [duplicate(f"{here}.name", name)] if name in names else []
            names.add(name)
        elif len(listed) > 1:
            causes.append(required(f"{here}.name"))
        causes += each(f"{here}.port", number, syntax.port_number(number))
        causes += one_of(port, here, "protocol", PROTOCOLS)
        if port.get("targetPort") is not None:
            causes += check_port(port["targetPort"], f"{here}.targetPort")
        if (protocol, number) in seen:
            causes.append(duplicate(here, {"port": number, "protocol": protocol}))
        seen.add((protocol, number))
        if node := port.get("nodePort"):
            causes += [duplicate(f"{here}.nodePort", node)] if (protocol, node) in taken else []
            taken.add((protocol, node))
    return causes


def check_endpoints(new: Object, old: Object | None) -> list[Cause]:
    """Endpoints: addresses and ports that are some."""
    causes: list[Cause] = []
    for index, subset in enumerate(new.get("subsets") or ()):
        at = f"subsets[{index}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            causes.append(required(at, "must specify `addresses` or `notReadyAddresses`"))
        for field in ("addresses", "notReadyAddresses"):
            for place, address in enumerate(subset.get(field) or ()):
                ip = address.get("ip") or ""
                causes += each(f"{at}.{field}[{place}].ip", ip, syntax.ip_address(ip))
        causes += _check_endpoint_ports(subset.get("ports") or (), f"{at}.ports")
    return causes


def _check_endpoint_ports(ports: Iterable[Object], at: str) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        here, name, number = f"{at}[{index}]", port.get("name") or "", port.get("port")
        if name:
            causes += each(f"{here}.name", name, syntax.dns_label(name))
        if name in names:
            causes.append(duplicate(f"{here}.name", name))
        names.add(name)
        if number is not None:
            causes += each(f"{here}.port", number, syntax.port_number(number))
        causes += one_of(port, here, "protocol", PROTOCOLS)
    return causes


def check_endpoint_slice(new: Object, old: Object | None) -> list[Cause]:
    """An EndpointSlice: addresses of its one type."""
    causes = one_of(new, "", "addressType", ("FQDN", "IPv4", "IPv6"), needed=True)
    type_ = new.get("addressType")
    if old is not None:
        causes += immutable("addressType", type_, old.get("addressType"))
    endpoints = new.get("endpoints") or ()
    if len(endpoints) > _MOST_ENDPOINTS:
        causes.append(too_many("endpoints", len(endpoints), _MOST_ENDPOINTS))
    for index, endpoint in enumerate(endpoints):
        addresses = endpoint.get("addresses") or ()
        if not addresses:
            causes.append(required(f"endpoints[{index}].addresses", "must contain at least 1 address"))
        for place, address in enumerate(addresses):
            if not _is_of(address, type_):
                detail = (
                    f"must be a valid {type_} address" if type_ != "FQDN" else "must be a fully qualified domain name"
                )
                causes.append(invalid(f"endpoints[{index}].addresses[{place}]", address, detail))
    return causes + _check_endpoint_ports(new.get("ports") or (), "ports")


def _is_of(address: str, type_: str | None) -> bool:
    if type_ == "FQDN":
        return not syntax.dns_subdomain(address)
    try:
        return ipaddress.ip_address(address).version == (6 if type_ == "IPv6" else 4)
    except ValueError:
        return False


def check_ingress(new: Object, old: Object | None) -> list[Cause]:
    """An Ingress: rules or a default, every path absolute, every backend named."""
    spec = new.get("spec") or {}
    causes: list[Cause] = []
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        causes.append(invalid("spec", spec, "either `defaultBackend` or `rules` must be specified"))
    if (backend := spec.get("defaultBackend")) is not None:
        causes += _check_backend(backend, "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or ()):
        at = f"spec.rules[{index}]"
        if host := rule.get("host"):
            causes += each(f"{at}.host", host, syntax.dns_subdomain(host.removeprefix("*.")))
        http = rule.get("http")
        if http is not None and not http.get("paths"):
            causes.append(required(f"{at}.http.paths"))
        for place, path in enumerate((http or {}).get("paths") or ()):
            causes += _check_path(path, f"{at}.http.paths[{place}]")
    return causes


def _check_path(path: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    type_, text = path.get("pathType"), path.get("path") or ""
    if not type_:
        causes.append(required(f"{at}.pathType", "pathType must be specified"))
    causes += one_of(path, at, "pathType", ("Exact", "ImplementationSpecific", "Prefix"))
    if type_ in ("Exact", "Prefix") and not text.startswith("/"):
        causes.append(invalid(f"{at}.path", text, "must be an absolute path"))
    return causes + _check_backend(path.get("backend") or {}, f"{at}.backend")


def _check_backend(backend: Object, at: str) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [invalid(at, "", "cannot set both resource and service backends")]
    if service is None:
        return [] if resource is not None else [required(at, "resource or service backend is required")]
    causes = [] if service.get("name") else [required(f"{at}.service.name")]
    port = service.get("port") or {}
    if bool(port.get("name")) == bool(port.get("number")):
        causes.append(required(f"{at}.service.port", "port name or number is required"))
    return causes


def check_network_policy(new: Object, old: Object | None) -> list[Cause]:
    """A NetworkPolicy: selectors, ports and blocks that can be read."""
    spec = new.get("spec") or {}
    causes = check_label_selector(spec.get("podSelector"), "spec.podSelector")
    for field, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(field) or ()):
            at = f"spec.{field}[{index}]"
            for place, port in enumerate(rule.get("ports") or ()):
                causes += _check_policy_port(port, f"{at}.ports[{place}]")
            for place, peer in enumerate(rule.get(peers) or ()):
                causes += _check_peer(peer, f"{at}.{peers}[{place}]")
    for index, type_ in enumerate(spec.get("policyTypes") or ()):
        if type_ not in ("Ingress", "Egress"):
            causes.append(unsupported(f"spec.policyTypes[{index}]", type_, ("Egress", "Ingress")))
    return causes


def _check_policy_port(port: Object, at: str) -> list[Cause]:
    causes = one_of(port, at, "protocol", PROTOCOLS)
    number, last = port.get("port"), port.get("endPort")
    if number is not None:
        causes += check_port(number, f"{at}.port")
    if last is not None:
        if not isinstance(number, int):
            causes.append(invalid(f"{at}.endPort", last, "may not be specified when `port` is non-numeric"))
        elif last < number:
            causes.append(invalid(f"{at}.endPort", last, "must be greater than or equal to `port`"))
    return causes


def _check_peer(peer: Object, at: str) -> list[Cause]:
    said = [field for field in ("podSelector", "namespaceSelector", "ipBlock") if peer.get(field) is not None]
    if not said:
        return [required(at, "must specify a peer")]
    if "ipBlock" in said and len(said) > 1:
        return [forbidden(at, "may not specify both ipBlock and another peer")]
    causes: list[Cause] = []
    for field in said:
        if field != "ipBlock":
            causes += check_label_selector(peer[field], f"{at}.{field}")
            continue
        block = peer[field].get("cidr") or ""
        causes += each(f"{at}.ipBlock.cidr", block, syntax.cidr(block)) if block else [required(f"{at}.ipBlock.cidr")]
        for index, hole in enumerate(peer[field].get("except") or ()):
            if not _is_inside(hole, block):
                detail = f"must be a strict subset of `cidr`: {block}"
                causes.append(invalid(f"{at}.ipBlock.except[{index}]", hole, detail))
    return causes


def _is_inside(hole: str, block: str) -> bool:
    try:
        inner, outer = ipaddress.ip_network(hole, strict=False), ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False
    return inner.version == outer.version and inner != outer and inner.subnet_of(outer)  # type: ignore[arg-type]
