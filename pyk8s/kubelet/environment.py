"""The environment variables of a container. Pure: the objects they refer to are handed in.

Source: core/v1 EnvVar, EnvFromSource; Kubernetes documentation, "Discovering services" (variables of services).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec import field as member

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.expansion import expand
from pyk8s.kubelet.fields import Facts, field_value, resource_value
from pyk8s.kubelet.spec import Container, Pod
from pyk8s.kubelet.spec.container import EnvFrom, EnvVar, KeyRef


class ServicePort(Struct, frozen=True, gc=False):
    """A port of a service."""

    port: int
    name: str = ""
    protocol: str = "TCP"


class ServiceSpec(Struct, frozen=True, rename="camel", gc=False):
    """Where a service is reached."""

    cluster_ip: str = member(default="", name="clusterIP")
    ports: list[ServicePort] = member(default_factory=list)


class ServiceMetadata(Struct, frozen=True, rename="camel", gc=False):
    """What names a service."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class Service(Struct, frozen=True, gc=False):
    """The part of a Service that variables are made of."""

    metadata: ServiceMetadata
    spec: ServiceSpec = member(default_factory=ServiceSpec)


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects that variables refer to: decoded data of config maps and secrets by name; a missing one is absent."""

    config_maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    services: tuple[Service, ...] = ()


def references(container: Container) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the config maps and of the secrets that the variables of a container are taken from."""
    maps: set[str] = set()
    secrets: set[str] = set()
    for group in container.env_from:
        if group.config_map_ref is not None:
            maps.add(group.config_map_ref.name)
        if group.secret_ref is not None:
            secrets.add(group.secret_ref.name)
    for variable in container.env:
        source = variable.value_from
        if source is not None and source.config_map_key_ref is not None:
            maps.add(source.config_map_key_ref.name)
        if source is not None and source.secret_key_ref is not None:
            secrets.add(source.secret_key_ref.name)
    return frozenset(maps), frozenset(secrets)


def environment(pod: Pod, container: Container, sources: Sources, facts: Facts) -> dict[str, str]:
    """The variables in the order they are defined; a later one of the same name wins.

    Raises PodError (CreateContainerConfigError) when a config map, secret or key that is not optional is missing.
    """
    made = service_variables(sources.services, pod.metadata.namespace, links=pod.spec.enable_service_links)
    for group in container.env_from:
        made.update(_from_object(pod, group, sources))
    for variable in container.env:
        value = _value(pod, container, variable, sources, facts, made)
        if value is not None:
            made[variable.name] = value
    return made


def _from_object(pod: Pod, group: EnvFrom, sources: Sources) -> dict[str, str]:
    for ref, kind, held in (
        (group.config_map_ref, "configmap", sources.config_maps),
        (group.secret_ref, "secret", sources.secrets),
    ):
        if ref is None:
            continue
        if ref.name not in held and not ref.optional:
            raise PodError("CreateContainerConfigError", f'{kind} "{ref.name}" not found')
        data = held.get(ref.name, {})
        return {group.prefix + key: data[key] for key in sorted(data) if "=" not in key}
    return {}


def _value(
    pod: Pod, container: Container, variable: EnvVar, sources: Sources, facts: Facts, made: Mapping[str, str]
) -> str | None:
    """The value of one variable; None when what it refers to is optional and missing."""
    source = variable.value_from
    if source is None:
        return expand(variable.value, made)
    if source.field_ref is not None:
        return field_value(pod, source.field_ref.field_path, facts)
    if source.resource_field_ref is not None:
        return resource_value(pod, source.resource_field_ref, facts, container)
    if source.config_map_key_ref is not None:
        return _key(pod, source.config_map_key_ref, "ConfigMap", sources.config_maps)
    if source.secret_key_ref is not None:
        return _key(pod, source.secret_key_ref, "Secret", sources.secrets)
    return ""


def _key(pod: Pod, ref: KeyRef, kind: str, held: Mapping[str, Mapping[str, str]]) -> str | None:
    if ref.name in held and ref.key in held[ref.name]:
        return held[ref.name][ref.key]
    if ref.optional:
        return None
    if ref.name not in held:
        raise PodError("CreateContainerConfigError", f'{kind.lower()} "{ref.name}" not found')
    where = f"{pod.metadata.namespace}/{ref.name}"
    raise PodError("CreateContainerConfigError", f"couldn't find key {ref.key} in {kind} {where}")


def service_variables(services: Iterable[Service], namespace: str, *, links: bool) -> dict[str, str]:
    """Where services are, as variables: those of the API always, those of the pod's namespace with `links`."""
    made: dict[str, str] = {}
    for service in sorted(services, key=lambda one: (one.metadata.namespace != "default", one.metadata.name)):
        is_api = service.metadata.namespace == "default" and service.metadata.name == "kubernetes"
        mine = links and service.metadata.namespace == namespace
        if service.spec.cluster_ip not in ("", "None") and service.spec.ports and (is_api or mine):
            made.update(_variables_of(service))
    return made


def _variables_of(service: Service) -> dict[str, str]:
    name = service.metadata.name.upper().replace("-", "_")
    address, ports = service.spec.cluster_ip, service.spec.ports
    made = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0].port)}
    for port in ports:
        if port.name:
            made[f"{name}_SERVICE_PORT_{port.name.upper().replace('-', '_')}"] = str(port.port)
    bracketed = f"[{address}]" if ":" in address else address
    for number, port in enumerate(ports):
        protocol = port.protocol.lower()
        url = f"{protocol}://{bracketed}:{port.port}"
        if number == 0:
            made[f"{name}_PORT"] = url
        start = f"{name}_PORT_{port.port}_{port.protocol.upper()}"
        made |= {start: url, f"{start}_PROTO": protocol, f"{start}_PORT": str(port.port), f"{start}_ADDR": address}
    return made
