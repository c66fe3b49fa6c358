"""What one service port needs of the kernel: virtual servers, members of sets, addresses on `kube-ipvs0`. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Any, TypeAlias

from pyk8s.kernel.ipset.values import Member, member
from pyk8s.kernel.ipvs.values import PORTS_COUNT, Entry, Front, Key, Marked, Place, Real, Server
from pyk8s.proxy.ipvs import sets
from pyk8s.proxy.plan import Intent, Otherwise, Pool, Settings, admit

Membership: TypeAlias = tuple[str, Member]
"""A set, by its IPv4 name, and a member of it."""


Need: TypeAlias = Key | Membership | str
"""A virtual server, a member of a set, or an address of `kube-ipvs0`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One service port: what it needs, and how: a virtual server's entry, a member's mark, True of an address."""

    needs: dict[Need, Any] = field(default_factory=dict)

    @property
    def servers(self) -> dict[Key, Entry]:
        """The virtual servers."""
        return {need: how for need, how in self.needs.items() if isinstance(need, Front | Marked)}

    @property
    def members(self) -> dict[Membership, int]:
        """The members of sets with their marks."""
        return {need: how for need, how in self.needs.items() if isinstance(need, tuple)}

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses."""
        return frozenset(need for need in self.needs if isinstance(need, str))


def plan_piece(intent: Intent, settings: Settings) -> Piece:
    """What one service port needs."""
    fronts = tuple(_fronts(intent, settings))
    needs: dict[Need, Any] = {intent.cluster_ip: True}
    for address in (*intent.external_ips, *intent.load_balancer_ips):
        needs[address] = True
    needs.update(_servers(intent, fronts, settings))
    for name, each in _members_of_fronts(intent):
        needs[name, each] = 0
    for members in (_members_of_nobody(intent, fronts), _members_of_endpoints(intent)):
        for membership in members:
            needs[membership] = 0
    if intent.faces_outside:
        for members in (_members_of_balancers(intent, settings), _members_of_node_ports(intent, settings)):
            for membership in members:
                needs[membership] = 0
        needs.update(_short_cuts(intent, fronts, settings))
    return Piece(needs)


def node_addresses(settings: Settings) -> tuple[str, ...]:
    """The addresses of this node that node ports answer at. IPVS cannot serve loopback: its packets never leave."""
    ranges = [ip_network(each) for each in settings.node_port_ranges]
    found = settings.node_ports_on or tuple(
        each for each in settings.node_addresses if not ranges or any(ip_address(each) in wanted for wanted in ranges)
    )
    return tuple(sorted(each for each in found if not ip_address(each).is_loopback))


def short_cut_mark(intent: Intent, settings: Settings) -> int:
    """The mark of packets that take the short cut to all endpoints of `intent`; never with the bit `settings.mark`.

    Node ports are one of a kind in a cluster, and so are marks made of them. A load balancer without node ports has one
    of 2**28 others.
    """
    protocol = ("tcp", "udp", "sctp").index(intent.protocol) + 1
    number = protocol << 16 | intent.node_port
    if not intent.node_port:
        digest = sha256(f"{intent.id} {intent.protocol}".encode()).digest()
        number = 1 << 29 | int.from_bytes(digest[:4], "big") >> 4
    below = settings.mark - 1
    return number & below | (number & ~below) << 1


def _fronts(intent: Intent, settings: Settings) -> Iterator[Front]:
    yield Front(intent.protocol, intent.cluster_ip, intent.port)
    for address in (*intent.external_ips, *intent.load_balancer_ips):
        yield Front(intent.protocol, address, intent.port)
    if intent.node_port:
        for address in node_addresses(settings):
            yield Front(intent.protocol, address, intent.node_port)


