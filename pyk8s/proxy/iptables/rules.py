"""The plan as iptables rules: chains by kube-proxy's names, so that whoever knows those finds the way. Pure.

Where in the kernel, and why: a destination must be replaced before routing, so services are looked up in nat
PREROUTING (packets that arrive) and nat OUTPUT (packets made here); both run once a connection, which pins a client to
its endpoint for as long as the connection lives. A source is replaced last, in nat POSTROUTING, for packets that bear
the mark. Packets to nobody are refused in the filter table, as nat cannot refuse.
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from pyk8s.kernel.iptables.values import (
    DROP,
    RETURN,
    Chance,
    Destination,
    DestinationLocal,
    DestinationPort,
    Dnat,
    Jump,
    Match,
    Protocol,
    Reject,
    Remember,
    Rule,
    SeenWithin,
    Source,
    SourceLocal,
    Target,
)
from pyk8s.proxy.packet import place
from pyk8s.proxy.plan import Endpoint, Intent, Otherwise, Pool, Settings, admit

SERVICES, NODE_PORTS, EXTERNAL = "KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-EXTERNAL-SERVICES"
MARK_MASQ, POSTROUTING, FORWARD = "KUBE-MARK-MASQ", "KUBE-POSTROUTING", "KUBE-FORWARD"
MARK_FOREIGN = "KUBE-MARK-FOREIGN"
FIREWALL, PROXY_FIREWALL = "KUBE-FIREWALL", "KUBE-PROXY-FIREWALL"

OWN_PREFIXES = ("KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-")
"""Chains that belong to one service; whatever bears such a name and is not wanted is stale."""

LOOPBACK = {4: "127.0.0.0/8", 6: "::1/128"}

Chains: TypeAlias = dict[str, tuple[Rule, ...]]


@dataclass(slots=True)
class Piece:
    """The rules of one service port: whole `chains` of the nat table, and its rules in the chains shared by all."""

    chains: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    services: tuple[Rule, ...] = ()
    node_ports: tuple[Rule, ...] = ()
    refused: tuple[Rule, ...] = ()
    refused_outside: tuple[Rule, ...] = ()
    fenced: tuple[Rule, ...] = ()


def chain_name(prefix: str, *parts: str) -> str:
    """`prefix` and 16 letters that follow from `parts`: chain names have at most 28 characters."""
    return prefix + b32encode(sha256("".join(parts).encode()).digest()[:10]).decode()


def plan_piece(intent: Intent, settings: Settings) -> Piece:
    """The rules of one service port."""
    names = Names.of(intent)
    chains: Chains = {}
    inside = intent.inside == intent.everyone
    if intent.everyone.endpoints or inside:
        if inside or intent.faces_outside:
            chains[names.cluster] = _choosing(intent, intent.everyone, names.cluster, names, settings)
        local = next((pool for pool in (intent.inside, intent.outside) if pool != intent.everyone), None)
        if local is not None and local.endpoints:
            chains[names.local] = _choosing(intent, local, names.local, names, settings)
        for endpoint in _apart(intent, chains, names):
            chains[names.endpoint(endpoint)] = _sending(intent, endpoint, names, settings)
    if intent.everyone.endpoints and intent.faces_outside:
        chains[names.external] = _from_outside(intent, names, settings)
        if intent.source_ranges and intent.load_balancer_ips:
            chains[names.firewall] = _from_ranges(intent, names, settings)
    inside_refused, outside_refused = _refused(intent, settings)
    return Piece(
        chains,
        services=tuple(_entries(intent, names, settings)),
        node_ports=tuple(_node_port_entries(intent, names)),
        refused=inside_refused,
        refused_outside=outside_refused,
        fenced=tuple(_fenced(intent, settings)),
    )


@dataclass(slots=True)
class Names:
    """The chains of one service port."""

    id: str
    protocol: str
    cluster: str
    local: str
    external: str
    firewall: str

    @classmethod
    def of(cls, intent: Intent) -> Names:
        """The names that follow from the port's id and protocol."""
        stem = chain_name("", intent.id, intent.protocol)
        chains = (prefix + stem for prefix in ("KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-"))
        return cls(intent.id, intent.protocol, *chains)

    def endpoint(self, endpoint: Endpoint) -> str:
        """The chain of one endpoint."""
        return chain_name("KUBE-SEP-", self.id, self.protocol, f"{endpoint.address}:{endpoint.port}")


def _inside_chain(intent: Intent, names: Names) -> str:
    return names.cluster if intent.inside == intent.everyone else names.local


