"""The network of a node looked at from beside it: the ways and rules that there should be, what its kernel has, and by
which of them a packet goes. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal

from pyk8s.kernel.errors import Refused
from pyk8s.kernel.iptables import shown as iptables
from pyk8s.kernel.iptables.run import Iptables, probe
from pyk8s.kernel.iptables.text import render_rule
from pyk8s.kernel.iptables.values import Destination, Source, Tables
from pyk8s.kernel.link.run import Links
from pyk8s.kernel.link.values import Link, plan_link
from pyk8s.kernel.neighbour.run import Neighbours
from pyk8s.kernel.neighbour.values import Entry, Neighbour
from pyk8s.kernel.netlink import Netlink
from pyk8s.kernel.route import shown as routes
from pyk8s.kernel.route.run import Routes
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.shown import Line, Shown
from pyk8s.network.config import Config
from pyk8s.network.keeper import BRIDGE, families
from pyk8s.network.masquerade import FORWARD, JUMPS, MASQUERADE, plan_masquerade
from pyk8s.network.nodes import Node, addresses_of
from pyk8s.network.ways.plan import find_under, plan_way
from pyk8s.network.ways.values import PROTOCOL, Backend, Way
from pyk8s.network.ways.vxlan import is_vtep

OURS = {("nat", MASQUERADE), ("filter", FORWARD)}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a kernel has: all links by name, routes, lasting neighbours, and packet rules by family."""

    links: Mapping[str, Link] = field(default_factory=dict)
    routes: Sequence[Route] = ()
    entries: Sequence[Entry] = ()
    rules: Mapping[int, iptables.Seen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a packet goes on to: in words, and the `node` that it reaches or stays on ("" for none), be it a `pod`
    of it or the node itself."""

    text: str
    node: str = ""
    pod: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """What the network of the node `own` should be: its way to the others, and its packet rules by family."""

    own: Node
    nodes: Sequence[Node]
    way: Way
    rules: Mapping[int, Tables]

    @classmethod
    def wanted(cls, config: Config, nodes: Sequence[Node], backend: Backend, links: Iterable[Link]) -> Network:
        """By `config`, all `nodes`, the way that the cluster has chosen, and the links of the node."""
        own = next((each for each in nodes if each.name == config.node), Node(config.node))
        way = plan_way(backend, config.node, nodes, find_under(links, config.addresses), config.vxlan)
        rules = {
            family: plan_masquerade(own.ranges, config.cluster_ranges, addresses_of(nodes), family=family)
            for family in families(own)
        }
        return cls(own, nodes, way, rules)

    def planned(self) -> Shown:
        """Routes, links and neighbours of the way, and the rules of masquerading."""
        shown = {
            routes.PLACE: routes.planned(self.way.routes),
            "links": tuple(Line(_link(each), each, key=each.name) for each in self.way.links),
            "neighbours": tuple(Line(_entry(each), each, key=each) for each in self.way.entries),
        }
        for family, tables in self.rules.items():
            shown |= _named(family, iptables.planned(tables, JUMPS))
        return {place: lines for place, lines in shown.items() if lines}

    def found(self, seen: Seen) -> Shown:
        """What a kernel has of these."""
        wishes = {each.name: each for each in self.way.links}
        shown = {
            routes.PLACE: routes.found(self.way.routes, seen.routes, PROTOCOL),
            "links": tuple(_held_link(each, wishes.get(each.name)) for each in seen.links.values() if is_vtep(each)),
            "neighbours": tuple(Line(_entry(each), each, key=each) for each in seen.entries),
        }
        for family, rules in seen.rules.items():
            shown |= _named(family, iptables.found(rules, lambda table, chain: (table, chain) in OURS))
        return {place: lines for place, lines in shown.items() if lines}

    def route(self, address: str) -> Hop:
        """Where a packet to `address` goes from this node, by the plan."""
        here = ip_address(address)
        if address in self.own.addresses:
            return Hop("to this node itself", self.own.name)
        for range_ in self.own.ranges:
            if here in ip_network(range_):
                return Hop(f"{range_} dev {BRIDGE}: pods of this node", self.own.name, pod=True)
        for route in self.way.routes:
            if here in ip_network(route.destination):
                owner = next((each.name for each in self.nodes if route.destination in each.ranges), "")
                return Hop(f"{routes.render(route)}: pods of {owner}", owner, pod=True)
        for node in self.nodes:
            if address in node.addresses:
                return Hop(f"on the link of the nodes: {node.name}", node.name)
        return Hop("by the default route: nobody of the cluster")

    def source_rule(self, source: str, destination: str) -> str:
        """The rule that decides whether a packet that this node's pod `source` sends to `destination` keeps its
        source; "" when none is about it."""
        tables = self.rules.get(6 if ":" in source else 4, {})
        for rule in tables.get("nat", {}).get(MASQUERADE, ()):
            if all(_fits(match, source, destination) for match in rule.matches):
                return f"nat: -A {MASQUERADE} {render_rule(rule)}"
        return ""


def observe(netns: str, config: Config, own: Node) -> Seen:
    """What the kernel has in the namespace at path `netns`. Blocks; raises KernelError."""
    with Netlink() as netlink:
        links = Links(netlink).observe(netns)
        held = Routes(netlink).observe(netns)
        vteps = [name for name, link in links.items() if is_vtep(link)]
        entries = Neighbours(netlink).observe(vteps, netns) if vteps else ()
    rules = {}
    for family in families(own):
        number: Literal[4, 6] = 6 if family == 6 else 4
        backend = probe(netns, prefer=config.iptables, family=number)
        rules[family] = Iptables(backend, number, netns).count("nat", "filter")
    return Seen(links, held, tuple(entries), rules)


def look_up(netns: str, destination: str, *, source: str = "", link: str = "") -> str:
    """The way to `destination` by the kernel of a namespace, as `ip route get` writes it. Blocks."""
    with Netlink() as netlink:
        try:
            found = Routes(netlink).look_up(destination, netns, source=source, link=link)
        except Refused as why:
            return f"no way: {why}"
    return routes.render(found)


def _named(family: int, shown: Shown) -> dict[str, tuple[Line, ...]]:
    """The places of IPv6 apart from those of IPv4."""
    return {f"{place} (IPv6)" if family == 6 else place: lines for place, lines in shown.items()}


def _held_link(link: Link, wish: Link | None) -> Line:
    stands = wish is not None and not plan_link(wish, link)
    return Line(_link(link), wish if stands else ("held", link.name), key=link.name)


def _link(link: Link) -> str:
    parts = [link.name, link.kind, *link.addresses]
    return " ".join([*parts, f"mtu {link.mtu}"] if link.mtu else parts)


def _entry(entry: Entry) -> str:
    if isinstance(entry, Neighbour):
        return f"{entry.address} dev {entry.device} lladdr {entry.mac}"
    return f"{entry.mac} dev {entry.device} dst {entry.destination}"


def _fits(match: object, source: str, destination: str) -> bool:
    if isinstance(match, Source):
        return (ip_address(source) in ip_network(match.range)) != match.negated
    if isinstance(match, Destination):
        return (ip_address(destination) in ip_network(match.range)) != match.negated
    return False
