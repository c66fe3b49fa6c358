"""Which packet goes where: what Services and EndpointSlices mean for the packets of one node, whatever carries it out.

Pure. Source: Kubernetes, "Virtual IPs and Service Proxies"; KEP-1669 (terminating endpoints), KEP-2086 (internal
traffic policy), KEP-2433 and KEP-3015 (topology hints).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from operator import attrgetter
from typing import TypeAlias

from pyk8s.proxy.objects import HEADLESS, PROXY_NAME, EndpointSlice, Hints, Service, ServicePort

Key: TypeAlias = str
"""A service's namespace and name: "shop/web"."""


class Otherwise(StrEnum):
    """What becomes of a packet when there is nobody to send it to."""

    REJECT = "reject"
    DROP = "drop"


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a packet can go; `local` when it is on this node, not `placed` when nobody says on which it is."""

    address: str
    port: int
    local: bool = False
    placed: bool = True


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
    cluster IP. `mark` is the bit of a packet's mark that asks for its source to be replaced. `service_ranges` are those
    of cluster IPs. `localhost` lets node ports answer at 127.0.0.1, for iptables alone; `scheduler`,
    `strict_arp`, `excluded` (ranges whose virtual servers are somebody else's) and `timeouts` (seconds that an idle TCP
    connection, a closing one and a UDP one are kept; 0 leaves what is) are for ipvs alone.
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
    service_ranges: tuple[str, ...] = ()
    localhost: bool = True
    excluded: tuple[str, ...] = ()
    timeouts: tuple[int, int, int] = (0, 0, 0)

    def one(self, address: str) -> str:
        """The range that holds `address` alone."""
        return f"{address}/{32 if self.family == 4 else 128}"


DEFAULT_AFFINITY_SECONDS = 10800
"""Three hours: the default of sessionAffinityConfig.clientIP.timeoutSeconds."""


def plan_service(
    service: Service, slices: Iterable[EndpointSlice], node: str, *, zone: str = "", family: int = 4
) -> tuple[Intent, ...]:
    """What each port of `service` means on the node named `node` in `zone`; () for a service that needs no proxy.

    `slices` are all of the service's, whoever made them; only those of the address `family` count. Raises ValueError
    for a source range that is none.
    """
    cluster_ip = next(_of_family(service.spec.cluster_ips or [service.spec.cluster_ip], family), "")
    if not cluster_ip or service.spec.type == "ExternalName" or PROXY_NAME in service.metadata.labels:
        return ()
    held = [each for each in slices if each.address_type == f"IPv{family}" and HEADLESS not in each.metadata.labels]
    return tuple(_plan_port(service, port, held, Here(node, zone), cluster_ip, family) for port in service.spec.ports)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may ask at the addresses of a load balancer: `ranges` and the addresses `own`; without a range, everybody."""

    ranges: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        """Whether anybody is kept out."""
        return bool(self.ranges)

    def admits(self, source: str) -> bool:
        """Whether a packet from the address `source` gets through."""
        return not self.closed or source in self.own or within(source, self.ranges)


def admit(intent: Intent, settings: Settings) -> Admission:
    """Who may ask at the load balancer addresses of `intent`. A node that holds such an address itself asks from it: it
    is let in where the node is."""
    ranges = intent.source_ranges
    here = any(within(address, ranges) for address in settings.node_addresses)
    return Admission(ranges, intent.load_balancer_ips if here else ())


def canonical(ranges: Iterable[str]) -> tuple[str, ...]:
    """`ranges` as the kernel tells them, without bits beyond their length, each once. Raises ValueError for what is
    none."""
    return tuple(dict.fromkeys(str(ip_network(each, strict=False)) for each in ranges))


def within(address: str, ranges: Iterable[str]) -> bool:
    """Whether `address` is in one of `ranges`."""
    return any(ip_address(address) in ip_network(each) for each in ranges)


@dataclass(frozen=True, slots=True)
class Here:
    """This node's name and zone."""

    node: str
    zone: str = ""


def count_local(service: Service, slices: Iterable[EndpointSlice], node: str) -> int:
    """How many ready endpoints, by address and whatever their family and port, `service` has on `node`: what a load
    balancer asks at the service's health check port."""
    found = {
        candidate.endpoint.address
        for port in service.spec.ports
        for candidate in _candidates(slices, port, Here(node))
        if candidate.ready and candidate.endpoint.local
    }
    return len(found)


