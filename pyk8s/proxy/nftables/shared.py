"""What all services share: hooks, the chains they lead to, and those that choose among so many endpoints. Pure.

Where in the kernel, and why: fences stand before anything is translated, where a packet still asks for the balancer's
address. A destination is replaced before routing (prerouting, output), a source after it (postrouting). Refusing comes
between the two, for a packet that was not translated; it cannot be done in a chain that translates.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyk8s.kernel.nftables.values import (
    DROP,
    RETURN,
    Chain,
    ClearMark,
    Destination,
    DestinationLocal,
    DnatBy,
    Goto,
    Hook,
    In,
    Invalid,
    Jump,
    Look,
    Masquerade,
    New,
    Protocol,
    Reject,
    Rule,
    SetMark,
    Source,
    Spread,
    Translated,
    Unmarked,
)
from pyk8s.proxy.nftables.names import (
    AT_ADDRESS,
    AT_PORT,
    CLUSTER_IPS,
    CLUSTER_IPS_CHECK,
    FIREWALL_CHECK,
    FIREWALL_IPS,
    HAIRPIN,
    MARK,
    MASQUERADING,
    NO_NODE_PORTS,
    NO_SERVICES,
    NODE_PORT_CHECK,
    REJECT,
    SERVICE_CHECK,
    SERVICE_IPS,
    SERVICE_NODE_PORTS,
    SERVICES,
    Choice,
    Slot,
)
from pyk8s.proxy.nftables.rules import canonical
from pyk8s.proxy.plan import Settings

LOOPBACK = "127.0.0.0/8"

HOOKS: dict[str, tuple[Hook, tuple[str, ...]]] = {
    "filter-prerouting": (Hook("filter", "prerouting", -110), (FIREWALL_CHECK,)),
    "filter-output": (Hook("filter", "output", -110), (FIREWALL_CHECK,)),
    "nat-prerouting": (Hook("nat", "prerouting", -100), (SERVICES,)),
    "nat-output": (Hook("nat", "output", -100), (SERVICES,)),
    "filter-output-post-dnat": (Hook("filter", "output", -90), (SERVICE_CHECK, CLUSTER_IPS_CHECK)),
    "filter-input": (Hook("filter", "input", -110), (NODE_PORT_CHECK, SERVICE_CHECK)),
    "filter-forward": (Hook("filter", "forward", -110), (SERVICE_CHECK, CLUSTER_IPS_CHECK)),
    "nat-postrouting": (Hook("nat", "postrouting", 100), (MASQUERADING,)),
}
"""The chains that the kernel calls, in the order a packet meets them, and where they lead."""


def chains(settings: Settings) -> dict[str, tuple[Chain, tuple[Rule, ...]]]:
    """The chains that are always there, with their rules."""
    held = {}
    for name, (hook, led) in HOOKS.items():
        matches = (New(),) if hook.type == "filter" else ()
        held[name] = Chain(name, hook), tuple(Rule(name, matches, Jump(to)) for to in led)
    chain, rules = held["filter-forward"]
    # Untranslated, it would reach a client that knows nothing of its sender, and answers with a reset.
    held["filter-forward"] = chain, (Rule(chain.name, (Invalid(),), DROP, "fits no connection"), *rules)
    for name, rules in _bodies(settings).items():
        held[name] = Chain(name), rules
    return held


def _bodies(settings: Settings) -> dict[str, tuple[Rule, ...]]:
    bits = settings.mark
    to_cluster = In(("daddr",), CLUSTER_IPS.name)
    return {
        FIREWALL_CHECK: (Rule(FIREWALL_CHECK, (), Look(AT_ADDRESS, FIREWALL_IPS.name)),),
        SERVICES: tuple(_services(settings)),
        MARK: (Rule(MARK, (), SetMark(bits)),),
        SERVICE_CHECK: (Rule(SERVICE_CHECK, (), Look(AT_ADDRESS, NO_SERVICES.name)),),
        NODE_PORT_CHECK: tuple(_at_node(NODE_PORT_CHECK, NO_NODE_PORTS.name, settings)),
        CLUSTER_IPS_CHECK: tuple(
            Rule(CLUSTER_IPS_CHECK, (*rule.matches, to_cluster), rule.target, "a port that the service has not")
            for rule in _refusing(CLUSTER_IPS_CHECK)
        ),
        REJECT: tuple(_refusing(REJECT)),
        MASQUERADING: (
            Rule(MASQUERADING, (Translated(), In(("saddr", "daddr"), HAIRPIN.name)), Jump(MARK), "to itself"),
            Rule(MASQUERADING, (Unmarked(bits),), RETURN),
            # Cleared, so that a packet that passes here twice is judged afresh.
            Rule(MASQUERADING, (), ClearMark(bits)),
            Rule(MASQUERADING, (), Masquerade()),
        ),
    }


def _services(settings: Settings) -> Iterator[Rule]:
    to_cluster = In(("daddr",), CLUSTER_IPS.name)
    if settings.masquerade_all:
        yield Rule(SERVICES, (to_cluster,), Jump(MARK), "everybody")
    elif settings.cluster_ranges:
        foreign = tuple(Source(canonical(each), negated=True) for each in settings.cluster_ranges)
        yield Rule(SERVICES, (to_cluster, *foreign), Jump(MARK), "who is no pod")
    yield Rule(SERVICES, (), Look(AT_ADDRESS, SERVICE_IPS.name))
    yield from _at_node(SERVICES, SERVICE_NODE_PORTS.name, settings)


def _at_node(chain: str, name: str, settings: Settings) -> Iterator[Rule]:
    """Look a port up where this node has node ports. Those who want none at 127.0.0.1 get none there."""
    outside = () if settings.localhost or settings.family == 6 else (Destination(LOOPBACK, negated=True),)
    here = (DestinationLocal(), *outside)
    for each in settings.node_port_ranges:
        yield Rule(chain, (*here, Destination(canonical(each))), Look(AT_PORT, name))
    if not settings.node_port_ranges:
        yield Rule(chain, here, Look(AT_PORT, name))


def _refusing(chain: str) -> Iterator[Rule]:
    # The kernel sends a client no more than a few ICMP errors a second (icmp_ratelimit): a TCP reset always comes.
    yield Rule(chain, (Protocol("tcp"),), Reject(reset=True))
    yield Rule(chain, (), Reject())


def choosing(choice: Choice) -> tuple[Rule, ...]:
    """The rules of a chain that chooses for many services."""
    name, slots = choice.name, choice.slots
    marked = () if choice.entry == "cluster" else (Rule(name, (), Jump(MARK)),)
    target = Spread(tuple(each.name for each in slots)) if len(slots) > 1 else Goto(slots[0].name)
    return (*marked, Rule(name, (), target))


def sending(slot: Slot) -> tuple[Rule, ...]:
    """The rules of a chain that sends to the endpoints of one number."""
    name, first = slot.name, Slot(slot.by, 0)
    sent = Rule(name, (), DnatBy(slot.map.key, slot.map.name))
    if slot == first:
        return (sent,)
    # A packet can meet this chain just before a change and the map just after it: number 0 is there in any case.
    return sent, Rule(name, (), DnatBy(slot.map.key, first.map.name), "while endpoints change")