def _servers(intent: Intent, fronts: tuple[Front, ...], settings: Settings) -> Iterator[tuple[Key, Entry]]:
    # By the client's port too: all connections of one client would go to one endpoint otherwise.
    flags = frozenset({PORTS_COUNT}) if settings.scheduler == "mh" else frozenset[str]()
    server = Server(settings.scheduler, intent.affinity, flags)
    for front in fronts:
        pool = intent.inside if front.address == intent.cluster_ip else intent.outside
        if pool.endpoints:
            yield front, Entry(server, _reals(pool))
    if intent.keeps_source and intent.faces_outside and intent.everyone.endpoints:
        mark = short_cut_mark(intent, settings)
        for each in (mark, mark | settings.mark):
            yield Marked(each, settings.family), Entry(server, _reals(intent.everyone))


def _reals(pool: Pool) -> dict[Place, Real]:
    return {Place(each.address, each.port): Real() for each in pool.endpoints}


def _members_of_fronts(intent: Intent) -> Iterator[Membership]:
    yield sets.CLUSTER_IP, member(intent.cluster_ip, intent.protocol, intent.port)
    outer = sets.EXTERNAL_IP_LOCAL if intent.keeps_source else sets.EXTERNAL_IP
    for address in intent.external_ips:
        yield outer, member(address, intent.protocol, intent.port)
    for address in {intent.cluster_ip, *intent.external_ips, *intent.load_balancer_ips}:
        yield sets.ADDRESSES, address


def _members_of_balancers(intent: Intent, settings: Settings) -> Iterator[Membership]:
    admitted = admit(intent, settings)
    for address in intent.load_balancer_ips:
        front = member(address, intent.protocol, intent.port)
        yield sets.BALANCER, front
        if intent.keeps_source:
            yield sets.BALANCER_LOCAL, front
        if not admitted.closed or not intent.everyone.endpoints:
            continue
        yield sets.BALANCER_FENCED, front
        for each in map(ip_network, admitted.ranges):
            # A set knows no range of everything, but its two halves.
            for held in each.subnets() if each.prefixlen == 0 else (each,):
                yield sets.SOURCE_RANGE, f"{front},{held}"
        for own in admitted.own:
            yield sets.SOURCE_ADDRESS, f"{front},{own}"


def _members_of_node_ports(intent: Intent, settings: Settings) -> Iterator[Membership]:
    if not intent.node_port:
        return
    names = [sets.NODE_PORTS[intent.protocol]]
    if intent.keeps_source:
        names.append(sets.NODE_PORTS_LOCAL[intent.protocol])
    for name in names:
        if intent.protocol == "sctp":
            for address in node_addresses(settings):
                yield name, member(address, intent.protocol, intent.node_port)
        else:
            yield name, str(intent.node_port)


def _members_of_nobody(intent: Intent, fronts: tuple[Front, ...]) -> Iterator[Membership]:
    for front in fronts:
        pool = intent.inside if front.address == intent.cluster_ip else intent.outside
        if not pool.endpoints:
            name = sets.NO_LOCAL_ENDPOINTS if pool.otherwise is Otherwise.DROP else sets.NO_ENDPOINTS
            yield name, member(front.address, front.protocol, front.port)


def _short_cuts(intent: Intent, fronts: tuple[Front, ...], settings: Settings) -> Iterator[tuple[Membership, int]]:
    """What packets of the cluster may take to all endpoints, each with its mark."""
    if intent.keeps_source and intent.everyone.endpoints:
        mark = short_cut_mark(intent, settings)
        for front in fronts:
            if front.address != intent.cluster_ip:
                yield (sets.SHORT_CUT, member(front.address, front.protocol, front.port)), mark


def _members_of_endpoints(intent: Intent) -> Iterator[Membership]:
    """An endpoint that reaches itself through its service must see the answer come back through the node."""
    for pool in (intent.inside, intent.outside, intent.everyone):
        for each in pool.endpoints:
            if each.local:
                yield sets.LOOP_BACK, member(each.address, intent.protocol, each.port, each.address)
