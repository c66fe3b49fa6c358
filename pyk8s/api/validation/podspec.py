"""What the schema cannot say of a pod's spec, in pods and in every template.

Source: pkg/apis/core/validation, ValidatePodSpec (the sentences clients know). Objects must have the types of their
schema; missing fields are told, not stumbled over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import duplicate, each, invalid, not_negative, one_of, required, too_many
from pyk8s.api.validation.containers import check_container
from pyk8s.api.validation.labels import check_labels
from pyk8s.api.validation.resources import check_requirements
from pyk8s.api.validation.scheduling import check_scheduling
from pyk8s.api.validation.security import check_pod_security
from pyk8s.api.validation.volumes import check_volumes

RESTART_POLICIES: Final = ("Always", "OnFailure", "Never")
DNS_POLICIES: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_LONGEST_DEADLINE: Final = 2**31 - 1
_NAMESERVERS: Final = 3
_SEARCHES: Final = 32
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


def check_pod_spec(spec: Object, at: str) -> list[Cause]:
    """Everything about one pod spec; `at` is its path."""
    volumes, causes = check_volumes(spec.get("volumes") or (), f"{at}.volumes")
    names: set[str] = set()
    if not spec.get("containers"):
        causes.append(required(f"{at}.containers"))
    for field in _CONTAINERS:
        for index, container in enumerate(spec.get(field) or ()):
            causes += check_container(container, f"{at}.{field}[{index}]", names, volumes, field)
    if spec.get("restartPolicy", "Always") not in RESTART_POLICIES:
        causes += one_of(spec, at, "restartPolicy", RESTART_POLICIES)
    causes += _check_host_ports(spec, at)
    causes += _check_names(spec, at)
    causes += _check_times(spec, at)
    causes += check_scheduling(spec, at)
    causes += check_pod_security(spec, at)
    if spec.get("dnsConfig") or spec.get("dnsPolicy") not in (None, "ClusterFirst"):
        causes += _check_dns(spec, at)
    if resources := spec.get("resources"):
        causes += check_requirements(resources, f"{at}.resources")
    return causes


def _check_times(spec: Object, at: str) -> list[Cause]:
    causes = not_negative(spec, at, "terminationGracePeriodSeconds")
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= _LONGEST_DEADLINE:
        detail = f"must be between 1 and {_LONGEST_DEADLINE}, inclusive"
        causes.append(invalid(f"{at}.activeDeadlineSeconds", deadline, detail))
    return causes


def _check_names(spec: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    for field in ("nodeName", "serviceAccountName", "priorityClassName", "runtimeClassName"):
        if name := spec.get(field):
            causes += each(f"{at}.{field}", name, syntax.dns_subdomain(name))
    for field in ("hostname", "subdomain"):
        if name := spec.get(field):
            causes += each(f"{at}.{field}", name, syntax.dns_label(name))
    if selector := spec.get("nodeSelector"):
        causes += check_labels(selector, f"{at}.nodeSelector")
    for index, secret in enumerate(spec.get("imagePullSecrets") or ()):
        if not secret.get("name"):
            causes.append(required(f"{at}.imagePullSecrets[{index}].name"))
    for index, alias in enumerate(spec.get("hostAliases") or ()):
        address = alias.get("ip") or ""
        causes += each(f"{at}.hostAliases[{index}].ip", address, syntax.ip_address(address))
        for place, name in enumerate(alias.get("hostnames") or ()):
            causes += each(f"{at}.hostAliases[{index}].hostnames[{place}]", name, syntax.dns_subdomain(name))
    return causes


def _check_host_ports(spec: Object, at: str) -> list[Cause]:
    """No host port twice in a pod, and in the host's network the port itself."""
    causes: list[Cause] = []
    taken: set[str] = set()
    for field in ("containers", "initContainers"):
        sharing = field == "containers"
        for index, container in enumerate(spec.get(field) or ()):
            if sharing or container.get("restartPolicy") == "Always":
                ports = container.get("ports") or ()
                causes += _claim_ports(ports, f"{at}.{field}[{index}].ports", taken, bool(spec.get("hostNetwork")))
    return causes


def _claim_ports(ports: Iterable[Object], at: str, taken: set[str], hosted: bool) -> list[Cause]:
    causes: list[Cause] = []
    for index, port in enumerate(ports):
        number = port.get("hostPort")
        if hosted and number and number != port.get("containerPort"):
            detail = "must match `hostPort` when `hostNetwork` is true"
            causes.append(invalid(f"{at}[{index}].containerPort", port.get("containerPort"), detail))
        if number:
            wanted = f"{port.get('protocol', 'TCP')}/{port.get('hostIP', '')}/{number}"
            if wanted in taken:
                causes.append(duplicate(f"{at}[{index}].hostPort", wanted))
            taken.add(wanted)
    return causes


def _check_dns(spec: Object, at: str) -> list[Cause]:
    causes = one_of(spec, at, "dnsPolicy", DNS_POLICIES)
    config = spec.get("dnsConfig") or {}
    here = f"{at}.dnsConfig"
    servers, searches = config.get("nameservers") or (), config.get("searches") or ()
    if spec.get("dnsPolicy") == "None" and not servers:
        detail = 'must provide at least one DNS nameserver when `dnsPolicy` is "None"'
        causes.append(required(f"{here}.nameservers", detail))
    if len(servers) > _NAMESERVERS:
        causes.append(too_many(f"{here}.nameservers", len(servers), _NAMESERVERS))
    for index, server in enumerate(servers):
        causes += each(f"{here}.nameservers[{index}]", server, syntax.ip_address(server))
    if len(searches) > _SEARCHES:
        causes.append(too_many(f"{here}.searches", len(searches), _SEARCHES))
    for index, search in enumerate(searches):
        if search != ".":
            domain = search.removesuffix(".")
            causes += each(f"{here}.searches[{index}]", search, syntax.dns_subdomain(domain.replace("_", "-")))
    for index, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            causes.append(required(f"{here}.options[{index}]", "must not be empty"))
    return causes
