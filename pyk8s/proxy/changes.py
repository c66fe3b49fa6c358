"""What has happened to Services and EndpointSlices since somebody last asked, as the keys of the services it concerns.

Handlers of informers put in, the sync loop takes out: everything that is pending at once.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

from pyk8s.observe import logs
from pyk8s.proxy.objects import EndpointSlice, Service
from pyk8s.proxy.objects import owner as owner_key
from pyk8s.proxy.plan import Intent, Key, plan_service

log = logs.get("proxy")

TRIGGERED = "endpoints.kubernetes.io/last-change-trigger-time"
"""The annotation of a slice that says when what it follows has changed."""

TRIGGERS = 10_000
"""So many changes are remembered by when they began: where nobody takes them, there is an end to it."""

PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass(slots=True)
class Changes:
    """The latest Services and slices by service, and which services changed. `node` and `zone` are this node's;
    `triggers` are when what is pending began, in seconds since 1970, as far as slices say so."""

    node: str
    family: int = 4
    zone: str = ""
    services: dict[Key, Service] = field(default_factory=dict)
    slices: dict[Key, dict[str, EndpointSlice]] = field(default_factory=dict)
    pending: set[Key] = field(default_factory=set)
    triggers: deque[float] = field(default_factory=lambda: deque(maxlen=TRIGGERS))

    def note_service(self, old: Service | None, new: Service | None) -> None:
        """A Service was added (`old` is None), changed, or removed (`new` is None)."""
        key = _key(old or new)
        if new is None:
            self.services.pop(key, None)
        else:
            self.services[key] = new
        self.pending.add(key)

    def note_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        """A slice was added, changed, removed, or given to another service."""
        if old is not None and (owner := owner_key(old)):
            held = self.slices.get(owner, {})
            held.pop(old.metadata.name, None)
            if not held:
                self.slices.pop(owner, None)
            self.pending.add(owner)
        if new is not None and (owner := owner_key(new)):
            self.slices.setdefault(owner, {})[new.metadata.name] = new
            self.pending.add(owner)
            begun = _triggered(new)
            if begun is not None and new.address_type == f"IPv{self.family}" and (not old or begun != _triggered(old)):
                self.triggers.append(begun)

    def move(self, zone: str) -> None:
        """This node is in another zone now: other endpoints may be meant for it."""
        if zone != self.zone:
            self.zone = zone
            self.pending |= self.services.keys()

    def take(self) -> dict[Key, tuple[Intent, ...]]:
        """What the services that changed mean now, () for one that is gone; nothing is pending afterwards.

        One that makes no sense is told of and left out: it goes on meaning what it did, and keeps nobody else's rules
        from being written.
        """
        changed, self.pending = self.pending, set()
        found = {}
        for key in sorted(changed):
            try:
                found[key] = self.view(key)
            except ValueError as why:
                log.error("a service's rules stay as they were: it makes no sense", service=key, why=why)
        return found

    def view(self, key: Key) -> tuple[Intent, ...]:
        """What the service `key` means now. Raises ValueError, with the field, when no rules can be made of it."""
        service = self.services.get(key)
        if service is None:
            return ()
        slices = self.slices.get(key, {}).values()
        intents = plan_service(service, slices, self.node, zone=self.zone, family=self.family)
        for intent in intents:
            _prove(intent, self.family)
        return intents


def _key(service: Service | None) -> Key:
    return f"{service.metadata.namespace}/{service.metadata.name}" if service is not None else ""


def _triggered(each: EndpointSlice) -> float | None:
    try:
        told = datetime.fromisoformat(each.metadata.annotations[TRIGGERED])
    except (KeyError, ValueError):
        return None
    return told.timestamp() if told.tzinfo is not None else None


def _prove(intent: Intent, family: int) -> None:
    """Raise ValueError for what no packet can bear: objects from files, or past the API's checks, may say anything."""
    if intent.protocol not in PROTOCOLS:
        raise ValueError(f"spec.ports[].protocol: {intent.protocol!r} is none of {', '.join(PROTOCOLS)}")
    _prove_ports((intent.port,), "spec.ports[].port")
    _prove_ports((intent.node_port or 1,), "spec.ports[].nodePort")
    _prove_addresses((intent.cluster_ip,), family, "spec.clusterIPs")
    _prove_addresses(intent.external_ips, family, "spec.externalIPs")
    _prove_addresses(intent.load_balancer_ips, family, "status.loadBalancer.ingress[].ip")
    for each in intent.source_ranges:
        try:
            ip_network(each, strict=False)
        except ValueError as why:
            raise ValueError(f"spec.loadBalancerSourceRanges: {why}") from None
    for pool in {id(each): each for each in (intent.inside, intent.outside, intent.everyone)}.values():
        _prove_addresses((each.address for each in pool.endpoints), family, "endpoints[].addresses")
        _prove_ports((each.port for each in pool.endpoints), "the endpoints' ports[].port")


def _prove_addresses(addresses: Iterable[str], family: int, field: str) -> None:
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    for each in addresses:
        try:
            socket.inet_pton(kind, each)
        except (OSError, ValueError):
            raise ValueError(f"{field}: {each!r} is no IPv{family} address") from None


def _prove_ports(ports: Iterable[int], field: str) -> None:
    for each in ports:
        if not 0 < each < 65536:
            raise ValueError(f"{field}: {each} is no port")
