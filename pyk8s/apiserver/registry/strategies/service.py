"""Services: what they were given (addresses, node ports) stays theirs when an update leaves it out.

Source: pkg/registry/core/service/strategy.go (patchAllocatedValues, dropTypeDependentFields).
"""

from __future__ import annotations

from typing import Any

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import duplicate, each, required, unsupported
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.registry.objects import without
from pyk8s.apiserver.registry.strategies.strategy import Strategy

HEADLESS = "None"
"""The clusterIP of a service that wants none."""


def type_of(spec: Object) -> str:
    """ClusterIP, NodePort, LoadBalancer or ExternalName."""
    found: str = spec.get("type") or "ClusterIP"
    return found


def has_address(spec: Object) -> bool:
    """Whether services of this kind have a cluster IP."""
    return type_of(spec) != "ExternalName" and spec.get("clusterIP") != HEADLESS


def has_node_ports(spec: Object) -> bool:
    """Whether every port of the service needs a node port."""
    return type_of(spec) == "NodePort" or (
        type_of(spec) == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False
    )


def is_exposed(spec: Object) -> bool:
    """Whether the service can be reached from outside of the cluster."""
    return type_of(spec) in ("NodePort", "LoadBalancer") or bool(spec.get("externalIPs"))


def has_health_port(spec: Object) -> bool:
    """Whether a load balancer asks the nodes themselves which of them can answer."""
    return type_of(spec) == "LoadBalancer" and spec.get("externalTrafficPolicy") == "Local"


def prepare_for_create(new: Object, now: str) -> Object:
    """With one list of addresses, whichever way it was sent, and an empty status."""
    spec = dict(new.get("spec") or {})
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    if spec.get("clusterIPs") and not spec.get("clusterIP"):
        spec["clusterIP"] = spec["clusterIPs"][0]
    return {**new, "spec": spec, "status": {"loadBalancer": {}}}


def prepare_for_update(new: Object, old: Object) -> Object:
    """With the addresses and node ports of `old` where `new` names none and still needs them."""
    spec, before = dict(new.get("spec") or {}), old.get("spec") or {}
    if type_of(spec) == "ExternalName":
        return {**new, "spec": without(spec, "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")}
    _keep_addresses(spec, before)
    if "ipFamilies" in before:
        spec.setdefault("ipFamilies", before["ipFamilies"])
    spec["ports"] = _ports(spec, before)
    if not is_exposed(spec) and spec.get("externalTrafficPolicy") == before.get("externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)
    if has_health_port(spec) and has_health_port(before) and not spec.get("healthCheckNodePort"):
        spec["healthCheckNodePort"] = before.get("healthCheckNodePort")
    if not has_health_port(spec):
        spec.pop("healthCheckNodePort", None)
    if not spec["ports"]:
        del spec["ports"]
    return {**new, "spec": spec}


def _keep_addresses(spec: Object, before: Object) -> None:
    """What the update left out of the addresses is as before; a clusterIP that came alone stands in the list too."""
    if type_of(before) != "ExternalName":
        if not spec.get("clusterIP") and not spec.get("clusterIPs") and "clusterIP" in before:
            spec["clusterIP"] = before["clusterIP"]
        if not spec.get("clusterIPs") and spec.get("clusterIP") == before.get("clusterIP") and "clusterIPs" in before:
            spec["clusterIPs"] = before["clusterIPs"]
    if spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]


def _ports(spec: Object, before: Object) -> list[Object]:
    ports: list[Object] = list(spec.get("ports") or ())
    if type_of(spec) == "ClusterIP" and type_of(before) != "ClusterIP":
        held = {port.get("nodePort") for port in before.get("ports") or ()}
        return [without(port, "nodePort") if port.get("nodePort") in held else port for port in ports]
    if not has_node_ports(spec):
        return ports
    known = {_key(port): port["nodePort"] for port in before.get("ports") or () if port.get("nodePort")}
    named = {port["nodePort"] for port in ports if port.get("nodePort")}
    kept: list[Object] = []
    for port in ports:
        number = known.get(_key(port))
        if not port.get("nodePort") and number and number not in named:
            port = {**port, "nodePort": number}
        kept.append(port)
    return kept


