"""Brings a node's bridge, sysctls, routes and rules, and its CNI configuration, to what the Nodes ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from pyk8s.aio import clock
from pyk8s.kernel.errors import Absent, KernelError
from pyk8s.kernel.iptables import values as iptables
from pyk8s.kernel.link.values import Change, Link, plan_link
from pyk8s.kernel.route import values as routes
from pyk8s.network.commands import Hands
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash
from pyk8s.network.install import NETWORK, conflist, install_configuration
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Address, Pool
from pyk8s.network.masquerade import JUMPS, plan_masquerade
from pyk8s.network.nodes import PROTOCOL, Node, addresses_of, clash, plan_routes
from pyk8s.network.plan import host_link, plan_bridge
from pyk8s.network.portmap import Rules
from pyk8s.observe import logs

log = logs.get("network")

BRIDGE = "cni0"

SYSCTLS: tuple[tuple[str, str], ...] = (
    ("net/ipv4/ip_forward", "1"),
    # Answers between two pods of one bridge pass the rules that turn them back into answers of the service.
    ("net/bridge/bridge-nf-call-iptables", "1"),
    (f"net/ipv4/conf/{BRIDGE}/route_localnet", "1"),
)

ABANDONED_SECONDS = 120.0
"""How old a reservation must be to be let go of because its link is missing: no ADD takes so long."""


class Keeper:
    """Remembers the rules it has written, so that a change of one node does not read them all again."""

    def __init__(self, settings: Config, rules: Rules) -> None:
        self._settings = settings
        self._rules = rules
        self._known: iptables.Tables | None = None
        self._ready = False

    def bring(self, nodes: Sequence[Node], hands: Hands, *, thorough: bool) -> None:
        """Everything for `nodes`, in the order that pods need it; the configuration, which lets pods come, last.

        `thorough` reads the rules that are there instead of trusting what was written. Raises KernelError, OSError or
        RangesClash for the first thing that failed.
        """
        name = self._settings.node
        own = next((node for node in nodes if node.name == name), Node(name))
        if other := clash(name, nodes):
            raise RangesClash(f"node {other} claims {', '.join(own.ranges)} as well: give one of them another podCIDR")
        if own.ranges:
            self._bring_pods_side(own, nodes, hands, thorough)
        bring_routes(name, nodes, hands)

    def _bring_pods_side(self, own: Node, nodes: Sequence[Node], hands: Hands, thorough: bool) -> None:
        seen = hands.links.observe()
        mtu = mtu_of(seen.values(), self._settings.address)
        bring_bridge(own, seen, mtu, hands)
        self._bring_rules(own, nodes, None if thorough else self._known)
        if thorough and (abandoned := clean_up(self._store, seen, hands)):
            log.info("pods went without a word; their addresses are free again", addresses=[str(e) for e in abandoned])
        if not self._ready:
            hands.ports.restore()
            log.info("the node's network is ready", node=own.name, ranges=own.ranges, mtu=mtu)
            self._ready = True
        reconnect(self._store, seen, hands)
        text = conflist(own.ranges, mtu=mtu, data_folder=self._settings.addresses_folder, bridge=BRIDGE)
        install_configuration(self._settings.configuration_folder, text)

    @property
    def _store(self) -> Store:
        return Store(self._settings.addresses_folder, NETWORK)

    def _bring_rules(self, own: Node, nodes: Sequence[Node], known: iptables.Tables | None) -> None:
        wanted = plan_masquerade(own.ranges, self._settings.cluster_ranges, addresses_of(nodes))
        self._known = None
        if known is None:
            observed = self._rules.observe("nat", "filter")
            ours = {
                table: {name: rules for name, rules in observed[table].items() if name in wanted[table]}
                for table in wanted
            }
            self._rules.run((*iptables.plan(wanted, ours), *iptables.plan_jumps(JUMPS, observed, first=False)))
        else:
            self._rules.run(iptables.plan(wanted, known))
        self._known = wanted


def mtu_of(links: Iterable[Link], address: str) -> int:
    """The MTU of the link that holds the node's `address`, as pods' packets leave by it; 0 when no link does."""
    for link in links:
        if any(each.split("/")[0] == address for each in link.addresses):
            return link.mtu
    return 0


def bring_bridge(own: Node, seen: Mapping[str, Link], mtu: int, hands: Hands) -> None:
    """The bridge with its gateways, and the settings of this namespace that pods need."""
    wish = plan_bridge(BRIDGE, [Pool.of(each) for each in own.ranges], mtu=mtu)
    hands.links.run(plan_link(wish, seen.get(BRIDGE)))
    for name, value in SYSCTLS:
        try:
            hands.sysctl(name, value)
        except KernelError as why:
            log.error("a setting that pods need cannot be made", sysctl=name, value=value, why=why)


def reconnect(store: Store, seen: Mapping[str, Link], hands: Hands) -> None:
    """Put the ends of pods' pairs back on the bridge, when somebody has removed it and it was made again."""
    for container, link in store.held().values():
        pair = seen.get(host_link(container, link))
        if pair is not None and pair.master != BRIDGE:
            with suppress(Absent):  # its pod went meanwhile
                hands.links.run((Change(pair.name, up=True, master=BRIDGE), Change(pair.name, hairpin=True)))


def clean_up(store: Store, seen: Mapping[str, Link], hands: Hands) -> list[Address]:
    """Let go of the addresses and host ports of pods that went without a DEL, as when the node lost its power; which
    addresses they were."""
    alive = [owner for owner in store.held().values() if host_link(*owner) in seen]
    before = clock.wall() - ABANDONED_SECONDS
    hands.ports.keep(["/".join(owner) for owner in alive], older_than=before)
    return store.keep(alive, older_than=before)


def bring_routes(name: str, nodes: Sequence[Node], hands: Hands) -> None:
    """A route to the pods of each other node; one that cannot be set does not keep the others from being set.

    Raises the first KernelError when all have been tried.
    """
    failures: list[KernelError] = []
    for action in routes.plan(plan_routes(name, nodes), hands.routes.observe(), PROTOCOL):
        try:
            hands.routes.run((action,))
        except KernelError as why:
            failures.append(why)
    if failures:
        raise failures[0]