def _apart(intent: Intent, chains: Chains, names: Names) -> Iterator[Endpoint]:
    """The endpoints that are sent to and have chains of their own."""
    # A terminating endpoint on this node can be the last resort here while others are still ready elsewhere.
    pools = [intent.everyone] if names.cluster in chains else []
    pools += [each for each in (intent.inside, intent.outside) if each is not intent.everyone]
    return (each for pool in pools for each in pool.endpoints if _is_apart(intent, each))


def _to(intent: Intent, address: str, port: int, settings: Settings) -> tuple[Match, ...]:
    return _protocol(intent.protocol), Destination(settings.one(address)), _port(intent.protocol, port)


# Values that thousands of services share: made once.
_protocol, _port, _network = cache(Protocol), cache(DestinationPort), cache(ip_network)


@cache
def _chance(left: int) -> tuple[Match, ...]:
    """What one of `left` endpoints is chosen by: the last one takes what is left."""
    return () if left == 1 else (Chance(round(1 / left, 10)),)


def _entries(intent: Intent, names: Names, settings: Settings) -> Iterator[Rule]:
    if intent.inside.endpoints or intent.inside == intent.everyone:
        # Also without an endpoint: that one comes must change a chain of its own only, not the one of all services.
        target = Jump(_inside_chain(intent, names))
        yield Rule(_to(intent, intent.cluster_ip, intent.port, settings), target, f"{intent.id} cluster IP")
    if not intent.everyone.endpoints:
        return
    for address in intent.external_ips:
        yield Rule(_to(intent, address, intent.port, settings), Jump(names.external), f"{intent.id} external IP")
    fence = names.firewall if intent.source_ranges else names.external
    for address in intent.load_balancer_ips:
        yield Rule(_to(intent, address, intent.port, settings), Jump(fence), f"{intent.id} loadbalancer IP")


def _node_port_entries(intent: Intent, names: Names) -> Iterator[Rule]:
    if intent.node_port and intent.everyone.endpoints:
        matches = Protocol(intent.protocol), DestinationPort(intent.protocol, intent.node_port)
        yield Rule(matches, Jump(names.external), intent.id)


def _choosing(intent: Intent, pool: Pool, chain: str, names: Names, settings: Settings) -> tuple[Rule, ...]:
    """Choose an endpoint: the one this client was sent to before, else one at random, all with equal chance."""
    rules: list[Rule] = []
    if chain == _inside_chain(intent, names) and not _is_ranged(intent.cluster_ip, settings):
        to_service = _to(intent, intent.cluster_ip, intent.port, settings)
        rules += masquerade(to_service, intent.id, settings)
    if intent.affinity:
        for endpoint in pool.endpoints:
            name = names.endpoint(endpoint)
            rules.append(Rule((SeenWithin(name, intent.affinity),), Jump(name)))
    for number, endpoint in enumerate(pool.endpoints):
        # Of those that are left when this rule is reached, each has the same chance.
        chance = _chance(len(pool.endpoints) - number)
        if _is_apart(intent, endpoint):
            rules.append(Rule(chance, Jump(names.endpoint(endpoint))))
        else:
            rules.append(Rule((_protocol(intent.protocol), *chance), Dnat(place(endpoint.address, endpoint.port))))
    return tuple(rules)


def _is_apart(intent: Intent, endpoint: Endpoint) -> bool:
    """Whether an endpoint has a chain of its own: only where more is to be done than to send, as the kernel walks all
    chains whenever a rule changes. To be sent to itself (and masqueraded for that) it must be on this node, or keep its
    address on the way through this one."""
    return endpoint.local or not endpoint.placed or intent.keeps_source or bool(intent.affinity)


def masquerade(to: tuple[Match, ...], comment: str, settings: Settings) -> Iterator[Rule]:
    """Mark what goes `to` cluster IPs of those who do not keep their source address."""
    if settings.masquerade_all:
        yield Rule(to, Jump(MARK_MASQ), comment)
    elif len(settings.cluster_ranges) == 1:
        yield Rule((Source(settings.cluster_ranges[0], negated=True), *to), Jump(MARK_MASQ), comment)
    elif settings.cluster_ranges:
        yield Rule(to, Jump(MARK_FOREIGN), comment)


def mark_foreign(settings: Settings) -> tuple[Rule, ...]:
    """The chain that marks who is in none of several ranges of pods: one rule cannot say that. Else it is empty."""
    if settings.masquerade_all or len(settings.cluster_ranges) < 2:
        return ()
    return (*(Rule((Source(each),), RETURN, "pods") for each in settings.cluster_ranges), Rule((), Jump(MARK_MASQ)))


