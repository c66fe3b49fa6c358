"""What the schema cannot say of a pod's spec, in pods and in every template: names, ports, mounts, probes.

Source: pkg/apis/core/v1/validation (sentences clients know). Each function returns causes, [] when nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.quantity import QuantityInvalid, parse
from pyk8s.apiserver.registry.causes import (
    absent,
    duplicate,
    each,
    forbidden_field,
    invalid_value,
    required,
    unsupported,
)

RESTART_POLICIES = ("Always", "OnFailure", "Never")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
PROTOCOLS = ("TCP", "UDP", "SCTP")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")


def check_pod_spec(spec: Object, at: str) -> list[Cause]:
    """Everything about one pod spec; `at` is its path."""
    volumes, causes = check_volumes(spec.get("volumes") or (), f"{at}.volumes")
    names: set[str] = set()
    containers = spec.get("containers") or []
    if not containers:
        causes.append(required(f"{at}.containers"))
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(field) or ()):
            causes += check_container(container, f"{at}.{field}[{index}]", names, volumes, field)
    causes += _words(spec, at)
    causes += check_host_ports(containers, f"{at}.containers")
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        causes += check_toleration(toleration, f"{at}.tolerations[{index}]")
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        causes.append(invalid_value(f"{at}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0"))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        causes.append(
            invalid_value(f"{at}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
        )
    for field in ("nodeName", "serviceAccountName", "priorityClassName", "runtimeClassName"):
        if spec.get(field):
            causes += each(f"{at}.{field}", spec[field], syntax.dns_subdomain(spec[field]))
    for field in ("hostname", "subdomain"):
        if spec.get(field):
            causes += each(f"{at}.{field}", spec[field], syntax.dns_label(spec[field]))
    for key, value in (spec.get("nodeSelector") or {}).items():
        causes += each(f"{at}.nodeSelector", key, syntax.qualified_name(key))
        causes += each(f"{at}.nodeSelector", value, syntax.label_value(value))
    return causes


def _words(spec: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    for field, known in (("restartPolicy", RESTART_POLICIES), ("dnsPolicy", DNS_POLICIES)):
        word = spec.get(field)
        if word is not None and word not in known:
            causes.append(unsupported(f"{at}.{field}", word, sorted(known)))
    if spec.get("dnsPolicy") == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
        detail = 'must provide at least one DNS nameserver when `dnsPolicy` is "None"'
        causes.append(required(f"{at}.dnsConfig.nameservers", detail))
    return causes


def check_volumes(volumes: Iterable[Object], at: str) -> tuple[dict[str, Object], list[Cause]]:
    """The volumes by name, and what is wrong with them: each has a name of its own and exactly one source."""
    found: dict[str, Object] = {}
    causes: list[Cause] = []
    for index, volume in enumerate(volumes):
        here, name = f"{at}[{index}]", volume.get("name", "")
        if not name:
            causes.append(required(f"{here}.name"))
        else:
            causes += each(f"{here}.name", name, syntax.dns_label(name))
        if name in found:
            causes.append(duplicate(f"{here}.name", name))
        found[name] = volume
        sources = [key for key in volume if key != "name"]
        if not sources:
            causes.append(required(here, "must specify a volume type"))
        for extra in sources[1:]:
            causes.append(forbidden_field(f"{here}.{extra}", "may not specify more than 1 volume type"))
        causes += _check_source(volume, here)
    return found, causes


def _check_source(volume: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    needed = (
        ("hostPath", "path"),
        ("secret", "secretName"),
        ("configMap", "name"),
        ("persistentVolumeClaim", "claimName"),
    )
    for source, field in needed:
        if source in volume and not (volume[source] or {}).get(field):
            causes.append(required(f"{at}.{source}.{field}"))
    return causes


def check_container(container: Object, at: str, names: set[str], volumes: dict[str, Object], field: str) -> list[Cause]:
    """One container of any kind; its name is added to `names`."""
    causes: list[Cause] = []
    name = container.get("name", "")
    if not name:
        causes.append(required(f"{at}.name"))
    else:
        causes += each(f"{at}.name", name, syntax.dns_label(name))
    if name and name in names:
        causes.append(duplicate(f"{at}.name", name))
    names.add(name)
    image = container.get("image", "")
    if not image:
        causes.append(required(f"{at}.image"))
    elif image != image.strip():
        causes.append(invalid_value(f"{at}.image", image, "must not have leading or trailing whitespace"))
    policy = container.get("imagePullPolicy")
    if policy is not None and policy not in PULL_POLICIES:
        causes.append(unsupported(f"{at}.imagePullPolicy", policy, sorted(PULL_POLICIES)))
    causes += check_ports(container.get("ports") or (), f"{at}.ports")
    causes += check_env(container, at)
    causes += check_mounts(container, at, volumes)
    causes += check_resources(container.get("resources") or {}, f"{at}.resources")
    restartable = field == "initContainers" and container.get("restartPolicy") == "Always"
    for probe in (*PROBES, "lifecycle"):
        if probe in container:
            if field != "containers" and not restartable:
                causes.append(forbidden_field(f"{at}.{probe}", _only_for(field)))
            elif probe != "lifecycle":
                causes += check_probe(container[probe] or {}, f"{at}.{probe}", probe)
    return causes


def _only_for(field: str) -> str:
    if field == "ephemeralContainers":
        return "cannot be set for an Ephemeral Container"
    return "may not be set for init containers without restartPolicy=Always"


def check_ports(ports: Iterable[Object], at: str) -> list[Cause]:
    """Ports of one container: numbers in range, names of their own."""
    causes: list[Cause] = []
    names: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{at}[{index}]"
        if name := port.get("name"):
            causes += each(f"{here}.name", name, syntax.port_name(name))
            if name in names:
                causes.append(duplicate(f"{here}.name", name))
            names.add(name)
        number = port.get("containerPort")
        if number is None:
            causes.append(required(f"{here}.containerPort"))
        else:
            causes += each(f"{here}.containerPort", number, syntax.port_number(number))
        if port.get("hostPort"):
            causes += each(f"{here}.hostPort", port["hostPort"], syntax.port_number(port["hostPort"]))
        if port.get("protocol", "TCP") not in PROTOCOLS:
            causes.append(unsupported(f"{here}.protocol", port["protocol"], sorted(PROTOCOLS)))
    return causes


def check_host_ports(containers: Iterable[Object], at: str) -> list[Cause]:
    """No host port twice in a pod."""
    causes: list[Cause] = []
    taken: set[tuple[Any, ...]] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            wanted = (port.get("protocol", "TCP"), port.get("hostIP", ""), port["hostPort"])
            if wanted in taken:
                causes.append(duplicate(f"{at}[{index}].ports[{number}].hostPort", port["hostPort"]))
            taken.add(wanted)
    return causes


def check_env(container: Object, at: str) -> list[Cause]:
    """Environment variables: a name each, a value or a source but not both."""
    causes: list[Cause] = []
    for index, variable in enumerate(container.get("env") or ()):
        here, name = f"{at}.env[{index}]", variable.get("name", "")
        if not name:
            causes.append(required(f"{here}.name"))
        else:
            causes += each(f"{here}.name", name, syntax.env_name(name))
        source = variable.get("valueFrom")
        if source is None:
            continue
        if variable.get("value"):
            causes.append(invalid_value(f"{here}.valueFrom", "", "may not be specified when `value` is not empty"))
        if len(source) != 1:
            detail = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
            if source:
                detail = "may not have more than one field specified at a time"
            causes.append(invalid_value(f"{here}.valueFrom", "", detail))
    return causes


def check_mounts(container: Object, at: str, volumes: dict[str, Object]) -> list[Cause]:
    """Volume mounts: of volumes that are there, each at a place of its own."""
    causes: list[Cause] = []
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        here, name, path = f"{at}.volumeMounts[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            causes.append(required(f"{here}.name"))
        elif name not in volumes:
            causes.append(absent(f"{here}.name", name))
        if not path:
            causes.append(required(f"{here}.mountPath"))
        elif path in paths:
            causes.append(invalid_value(f"{here}.mountPath", path, "must be unique"))
        paths.add(path)
        sub = mount.get("subPath", "")
        if sub.startswith("/"):
            causes.append(invalid_value(f"{here}.subPath", sub, "must be a relative path"))
        if ".." in sub.split("/"):
            causes.append(invalid_value(f"{here}.subPath", sub, "must not contain '..'"))
    return causes


def check_resources(resources: Object, at: str) -> list[Cause]:
    """Requests and limits: not negative, and no request above its limit."""
    causes: list[Cause] = []
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            here = f"{at}.{part}[{name}]"
            causes += each(here, name, syntax.qualified_name(name))
            try:
                value = parse(amount)
                most = parse(limits[name]) if part == "requests" and name in limits else None
            except QuantityInvalid as error:
                causes.append(invalid_value(here, amount, str(error)))
                continue
            if value < 0:
                causes.append(invalid_value(here, amount, "must be greater than or equal to 0"))
            if most is not None and value > most:
                detail = f"must be less than or equal to {name} limit of {limits[name]}"
                causes.append(invalid_value(f"{at}.requests", amount, detail))
    return causes


def check_probe(probe: Object, at: str, kind: str) -> list[Cause]:
    """One probe: exactly one handler, times that are not negative."""
    causes: list[Cause] = []
    handlers = [one for one in HANDLERS if one in probe]
    if not handlers:
        causes.append(required(at, "must specify a handler type"))
    for extra in handlers[1:]:
        causes.append(forbidden_field(f"{at}.{extra}", "may not specify more than 1 handler type"))
    for field in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold", "successThreshold"):
        if probe.get(field, 0) < 0:
            causes.append(invalid_value(f"{at}.{field}", probe[field], "must be greater than or equal to 0"))
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        causes.append(invalid_value(f"{at}.successThreshold", probe["successThreshold"], "must be 1"))
    port = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
    if isinstance(port, int):
        causes += each(f"{at}.{handlers[0]}.port", port, syntax.port_number(port))
    elif isinstance(port, str):
        causes += each(f"{at}.{handlers[0]}.port", port, syntax.port_name(port))
    return causes


def check_toleration(toleration: Object, at: str) -> list[Cause]:
    """One toleration: a known operator and effect, fitting together."""
    causes: list[Cause] = []
    key, operator = toleration.get("key", ""), toleration.get("operator") or "Equal"
    if key:
        causes += each(f"{at}.key", key, syntax.qualified_name(key))
    elif operator != "Exists":
        causes.append(invalid_value(f"{at}.operator", operator, "operator must be Exists when `key` is empty"))
    if operator not in ("Equal", "Exists", "Lt", "Gt"):
        causes.append(unsupported(f"{at}.operator", operator, ("Equal", "Exists")))
    if operator == "Exists" and toleration.get("value"):
        detail = "value must be empty when `operator` is 'Exists'"
        causes.append(invalid_value(f"{at}.operator", toleration["value"], detail))
    effect = toleration.get("effect")
    if effect and effect not in EFFECTS:
        causes.append(unsupported(f"{at}.effect", effect, EFFECTS))
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        causes.append(
            invalid_value(f"{at}.effect", effect or "", "effect must be 'NoExecute' when `tolerationSeconds` is set")
        )
    return causes