def _key(port: Object) -> tuple[Any, Any]:
    return port.get("protocol", "TCP"), port.get("port")


def validate(new: Object, old: Object | None) -> list[Cause]:
    """The address of a service stays; node ports only where there are some."""
    spec, before = new.get("spec") or {}, (old or {}).get("spec") or {}
    causes: list[Cause] = []
    addresses = spec.get("clusterIPs") or []
    if addresses and spec.get("clusterIP") != addresses[0]:
        causes.append(invalid_value("spec.clusterIPs", addresses, "first value must match `clusterIP`"))
    if type_of(spec) != "ExternalName":
        causes += _check_families(spec) + _check_addresses(spec)
    if old is not None and "ExternalName" not in (type_of(spec), type_of(before)):
        causes += _check_kept(spec, before)
    if type_of(spec) == "ExternalName" and not spec.get("externalName"):
        causes.append(required("spec.externalName"))
    if type_of(spec) != "ExternalName" and not spec.get("ports") and spec.get("clusterIP") != HEADLESS:
        causes.append(required("spec.ports"))
    if type_of(spec) == "ClusterIP":
        for index, port in enumerate(spec.get("ports") or ()):
            if port.get("nodePort"):
                at = f"spec.ports[{index}].nodePort"
                causes.append(invalid_value(at, port["nodePort"], "may not be used when `type` is 'ClusterIP'"))
    return causes


FAMILIES = ("IPv4", "IPv6")
POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
KEPT = "may not change once set"


def _check_families(spec: Object) -> list[Cause]:
    causes: list[Cause] = []
    families: list[str] = spec.get("ipFamilies") or []
    for index, family in enumerate(families):
        at = f"spec.ipFamilies[{index}]"
        if family not in FAMILIES:
            causes.append(unsupported(at, family, FAMILIES))
        if family in families[:index]:
            causes.append(duplicate(at, family))
    policy = spec.get("ipFamilyPolicy")
    return causes + ([unsupported("spec.ipFamilyPolicy", policy, POLICIES)] if policy not in (None, *POLICIES) else [])


def _check_addresses(spec: Object) -> list[Cause]:
    """The list of addresses: at most one of each family, each of the family that stands at its place."""
    addresses: list[str] = spec.get("clusterIPs") or []
    at = "spec.clusterIPs"
    causes: list[Cause] = []
    if HEADLESS in addresses and len(addresses) > 1 and addresses[0] == HEADLESS:
        causes.append(invalid_value(at, addresses, "'None' must be the first and only value"))
    named = [(index, one) for index, one in enumerate(addresses) if index or one != HEADLESS]
    broken = [cause for index, one in named for cause in each(f"{at}[{index}]", one, syntax.ip_address(one))]
    if len(addresses) > 2:
        causes.append(invalid_value(at, addresses, "may only hold up to 2 values"))
    if causes or broken:
        return causes + broken
    if len(addresses) == 2 and (":" in addresses[0]) == (":" in addresses[1]):
        causes.append(invalid_value(at, addresses, "may specify no more than one IP for each IP family"))
    for (index, one), family in zip(named, spec.get("ipFamilies") or (), strict=False):
        if family in FAMILIES and family != FAMILIES[":" in one]:
            text = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            causes.append(invalid_value(f"{at}[{index}]", one, text))
    return causes


def _check_kept(spec: Object, before: Object) -> list[Cause]:
    """The first address and the first family stay for ever, the second as long as there is one."""
    causes: list[Cause] = []
    headless = HEADLESS in (spec.get("clusterIP"), before.get("clusterIP"))
    for field in ("clusterIPs", "ipFamilies") if not headless else ("clusterIPs",):
        kept, held = spec.get(field) or [], before.get(field) or []
        changed = next((index for index, (new, old) in enumerate(zip(kept, held, strict=False)) if new != old), None)
        if changed is not None:
            causes.append(invalid_value(f"spec.{field}[{changed if field == 'clusterIPs' else 0}]", kept, KEPT))
    return causes


SERVICE = Strategy(
    prepare_for_create=prepare_for_create,
    prepare_for_update=prepare_for_update,
    validate=validate,
    status_at_create=True,
    names="dns_1035_label",
    create_on_update=True,
    answers_deleted=True,
    selectable=("spec.clusterIP", "spec.type"),
)