def _is_ranged(address: str, settings: Settings) -> bool:
    """Whether one rule for all services speaks for the cluster IP `address`."""
    held = ip_address(address) if settings.service_ranges else None
    return any(held in _network(each) for each in settings.service_ranges)


def _sending(intent: Intent, endpoint: Endpoint, names: Names, settings: Settings) -> tuple[Rule, ...]:
    """Send to one endpoint. One that reaches itself must see the answer come back through the node: it is marked."""
    remember = (Remember(names.endpoint(endpoint)),) if intent.affinity else ()
    return (
        Rule((Source(settings.one(endpoint.address)),), Jump(MARK_MASQ)),
        Rule((Protocol(intent.protocol), *remember), Dnat(place(endpoint.address, endpoint.port))),
    )


def _from_outside(intent: Intent, names: Names, settings: Settings) -> tuple[Rule, ...]:
    if not intent.keeps_source:
        return (
            Rule((), Jump(MARK_MASQ), f"masquerade traffic for {intent.id} external destinations"),
            Rule((), Jump(names.cluster)),
        )
    rules = [
        Rule((Source(each),), Jump(names.cluster), f"pod traffic for {intent.id} external destinations")
        for each in settings.cluster_ranges
    ]
    for target in (MARK_MASQ, names.cluster):
        rules.append(Rule((SourceLocal(),), Jump(target), f"route LOCAL traffic for {intent.id}"))
    if intent.outside.endpoints:
        rules.append(Rule((), Jump(names.local)))
    return tuple(rules)


def _from_ranges(intent: Intent, names: Names, settings: Settings) -> tuple[Rule, ...]:
    """Only the ranges that a load balancer admits go on; the others meet PROXY_FIREWALL in the filter table."""
    admitted = admit(intent, settings)
    sources = dict.fromkeys((*admitted.ranges, *map(settings.one, admitted.own)))
    return tuple(Rule((Source(each),), Jump(names.external), intent.id) for each in sources)


def _fenced(intent: Intent, settings: Settings) -> Iterator[Rule]:
    if intent.source_ranges and intent.everyone.endpoints:
        for address in intent.load_balancer_ips:
            comment = f"{intent.id} traffic not accepted by {Names.of(intent).firewall}"
            yield Rule(_to(intent, address, intent.port, settings), DROP, comment)


def _refused(intent: Intent, settings: Settings) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules of the filter table for who has no endpoint: those inside, those outside."""
    inside: list[Rule] = []
    rejected = intent.inside.otherwise is Otherwise.REJECT
    if not intent.inside.endpoints and not (rejected and _is_ranged(intent.cluster_ip, settings)):
        target, why = _fate(intent, intent.inside, settings)
        inside.append(Rule(_to(intent, intent.cluster_ip, intent.port, settings), target, f"{intent.id} {why}"))
    outside: list[Rule] = []
    if not intent.outside.endpoints:
        target, why = _fate(intent, intent.outside, settings)
        for address in (*intent.external_ips, *intent.load_balancer_ips):
            outside.append(Rule(_to(intent, address, intent.port, settings), target, f"{intent.id} {why}"))
        if intent.node_port:
            port = Protocol(intent.protocol), DestinationPort(intent.protocol, intent.node_port)
            for where in node_port_places(settings):
                outside.append(Rule((*where, *port), target, f"{intent.id} {why}"))
    return tuple(inside), tuple(outside)


def _fate(intent: Intent, pool: Pool, settings: Settings) -> tuple[Target, str]:
    if pool.otherwise is Otherwise.DROP:
        return DROP, "has no local endpoints"
    # The kernel sends a client no more than a few ICMP errors a second (icmp_ratelimit): whoever tries again and again
    # while the endpoints are not there yet would be left without an answer, and try next a second later.
    return refusal(intent.protocol, settings), "has no endpoints"


def refusal(protocol: str, settings: Settings) -> Reject:
    """What tells a client of `protocol` that nobody is there."""
    if protocol == "tcp":
        return Reject("tcp-reset")
    return Reject("icmp-port-unreachable" if settings.family == 4 else "icmp6-port-unreachable")


def node_port_places(settings: Settings) -> Iterator[tuple[Match, ...]]:
    """What a packet to a node port must fulfil beside the port: several alternatives."""
    loopback = () if settings.localhost and settings.family == 4 else (Destination(LOOPBACK[settings.family], True),)
    if not settings.node_port_ranges:
        yield (*loopback, DestinationLocal())
    for each in settings.node_port_ranges:
        if not loopback or not ip_network(each).is_loopback:
            yield Destination(each), DestinationLocal()
