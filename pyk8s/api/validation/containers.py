"""Containers of any kind. Source: pkg/apis/core/validation, validateContainerCommon and what it calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import absent, duplicate, each, forbidden, invalid, one_of, required, unsupported
from pyk8s.api.validation.probes import check_hooks, check_probes
from pyk8s.api.validation.resources import check_requirements
from pyk8s.api.validation.security import check_container_security

PULL_POLICIES: Final = ("Always", "IfNotPresent", "Never")
PROTOCOLS: Final = ("TCP", "UDP", "SCTP")
MESSAGE_POLICIES: Final = ("File", "FallbackToLogsOnError")
PROPAGATION: Final = ("None", "HostToContainer", "Bidirectional")
RESTARTS: Final = ("Always", "Never", "OnFailure")
ENV_FIELDS: Final = frozenset(
    {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
     "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}
)  # fmt: skip
ENV_RESOURCES: Final = frozenset(
    f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "memory", "ephemeral-storage")
)
_SUBSCRIPT: Final = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle")
_SOURCES: Final = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"


def check_container(
    container: Object, at: str, names: set[str], volumes: Mapping[str, Object], field: str
) -> list[Cause]:
    """One container in the list `field` ("containers", …); its name is added to `names`."""
    causes: list[Cause] = []
    name = container.get("name") or ""
    if not name:
        causes.append(required(f"{at}.name"))
    else:
        causes += [invalid(f"{at}.name", name, problem) for problem in syntax.dns_label(name)]
        if name in names:
            causes.append(duplicate(f"{at}.name", name))
        names.add(name)
    causes += _check_image(container, at)
    if ports := container.get("ports"):
        causes += check_ports(ports, f"{at}.ports")
    if env := container.get("env"):
        causes += check_env(env, f"{at}.env")
    if sources := container.get("envFrom"):
        causes += _check_env_from(sources, f"{at}.envFrom")
    if container.get("volumeMounts") or container.get("volumeDevices"):
        causes += _check_mounts(container, at, volumes)
    if resources := container.get("resources"):
        causes += check_requirements(resources, f"{at}.resources")
    if security := container.get("securityContext"):
        causes += check_container_security(security, f"{at}.securityContext")
    if "restartPolicy" in container:
        causes += one_of(container, at, "restartPolicy", RESTARTS)
    if any(probe in container for probe in _PROBES):
        causes += _check_probes(container, at, field)
    return causes


def _check_image(container: Object, at: str) -> list[Cause]:
    image = container.get("image") or ""
    causes: list[Cause] = []
    if not image:
        causes.append(required(f"{at}.image"))
    elif image != image.strip():
        causes.append(invalid(f"{at}.image", image, "must not have leading or trailing whitespace"))
    if container.get("imagePullPolicy", "Always") not in PULL_POLICIES:
        causes.append(unsupported(f"{at}.imagePullPolicy", container["imagePullPolicy"], PULL_POLICIES))
    if container.get("terminationMessagePolicy", "File") not in MESSAGE_POLICIES:
        causes += one_of(container, at, "terminationMessagePolicy", MESSAGE_POLICIES)
    return causes


def _check_probes(container: Object, at: str, field: str) -> list[Cause]:
    sidecar = field == "initContainers" and container.get("restartPolicy") == "Always"
    if field == "containers" or sidecar:
        return check_probes(container, at) + check_hooks(container.get("lifecycle") or {}, f"{at}.lifecycle")
    detail = "may not be set for init containers without restartPolicy=Always"
    if field == "ephemeralContainers":
        detail = "cannot be set for an Ephemeral Container"
    return [forbidden(f"{at}.{probe}", detail) for probe in _PROBES if probe in container]


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
        if not number:
            causes.append(required(f"{here}.containerPort"))
        else:
            causes += each(f"{here}.containerPort", number, syntax.port_number(number))
        if host := port.get("hostPort"):
            causes += each(f"{here}.hostPort", host, syntax.port_number(host))
        causes += one_of(port, here, "protocol", PROTOCOLS)
    return causes


def check_env(variables: Iterable[Object], at: str) -> list[Cause]:
    """Environment variables: a name each, a value or a source but not both."""
    causes: list[Cause] = []
    for index, variable in enumerate(variables):
        here = f"{at}[{index}]"
        name = variable.get("name") or ""
        if not name:
            causes.append(required(f"{here}.name"))
        else:
            causes += each(f"{here}.name", name, syntax.env_name(name))
        source = variable.get("valueFrom")
        if source is not None:
            causes += _check_source(source, f"{here}.valueFrom", has_value=bool(variable.get("value")))
    return causes


def _check_source(source: Object, at: str, *, has_value: bool) -> list[Cause]:
    causes: list[Cause] = []
    if has_value and source:
        causes.append(invalid(at, "", "may not be specified when `value` is not empty"))
    elif not source:
        causes.append(invalid(at, "", _SOURCES))
    elif len(source) > 1:
        causes.append(invalid(at, "", "may not have more than one field specified at a time"))
    if (field := source.get("fieldRef")) is not None:
        causes += check_field_path(field, f"{at}.fieldRef", ENV_FIELDS)
    if (resource := source.get("resourceFieldRef")) is not None:
        causes += check_resource_path(resource, f"{at}.resourceFieldRef")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if (chosen := source.get(kind)) is not None:
            key = chosen.get("key") or ""
            causes += each(f"{at}.{kind}.key", key, syntax.config_key(key)) if key else [required(f"{at}.{kind}.key")]
    return causes


def check_field_path(field: Object, at: str, known: frozenset[str]) -> list[Cause]:
    """A reference to a field of the pod: one of `known`, or one label or annotation."""
    path = field.get("fieldPath") or ""
    if not path:
        return [required(f"{at}.fieldPath")]
    if found := _SUBSCRIPT.fullmatch(path):
        key = found[2].lower() if found[1] == "annotations" else found[2]
        return each(f"{at}.fieldPath", path, syntax.qualified_name(key))
    return [] if path in known else [unsupported(f"{at}.fieldPath", path, known)]


def check_resource_path(resource: Object, at: str) -> list[Cause]:
    """A reference to an amount that a container asks for or may use."""
    path = resource.get("resource") or ""
    if not path:
        return [required(f"{at}.resource")]
    if path in ENV_RESOURCES or path.startswith(("limits.hugepages-", "requests.hugepages-")):
        return []
    return [unsupported(f"{at}.resource", path, ENV_RESOURCES)]


def _check_env_from(sources: Iterable[Object], at: str) -> list[Cause]:
    causes: list[Cause] = []
    for index, source in enumerate(sources):
        here = f"{at}[{index}]"
        if prefix := source.get("prefix"):
            causes += each(f"{here}.prefix", prefix, syntax.env_name(prefix))
        kinds = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        if not kinds:
            causes.append(invalid(here, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(kinds) > 1:
            causes.append(invalid(here, "", "may not have more than one field specified at a time"))
        causes += [required(f"{here}.{kind}.name") for kind in kinds if not source[kind].get("name")]
    return causes


def _check_mounts(container: Object, at: str, volumes: Mapping[str, Object]) -> list[Cause]:
    causes: list[Cause] = []
    paths: set[str] = set()
    privileged = (container.get("securityContext") or {}).get("privileged")
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        here = f"{at}.volumeMounts[{index}]"
        path = mount.get("mountPath") or ""
        causes += _check_mounted(mount.get("name") or "", here, volumes)
        if not path:
            causes.append(required(f"{here}.mountPath"))
        elif path in paths:
            causes.append(invalid(f"{here}.mountPath", path, "must be unique"))
        paths.add(path)
        causes += _check_sub_paths(mount, here)
        causes += one_of(mount, here, "mountPropagation", PROPAGATION)
        if mount.get("mountPropagation") == "Bidirectional" and not privileged:
            detail = "Bidirectional mount propagation is available only to privileged containers"
            causes.append(forbidden(f"{here}.mountPropagation", detail))
    for index, device in enumerate(container.get("volumeDevices") or ()):
        here = f"{at}.volumeDevices[{index}]"
        causes += _check_mounted(device.get("name") or "", here, volumes)
        if not device.get("devicePath"):
            causes.append(required(f"{here}.devicePath"))
    return causes


def _check_mounted(name: str, at: str, volumes: Mapping[str, Any]) -> list[Cause]:
    if not name:
        return [required(f"{at}.name")]
    return [] if name in volumes else [absent(f"{at}.name", name)]


def _check_sub_paths(mount: Object, at: str) -> list[Cause]:
    causes: list[Cause] = []
    for field in ("subPath", "subPathExpr"):
        if path := mount.get(field):
            causes += check_local_path(path, f"{at}.{field}")
    if mount.get("subPath") and mount.get("subPathExpr"):
        causes.append(
            invalid(f"{at}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")
        )
    return causes


def check_local_path(path: str, at: str) -> list[Cause]:
    """A path that stays inside: relative, and never up."""
    causes = [invalid(at, path, "must be a relative path")] if path.startswith("/") else []
    return causes + ([invalid(at, path, "must not contain '..'")] if ".." in path.split("/") else [])
