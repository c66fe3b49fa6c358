"""Which pods stand behind a service, and on which ports: shared by those who write endpoints."""

from __future__ import annotations

from collections.abc import Iterable

from pyk8s.client.informer import Informer
from pyk8s.reconcile.objects import EndpointPort, Pod, Service, ServicePort

SELECTION = "selection"
"""The index of services and pods that brings them together: `namespace/label=value`."""


def by_labels(pod: Pod) -> Iterable[str]:
    """Where the index `SELECTION` files a pod: under each of its labels."""
    space = pod.metadata.namespace
    return [f"{space}/{key}={value}" for key, value in pod.metadata.labels.items()]


def by_selector(service: Service) -> Iterable[str]:
    """Where the index `SELECTION` files a service: under one label that it selects by; nowhere without a selector."""
    pair = min(service.spec.selector.items(), default=None)
    return (f"{service.metadata.namespace}/{pair[0]}={pair[1]}",) if pair else ()


def pods_of(service: Service, pods: Informer) -> list[Pod]:
    """The pods that the service selects; none when it has no selector."""
    wanted = service.spec.selector.items()
    candidates = (pod for value in by_selector(service) for pod in pods.by_index(SELECTION, value))
    return [pod for pod in candidates if wanted <= pod.metadata.labels.items()]


def services_of(pod: Pod, services: Informer) -> list[Service]:
    """The services that select the pod."""
    have = pod.metadata.labels.items()
    candidates = (service for value in by_labels(pod) for service in services.by_index(SELECTION, value))
    return [service for service in candidates if service.spec.selector.items() <= have]


def same_endpoint(old: Pod, new: Pod) -> bool:
    """Whether a change of a pod leaves everything as it was that endpoints are made of."""
    return (
        old.is_ready == new.is_ready
        and old.is_terminal == new.is_terminal
        and old.metadata.deleting == new.metadata.deleting
        and old.status.pod_ips == new.status.pod_ips
        and old.status.pod_ip == new.status.pod_ip
        and old.spec.node_name == new.spec.node_name
        and old.metadata.labels == new.metadata.labels
    )


def woken(old: Pod | None, new: Pod | None, services: Informer) -> Iterable[str]:
    """The keys of the services whose endpoints a change of a pod may touch."""
    if old is not None and new is not None and same_endpoint(old, new):
        return ()
    touched: dict[str, None] = {}
    for pod in (old, new):
        if pod is not None:
            for service in services_of(pod, services):
                touched[f"{service.metadata.namespace}/{service.metadata.name}"] = None
    return touched


def addresses(pod: Pod) -> list[str]:
    """The pod's addresses, one of each family."""
    if pod.status.pod_ips:
        return [one.ip for one in pod.status.pod_ips if one.ip]
    return [pod.status.pod_ip] if pod.status.pod_ip else []


def can_be_endpoint(pod: Pod) -> bool:
    """Whether the pod may stand in endpoints at all: it has an address and has not ended."""
    return not pod.is_terminal and bool(addresses(pod))


def ports_of(service: Service, pod: Pod) -> tuple[EndpointPort, ...]:
    """The service's ports as this pod has them, sorted by name, without those it does not name."""
    found = []
    for port in service.spec.ports:
        number = _target(port, pod)
        if number is not None:
            found.append(EndpointPort(port.name, port.protocol, number, port.app_protocol))
    return tuple(sorted(found, key=lambda one: (one.name or "", one.protocol or "", one.port or 0)))


def _target(port: ServicePort, pod: Pod) -> int | None:
    target = port.target_port
    if isinstance(target, int):
        return target or port.port
    if not target:
        return port.port
    sidecars = [one for one in pod.spec.init_containers if one.restart_policy == "Always"]
    for container in (*pod.spec.containers, *sidecars):
        for one in container.ports:
            if one.name == target and one.protocol == port.protocol:
                return one.container_port
    return None


def family(address: str) -> str:
    """IPv4 or IPv6."""
    return "IPv6" if ":" in address else "IPv4"


def families(service: Service) -> tuple[str, ...]:
    """The address families of a service; IPv4 where nothing says otherwise."""
    if service.spec.ip_families:
        return service.spec.ip_families
    ip = service.spec.cluster_ip
    return (family(ip),) if ip and ip != "None" else ("IPv4",)


def hostname(pod: Pod, service: Service) -> str:
    """The name under which a headless service knows the pod; "" when it has none there."""
    return pod.spec.hostname if pod.spec.subdomain == service.metadata.name else ""