def _plan_port(
    service: Service, port: ServicePort, slices: Sequence[EndpointSlice], here: Here, cluster_ip: str, family: int
) -> Intent:
    spec = service.spec
    found = tuple(_candidates(slices, port, here))
    everyone = Pool(choose(near(found)))
    internal_local = spec.internal_traffic_policy == "Local"
    faces_outside = spec.type in ("NodePort", "LoadBalancer") or bool(spec.external_ips)
    external_local = spec.external_traffic_policy == "Local" and faces_outside
    elsewhere = Otherwise.DROP if everyone.endpoints else Otherwise.REJECT
    only_local = everyone
    if internal_local or external_local:
        only_local = Pool(choose(each for each in found if each.endpoint.local), elsewhere)
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
        source_ranges=canonical(_of_family(map(str.strip, spec.load_balancer_source_ranges), family)),
        affinity=_affinity(service),
        keeps_source=external_local,
        inside=only_local if internal_local else everyone,
        outside=only_local if external_local else everyone,
        everyone=everyone,
    )


@dataclass(slots=True)
class Candidate:
    """An endpoint and whether it may be chosen: at once, or when no other is left. What its hints say of this node:
    None when there is no such hint, else whether they mean it."""

    endpoint: Endpoint
    ready: bool
    last_resort: bool
    for_node: bool | None = None
    for_zone: bool | None = None


def choose(candidates: Iterable[Candidate]) -> tuple[Endpoint, ...]:
    """The endpoints to use: the ready ones; when there are none, those that still serve while they terminate."""
    held = tuple(candidates)
    found = [each.endpoint for each in held if each.ready] or [each.endpoint for each in held if each.last_resort]
    found.sort(key=_PLACE)
    return tuple(found)


_PLACE = attrgetter("address", "port")


def near(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those of `candidates` that are meant for this node, or else for its zone: only when every ready one has such a
    hint, and one at least means us. Otherwise all."""
    ready = [each for each in candidates if each.ready]
    if all(each.for_node is each.for_zone is None for each in ready):
        return candidates
    for hints in ([each.for_node for each in ready], [each.for_zone for each in ready]):
        if None not in hints and True in hints:
            return [each for each, hinted in zip(ready, hints, strict=True) if hinted]
    return candidates


NO_HINTS = Hints()


def _candidates(slices: Iterable[EndpointSlice], port: ServicePort, here: Here) -> Iterator[Candidate]:
    """The endpoints of `port`, each once: slices of several controllers may overlap; the one on this node wins."""
    found: dict[tuple[str, int], Candidate] = {}
    for each in sorted(slices, key=lambda each: each.metadata.name):
        for number in _numbers(each, port):
            for endpoint in each.endpoints or ():
                if not endpoint.addresses:
                    continue
                conditions, hints = endpoint.conditions, endpoint.hints or NO_HINTS
                ready = conditions.ready is not False
                serving = ready if conditions.serving is None else conditions.serving
                local = bool(here.node) and endpoint.node_name == here.node
                place = Endpoint(endpoint.addresses[0], number, local, bool(endpoint.node_name))
                by_node = here.node in {named.name for named in hints.for_nodes} if hints.for_nodes else None
                by_zone = here.zone in {named.name for named in hints.for_zones} if hints.for_zones else None
                last = serving and conditions.terminating is True
                key = place.address, number
                if key not in found or (place.local and not found[key].endpoint.local):
                    found[key] = Candidate(place, ready, last, by_node, by_zone)
    return iter(found.values())


def _numbers(each: EndpointSlice, port: ServicePort) -> Iterator[int]:
    """The numbers that `each` has for the service's `port`: found by name and protocol."""
    for served in each.ports or ():
        if (served.name or "") == port.name and (served.protocol or "TCP") == port.protocol and served.port:
            yield served.port


def _affinity(service: Service) -> int:
    if service.spec.session_affinity != "ClientIP":
        return 0
    config = service.spec.session_affinity_config
    seconds = config.client_ip.timeout_seconds if config is not None else None
    return seconds or DEFAULT_AFFINITY_SECONDS


def _of_family(texts: Iterable[str], family: int) -> Iterator[str]:
    return (text for text in texts if text and text != "None" and (":" in text) == (family == 6))
