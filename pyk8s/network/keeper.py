"""Brings the pods' side of a node to what the Nodes ask for: bridge, sysctls, rules, and the CNI configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from pyk8s.aio import clock
from pyk8s.kernel.errors import Absent, KernelError
from pyk8s.kernel.iptables import values as iptables
from pyk8s.kernel.link.values import Change, Link, plan_link
from pyk8s.network.bridge import check_kind
from pyk8s.network.config import Config
from pyk8s.network.ground import Ground
from pyk8s.network.install import NETWORK, conflist, install_configuration
from pyk8s.network.ipam.store import Store
from pyk8s.network.ipam.values import Address, Pool
from pyk8s.network.masquerade import JUMPS, plan_masquerade
from pyk8s.network.nodes import Node, addresses_of
from pyk8s.network.plan import host_link, plan_bridge
from pyk8s.network.portmap import Rules
from pyk8s.network.scene import look
from pyk8s.network.ways.values import Backend
from pyk8s.observe import logs

log = logs.get("network")

BRIDGE = "cni0"
"""The bridge that a node's pods are on."""

SYSCTLS: Mapping[int, tuple[tuple[str, str], ...]] = {
    4: (
        ("net/ipv4/ip_forward", "1"),
        # Answers between two pods of one bridge pass the rules that turn them back into answers of the service.
        ("net/bridge/bridge-nf-call-iptables", "1"),
    ),
    6: (
        ("net/ipv6/conf/all/forwarding", "1"),
        ("net/bridge/bridge-nf-call-ip6tables", "1"),
    ),
}

ABANDONED_SECONDS = 120.0
"""How old a reservation must be to be let go of because its link is missing: no ADD takes so long."""


class Keeper:
    """Remembers the rules it has written, so that a change of one node does not read them all again."""

    def __init__(self, settings: Config) -> None:
        self._settings = settings
        self._known: dict[int, iptables.Tables] = {}
        self._ready = False
        self._unfit: dict[str, int] = {}
        """Ends of pods' pairs that an MTU could not be given to."""

    def bring(self, nodes: Sequence[Node], backend: Backend, ground: Ground, *, thorough: bool) -> None:
        """Everything that pods need, in the order that they need it; the configuration, which lets them come, last.

        `thorough` reads the rules that are there instead of trusting what was written. Raises KernelError, OSError or
        RangesClash for the first thing that failed.
        """
        scene = look(self._settings, nodes, backend, ground)
        own, seen, mtu = scene.own, scene.seen, self._settings.mtu or scene.way.mtu
        if not own.ranges:
            return
        bring_bridge(own, seen, mtu, ground)
        for family in families(own):
            self._bring_rules(family, own, nodes, ground.rules[family], thorough)
        if thorough and (abandoned := clean_up(self._store, seen, ground)):
            log.info("pods went without a word; their addresses are free again", addresses=[str(e) for e in abandoned])
        if thorough:
            ground.ports.restore()
            ground.networks.restore()
        if (thorough or BRIDGE not in seen) and ground.ports.answers_loopback(NETWORK):
            set_up(f"net/ipv4/conf/{BRIDGE}/route_localnet", "1", ground)
        if not self._ready:
            log.info("the node's network is ready", node=own.name, ranges=own.ranges, mtu=mtu)
            self._ready = True
        reconnect(self._store, seen, ground)
        text = conflist(own.ranges, mtu=mtu, data_folder=self._settings.addresses_folder, bridge=BRIDGE)
        install_configuration(self._settings.configuration_folder, text)
        self._fit_pods(seen, mtu, ground)

    def _fit_pods(self, seen: Mapping[str, Link], mtu: int, ground: Ground) -> None:
        """Pods of before a change of the way get the MTU of those that come after it, or they could not send each other
        what they may; whom it cannot be given is not tried again."""
        pods = {host_link(*owner) for owner in self._store.held().values()}
        odd = {name for name in pods if name in seen and mtu not in (0, seen[name].mtu)}
        new = {name for name in odd if self._unfit.get(name) != mtu}
        fitted = ground.pairs.fit(sorted(new), mtu) if new else frozenset()
        self._unfit = dict.fromkeys(odd - fitted, mtu)
        if new:
            log.info("pods may send another length at once", mtu=mtu, pods=len(fitted), out_of_reach=len(new - fitted))

    @property
    def _store(self) -> Store:
        return Store(self._settings.addresses_folder, NETWORK)

    def _bring_rules(self, family: int, own: Node, nodes: Sequence[Node], rules: Rules, thorough: bool) -> None:
        cluster = self._settings.cluster_ranges
        wanted = plan_masquerade(own.ranges, cluster, addresses_of(nodes), family=family)
        known = self._known.pop(family, None)
        if known is None or thorough:
            observed = rules.observe("nat", "filter")
            ours = {
                table: {name: rules for name, rules in observed[table].items() if name in wanted[table]}
                for table in wanted
            }
            rules.run((*iptables.plan(wanted, ours), *iptables.plan_jumps(JUMPS, observed, first=False)))
        else:
            rules.run(iptables.plan(wanted, known))
        self._known[family] = wanted


def families(own: Node) -> Iterator[int]:
    """The families that the node's pods have."""
    for family in (4, 6):
        if any((":" in each) == (family == 6) for each in own.ranges):
            yield family


def bring_bridge(own: Node, seen: Mapping[str, Link], mtu: int, ground: Ground) -> None:
    """The bridge with its gateways, and the settings of this namespace that pods need."""
    wish = plan_bridge(BRIDGE, [Pool.of(each) for each in own.ranges], mtu=mtu)
    if (held := seen.get(BRIDGE)) is not None:
        check_kind(held)
    ground.links.run(plan_link(wish, held))
    for name, value in (each for family in families(own) for each in SYSCTLS[family]):
        set_up(name, value, ground)


def set_up(name: str, value: str, ground: Ground) -> None:
    """Make a setting; one that cannot be made does not stop the node."""
    try:
        ground.sysctl(name, value)
    except KernelError as why:
        log.error("a setting that pods need cannot be made", sysctl=name, value=value, why=why)


def reconnect(store: Store, seen: Mapping[str, Link], ground: Ground) -> None:
    """Put the ends of pods' pairs back on the bridge, when somebody has removed it and it was made again."""
    for container, link in store.held().values():
        pair = seen.get(host_link(container, link))
        if pair is not None and pair.master != BRIDGE:
            with suppress(Absent):  # its pod went meanwhile
                ground.links.run((Change(pair.name, up=True, master=BRIDGE), Change(pair.name, hairpin=True)))


def clean_up(store: Store, seen: Mapping[str, Link], ground: Ground) -> list[Address]:
    """Let go of the addresses and host ports of pods that went without a DEL, as when the node lost its power; which
    addresses they were."""
    alive = [owner for owner in store.held().values() if host_link(*owner) in seen]
    before = clock.wall() - ABANDONED_SECONDS
    ground.ports.keep(["/".join(owner) for owner in alive], older_than=before)
    return store.keep(alive, older_than=before)
