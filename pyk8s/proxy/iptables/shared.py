"""The chains that all services share, and the jumps that lead the kernel into them. Pure.

See `rules` for where in the kernel they stand, and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pyk8s.kernel.iptables.values import (
    ACCEPT,
    DROP,
    Connection,
    Destination,
    Jump,
    Marked,
    Masquerade,
    Protocol,
    Rule,
    SetMark,
    Source,
    Tables,
    Verdict,
)
from pyk8s.proxy.iptables.rules import (
    EXTERNAL,
    FIREWALL,
    FORWARD,
    LOOPBACK,
    MARK_FOREIGN,
    MARK_MASQ,
    NODE_PORTS,
    POSTROUTING,
    PROXY_FIREWALL,
    SERVICES,
    Chains,
    Piece,
    mark_foreign,
    masquerade,
    node_port_places,
    refusal,
)
from pyk8s.proxy.plan import Settings


def plan_tables(pieces: Iterable[Piece], settings: Settings) -> Tables:
    """Every chain of the proxy, for pieces in the order their rules are to stand in the shared chains."""
    held = tuple(pieces)
    chains: Chains = {}
    for piece in held:
        chains.update(piece.chains)
    return {"nat": chains | shared_nat(held, settings), "filter": shared_filter(held, settings)}


def shared_nat(pieces: Iterable[Piece], settings: Settings) -> Chains:
    """The chains of the nat table that all services share."""
    held = tuple(pieces)
    to_node = (
        Rule(where, Jump(NODE_PORTS), "kubernetes service nodeports; must be the last rule here")
        for where in node_port_places(settings)
    )
    mark = settings.mark
    to_cluster_ips = (
        rule
        for each in settings.service_ranges
        for rule in masquerade((Destination(each),), "kubernetes cluster IPs, from elsewhere", settings)
    )
    return {
        SERVICES: (*to_cluster_ips, *(rule for piece in held for rule in piece.services), *to_node),
        NODE_PORTS: tuple(rule for piece in held for rule in piece.node_ports),
        MARK_MASQ: (Rule((), SetMark(mark, mark)),),
        MARK_FOREIGN: mark_foreign(settings),
        POSTROUTING: (
            Rule((Marked(mark, mark, negated=True),), Verdict("RETURN")),
            # Clear the mark, so that a packet that passes here twice is judged afresh.
            Rule((), SetMark(mark, 0)),
            Rule((), Masquerade(random=True), "kubernetes service traffic requiring SNAT"),
        ),
    }


def shared_filter(pieces: Iterable[Piece], settings: Settings) -> Chains:
    """The chains of the filter table that all services share."""
    held = tuple(pieces)
    return {
        SERVICES: (*(rule for piece in held for rule in piece.refused), *_unserved(settings)),
        EXTERNAL: tuple(rule for piece in held for rule in piece.refused_outside),
        PROXY_FIREWALL: tuple(rule for piece in held for rule in piece.fenced),
        FORWARD: (
            Rule((Connection(("INVALID",)),), DROP),
            Rule((Marked(settings.mark, settings.mark),), ACCEPT, "kubernetes forwarding rules"),
            Rule((Connection(("RELATED", "ESTABLISHED")),), ACCEPT, "kubernetes forwarding conntrack rule"),
        ),
        FIREWALL: _guarded(settings),
    }


def _unserved(settings: Settings) -> Iterator[Rule]:
    """What still goes to a cluster IP in the filter table asks for a port that nobody serves: refused, not sent into
    the world."""
    for each in settings.service_ranges:
        for protocol in ("tcp", ""):
            matches = (Protocol(protocol), Destination(each)) if protocol else (Destination(each),)
            yield Rule(matches, refusal(protocol, settings), "no endpoints, or no such port")


def _guarded(settings: Settings) -> tuple[Rule, ...]:
    """What keeps others from 127.0.0.1, which they could reach as the kernel routes it for our node ports."""
    if settings.family != 4 or not settings.localhost:
        return ()
    loopback = LOOPBACK[settings.family]
    foreign = (
        Source(loopback, negated=True),
        Destination(loopback),
        Connection(("RELATED", "ESTABLISHED", "DNAT"), negated=True),
    )
    return (Rule(foreign, DROP, "block incoming localnet connections"),)


_NEW = (Connection(("NEW",)),)
_PORTALS = "kubernetes service portals"
_VISIBLE = "kubernetes externally-visible service portals"
_BALANCED = "kubernetes load balancer firewall"

JUMPS: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("nat", "PREROUTING"): (Rule((), Jump(SERVICES), _PORTALS),),
    ("nat", "OUTPUT"): (Rule((), Jump(SERVICES), _PORTALS),),
    ("nat", "POSTROUTING"): (Rule((), Jump(POSTROUTING), "kubernetes postrouting rules"),),
    ("filter", "INPUT"): (
        Rule((), Jump(FIREWALL)),
        Rule(_NEW, Jump(PROXY_FIREWALL), _BALANCED),
        Rule(_NEW, Jump(EXTERNAL), _VISIBLE),
    ),
    ("filter", "FORWARD"): (
        Rule(_NEW, Jump(PROXY_FIREWALL), _BALANCED),
        # Before the marked ones are let through: what is to be refused may bear the mark, too.
        Rule(_NEW, Jump(SERVICES), _PORTALS),
        Rule(_NEW, Jump(EXTERNAL), _VISIBLE),
        Rule((), Jump(FORWARD), "kubernetes forwarding rules"),
    ),
    ("filter", "OUTPUT"): (
        Rule((), Jump(FIREWALL)),
        Rule(_NEW, Jump(PROXY_FIREWALL), _BALANCED),
        Rule(_NEW, Jump(SERVICES), _PORTALS),
    ),
}
"""What each built-in chain begins with."""
