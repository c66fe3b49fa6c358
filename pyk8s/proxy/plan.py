"""Which packet goes where: what Services and EndpointSlices mean for the packets of one node, whatever carries it out.

Pure. Source: Kubernetes, "Virtual IPs and Service Proxies"; KEP-1669 (terminating endpoints), KEP-2086 (internal
traffic policy).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pyk8s.proxy.objects import PROXY_NAME, EndpointSlice, Service, ServicePort

Key: TypeAlias = str
"""A service's namespace and name: "shop/web"."""


class Otherwise(StrEnum):
    """What becomes of a packet when there is nobody to send it to."""

    REJECT = "reject"
    DROP = "drop"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a packet can go; `local` when it is on this node."""

    address: str
    port: int
    local: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """Endpoints that one is chosen from at random; `otherwise` is the fate when there are none."""

    endpoints: tuple[Endpoint, ...] = ()
    otherwise: Otherwise = Otherwise.REJECT


@dataclass(frozen=True, slots=True)
class Intent:
    """What packets to one port of one service meet on this node.

    From inside, to `cluster_ip`:`port`, they go to `inside`. From outside, to `port` of an external or load balancer
    address or to `node_port` of the node, they go to `outside`; when `keeps_source` they keep their source address, and
    packets that come from the cluster itself go to `everyone` all the same. `affinity` in seconds, 0 is none.
    """

    service: Key
    name: str
    protocol: str
    cluster_ip: str
    port: int
    node_port: int = 0
    external_ips: tuple[str, ...] = ()
    load_balancer_ips: tuple[str, ...] = ()
    source_ranges: tuple[str, ...] = ()
    affinity: int = 0
    keeps_source: bool = False
    inside: Pool = Pool()
    outside: Pool = Pool()
    everyone: Pool = Pool()

    @property
    def id(self) -> str:
        """The service's key with the port's name, as kube-proxy writes it: "shop/web:http"."""
        return f"{self.service}:{self.name}" if self.name else self.service

    @property
    def faces_outside(self) -> bool:
        """Whether anything outside the cluster IP leads here."""
        return bool(self.node_port or self.external_ips or self.load_balancer_ips)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules of one address family depend on beside the services.

    `cluster_ranges` are the pods' (without one, nothing is known to be inside); `node_port_ranges` where node ports
    answer (none: at every address of the node), `node_ports_on` those of the node's addresses that are in them;
    `node_addresses` are all addresses of this node. `masquerade_all` replaces the source of everything that goes to a
    cluster IP. `mark` is the bit of a packet's mark that asks for its source to be replaced. `scheduler` and
    `strict_arp` are for ipvs alone.
    """

    family: int = 4
    cluster_ranges: tuple[str, ...] = ()
    node_port_ranges: tuple[str, ...] = ()
    node_ports_on: tuple[str, ...] = ()
    node_addresses: tuple[str, ...] = ()
    masquerade_all: bool = False
    scheduler: str = "rr"
    strict_arp: bool = False
    mark: int = 0x4000

    def one(self, address: str) -> str:
        """The range that holds `address` alone."""
        return f"{address}/{32 if self.family == 4 else 128}"


DEFAULT_AFFINITY_SECONDS = 10800
"""Three hours: the default of sessionAffinityConfig.clientIP.timeoutSeconds."""


def plan_service(
    service: Service, slices: Iterable[EndpointSlice], node: str, *, family: int = 4
) -> tuple[Intent, ...]:
    """What each port of `service` means on the node named `node`; () for a service that needs no proxy.

    `slices` are all of the service's; only those of the address `family` count.
    """
    cluster_ip = next(_of_family(service.spec.cluster_ips or [service.spec.cluster_ip], family), "")
    if not cluster_ip or service.spec.type == "ExternalName" or PROXY_NAME in service.metadata.labels:
        return ()
    held = [each for each in slices if each.address_type == f"IPv{family}"]
    return tuple(_plan_port(service, port, held, node, cluster_ip, family) for port in service.spec.ports)


def _plan_port(
    service: Service, port: ServicePort, slices: Sequence[EndpointSlice], node: str, cluster_ip: str, family: int
) -> Intent:
    spec = service.spec
    found = tuple(_candidates(slices, port, node))
    everyone = Pool(choose(found))
    local = choose(tuple(each for each in found if each.endpoint.local))
    internal_local = spec.internal_traffic_policy == "Local"
    external_local = spec.external_traffic_policy == "Local" and spec.type in ("NodePort", "LoadBalancer")
    elsewhere = Otherwise.DROP if everyone.endpoints else Otherwise.REJECT
    only_local = Pool(local, elsewhere)
    balancers = tuple(each.ip for each in service.status.load_balancer.ingress if each.ip_mode != "Proxy")
    return Intent(
        service=f"{service.metadata.namespace}/{service.metadata.name}",
        name=port.name,
        protocol=port.protocol.lower(),
        cluster_ip=cluster_ip,
        port=port.port,
        node_port=port.node_port if spec.type in ("NodePort", "LoadBalancer") else 0,
        external_ips=tuple(_of_family(spec.external_ips, family)),
        load_balancer_ips=tuple(_of_family(balancers, family)) if spec.type == "LoadBalancer" else (),
        source_ranges=tuple(_of_family(spec.load_balancer_source_ranges, family)),
        affinity=_affinity(service),
        keeps_source=external_local,
        inside=only_local if internal_local else everyone,
        outside=only_local if external_local else everyone,
        everyone=everyone,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint and whether it may be chosen: at once, or when no other is left."""

    endpoint: Endpoint
    ready: bool
    last_resort: bool


def choose(candidates: Iterable[Candidate]) -> tuple[Endpoint, ...]:
    """The endpoints to use: the ready ones; when there are none, those that still serve while they terminate."""
    held = tuple(candidates)
    ready = {each.endpoint for each in held if each.ready}
    return tuple(sorted(ready or {each.endpoint for each in held if each.last_resort}))


def _candidates(slices: Iterable[EndpointSlice], port: ServicePort, node: str) -> Iterator[Candidate]:
    for each in slices:
        for served in each.ports or ():
            if (served.name or "") != port.name or (served.protocol or "TCP") != port.protocol or not served.port:
                continue
            for endpoint in each.endpoints or ():
                conditions = endpoint.conditions
                ready = conditions.ready is not False
                serving = ready if conditions.serving is None else conditions.serving
                place = Endpoint(endpoint.addresses[0], served.port, bool(node) and endpoint.node_name == node)
                yield Candidate(place, ready, serving and conditions.terminating is True)


def _affinity(service: Service) -> int:
    if service.spec.session_affinity != "ClientIP":
        return 0
    config = service.spec.session_affinity_config
    seconds = config.client_ip.timeout_seconds if config is not None else None
    return seconds or DEFAULT_AFFINITY_SECONDS


def _of_family(texts: Iterable[str], family: int) -> Iterator[str]:
    return (text for text in texts if text and text != "None" and (":" in text) == (family == 6))
