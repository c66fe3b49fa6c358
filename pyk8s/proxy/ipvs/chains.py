"""The iptables rules of the mode: a fixed number, over sets; by kube-proxy's names where it has them. Pure.

Where in the kernel, and why: IPVS takes packets to this machine after filter INPUT, and packets made here right after
nat OUTPUT, before filter OUTPUT. So marks (whose source to replace, who takes the short cut) are set in nat and mangle
before either; packets to nobody are refused in filter INPUT, and in filter OUTPUT where no virtual server took them;
what the node itself must not send is dropped in mangle OUTPUT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyk8s.kernel.iptables.values import (
    ACCEPT,
    DROP,
    RETURN,
    Connection,
    DestinationLocal,
    InSet,
    Jump,
    MarkBySet,
    Marked,
    Masquerade,
    Match,
    Protocol,
    Reject,
    Rule,
    SetMark,
    Source,
    SourceLocal,
    Tables,
    Target,
)
from pyk8s.proxy.ipvs import sets
from pyk8s.proxy.plan import Settings

SERVICES, POSTROUTING, MARK_MASQ = "KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"
MARK_FOREIGN = "KUBE-MARK-FOREIGN"
NODE_PORT, BALANCER = "KUBE-NODE-PORT", "KUBE-LOAD-BALANCER"
FORWARD, FIREWALL, SOURCES = "KUBE-FORWARD", "KUBE-PROXY-FIREWALL", "KUBE-SOURCE-RANGES-FIREWALL"
FILTER, OUT_FILTER, SHORT_CUT = "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER", "KUBE-SHORT-CUT"

TABLES = ("mangle", "nat", "filter")

_NEW = Connection(("NEW",))

JUMPS: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("mangle", "PREROUTING"): (Rule((_NEW,), Jump(SHORT_CUT), "packets of the cluster to all endpoints"),),
    ("mangle", "OUTPUT"): (
        Rule((_NEW,), Jump(FIREWALL), "what this node must not send"),
        Rule((_NEW,), Jump(SHORT_CUT), "packets of the node to all endpoints"),
    ),
    ("nat", "PREROUTING"): (Rule((), Jump(SERVICES), "kubernetes service portals"),),
    ("nat", "OUTPUT"): (Rule((), Jump(SERVICES), "kubernetes service portals"),),
    ("nat", "POSTROUTING"): (Rule((), Jump(POSTROUTING), "kubernetes postrouting rules"),),
    ("filter", "INPUT"): (
        Rule((_NEW,), Jump(FIREWALL), "kubernetes load balancer firewall"),
        Rule((_NEW,), Jump(FILTER), "kubernetes ipvs access filter"),
    ),
    ("filter", "FORWARD"): (
        Rule((), Jump(FORWARD), "kubernetes forwarding rules"),
        Rule((_NEW,), Jump(FIREWALL), "kubernetes load balancer firewall"),
    ),
    ("filter", "OUTPUT"): (
        Rule((_NEW,), Jump(FIREWALL), "kubernetes load balancer firewall"),
        Rule((_NEW,), Jump(OUT_FILTER), "kubernetes ipvs access filter"),
    ),
}
"""What each built-in chain begins with."""


def plan_tables(settings: Settings) -> Tables:
    """Every chain of the mode."""
    made = _Chains(settings)
    return {
        "mangle": {
            SHORT_CUT: tuple(made.short_cut(MarkBySet(made.name(sets.SHORT_CUT)))),
            FIREWALL: (
                *made.fence(),
                Rule((made.to(sets.SHORT_CUT),), RETURN),
                Rule((made.to(sets.NO_LOCAL_ENDPOINTS),), DROP, "no local endpoints"),
            ),
            SOURCES: tuple(made.sources()),
        },
        "nat": {
            SERVICES: tuple(made.services()),
            BALANCER: tuple(made.balancer()),
            NODE_PORT: tuple(made.node_port()),
            MARK_MASQ: (Rule((), SetMark(settings.mark, settings.mark)),),
            MARK_FOREIGN: tuple(made.foreign()),
            POSTROUTING: tuple(made.postrouting()),
        },
        "filter": {
            FIREWALL: tuple(made.fence()),
            SOURCES: tuple(made.sources()),
            FORWARD: tuple(made.forward()),
            FILTER: (*made.short_cut(RETURN), *made.refused()),
            OUT_FILTER: tuple(made.refused()),
        },
    }


def chain_names(tables: Tables) -> frozenset[tuple[str, str]]:
    """Each table and chain of `tables`."""
    return frozenset((table, chain) for table, chains in tables.items() for chain in chains)


@dataclass(frozen=True, slots=True)
class _Chains:
    settings: Settings

    def name(self, held: str) -> str:
        return sets.name_in(self.settings.family, held)

    def to(self, held: str, directions: str = "dst,dst") -> InSet:
        return InSet(self.name(held), directions)

    def fence(self) -> Iterator[Rule]:
        yield Rule((self.to(sets.BALANCER_FENCED),), Jump(SOURCES), "load balancers with source ranges")

    def sources(self) -> Iterator[Rule]:
        yield Rule((self.to(sets.SOURCE_RANGE, "dst,dst,src"),), RETURN)
        yield Rule((self.to(sets.SOURCE_ADDRESS, "dst,dst,src"),), RETURN)
        yield Rule((), DROP, "from no range of the load balancer")

    def short_cut(self, target: Target) -> Iterator[Rule]:
        """Packets of pods and of the node itself to services that keep the source of those outside."""
        insiders: list[Match] = [Source(each) for each in self.settings.cluster_ranges]
        for each in (*insiders, SourceLocal()):
            yield Rule((each, self.to(sets.SHORT_CUT)), target)

    def services(self) -> Iterator[Rule]:
        own, mark = (SourceLocal(),), Jump(MARK_MASQ)
        yield Rule((self.to(sets.BALANCER),), Jump(BALANCER), "Kubernetes service lb portal")
        yield from self._of_cluster_ips()
        yield Rule((self.to(sets.EXTERNAL_IP),), mark, "Kubernetes service external ip + port")
        yield Rule((*own, self.to(sets.EXTERNAL_IP_LOCAL)), mark, "the node to external ips with local endpoints")
        yield Rule((DestinationLocal(),), Jump(NODE_PORT))
        for name in (sets.CLUSTER_IP, sets.BALANCER, sets.EXTERNAL_IP, sets.EXTERNAL_IP_LOCAL):
            yield Rule((self.to(name),), ACCEPT)

    def _of_cluster_ips(self) -> Iterator[Rule]:
        why = "Kubernetes service cluster ip + port for masquerade purpose"
        served = self.to(sets.CLUSTER_IP)
        if self.settings.masquerade_all:
            yield Rule((served,), Jump(MARK_MASQ), why)
        elif len(self.settings.cluster_ranges) == 1:
            yield Rule((Source(self.settings.cluster_ranges[0], negated=True), served), Jump(MARK_MASQ), why)
        elif self.settings.cluster_ranges:
            yield Rule((served,), Jump(MARK_FOREIGN), why)
        else:  # a node that asks for a cluster IP has that address itself, and would ask from it
            yield Rule((self.to(sets.ADDRESSES, "src"), served), Jump(MARK_MASQ), why)

    def foreign(self) -> Iterator[Rule]:
        """Mark who is in none of several ranges of pods: one rule cannot say that."""
        if not self.settings.masquerade_all and len(self.settings.cluster_ranges) > 1:
            for each in self.settings.cluster_ranges:
                yield Rule((Source(each),), RETURN, "pods")
            yield Rule((), Jump(MARK_MASQ))

    def balancer(self) -> Iterator[Rule]:
        held = self.to(sets.BALANCER_LOCAL)
        yield Rule((SourceLocal(), held), Jump(MARK_MASQ), "the node to load balancers with local endpoints")
        yield Rule((held,), RETURN, "Kubernetes service load balancer ip + port with externalTrafficPolicy=local")
        yield Rule((), Jump(MARK_MASQ))

    def node_port(self) -> Iterator[Rule]:
        for protocol in ("tcp", "udp", "sctp"):
            directions = "dst,dst" if protocol == "sctp" else "dst"
            local = (Protocol(protocol), self.to(sets.NODE_PORTS_LOCAL[protocol], directions))
            every = (Protocol(protocol), self.to(sets.NODE_PORTS[protocol], directions))
            yield Rule(
                (local[0], SourceLocal(), local[1]), Jump(MARK_MASQ), "the node to node ports with local endpoints"
            )
            yield Rule(local, RETURN, f"Kubernetes nodeport {protocol.upper()} port with externalTrafficPolicy=local")
            yield Rule(every, Jump(MARK_MASQ), f"Kubernetes nodeport {protocol.upper()} port for masquerade purpose")

    def postrouting(self) -> Iterator[Rule]:
        mark, back = self.settings.mark, self.to(sets.LOOP_BACK, "dst,dst,src")
        yield Rule((back,), Masquerade(), "Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose")
        yield Rule((Marked(mark, mark, negated=True),), RETURN)
        # Clear the mark, so that a packet that passes here twice is judged afresh.
        yield Rule((), SetMark(mark, 0))
        yield Rule((), Masquerade(random=True), "kubernetes service traffic requiring SNAT")

    def forward(self) -> Iterator[Rule]:
        mark = self.settings.mark
        yield Rule((Marked(mark, mark),), ACCEPT, "kubernetes forwarding rules")
        yield Rule((Connection(("RELATED", "ESTABLISHED")),), ACCEPT, "kubernetes forwarding conntrack rule")

    def refused(self) -> Iterator[Rule]:
        """Packets to nobody, and to ports that no service has at the addresses of services."""
        port = Reject("icmp-port-unreachable" if self.settings.family == 4 else "icmp6-port-unreachable")
        reset = (Protocol("tcp"),), Reject("tcp-reset")
        yield Rule((self.to(sets.NO_LOCAL_ENDPOINTS),), DROP, "no local endpoints")
        for matches, target in (reset, ((), port)):
            yield Rule((*matches, self.to(sets.NO_ENDPOINTS)), target, "no endpoints")
        for name in (sets.BALANCER, sets.CLUSTER_IP, sets.EXTERNAL_IP, sets.EXTERNAL_IP_LOCAL):
            yield Rule((self.to(name),), RETURN)
        for matches, target in (reset, ((), port)):
            yield Rule((*matches, self.to(sets.ADDRESSES, "dst")), target, "no service has this port")
