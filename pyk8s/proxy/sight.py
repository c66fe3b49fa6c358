"""The proxy of a node looked at from beside it: what its rules should be, what its kernel has, and where a packet goes
by either. Nothing is changed.

What the node's proxy follows (its configuration, Services, slices, its Node) comes in as values; a `View` is one mode
and family of it. Each mode has a `view.py` with `View`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyk8s.kernel.shown import Shown
from pyk8s.proxy import kubeproxy, told
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.config import Config
from pyk8s.proxy.objects import ZONE, ConfigMap, EndpointSlice, Node, Service
from pyk8s.proxy.packet import Ground, Packet, Way
from pyk8s.proxy.plan import Intent, Key, Settings


class View(Protocol):
    """One mode of one family, on one node."""

    mode: str

    def planned(self) -> Shown:
        """The rules as they should be."""
        ...

    def observe(self) -> Shown:
        """The rules as they are, with what they have counted. Blocks; raises KernelError."""
        ...

    def trace_plan(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way of `packet` by the rules as they should be."""
        ...

    def trace_kernel(self, packet: Packet, ground: Ground) -> frozenset[Way]:
        """Every way by the rules that were observed last. Raises UnknownRule."""
        ...


@dataclass(frozen=True, slots=True)
class Objects:
    """What the API tells a proxy: all Services and slices, its own Node, kube-proxy's ConfigMap."""

    services: Collection[Service] = ()
    slices: Collection[EndpointSlice] = ()
    node: Node | None = None
    config_map: ConfigMap | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a node's proxy should do for one family."""

    mode: str
    settings: Settings
    intents: Mapping[Key, tuple[Intent, ...]] = field(default_factory=dict)


def configured(base: Config, config_map: ConfigMap | None) -> Config:
    """The node's own configuration with kube-proxy's over it. One that is wrong is not taken, as the proxy does."""
    try:
        document = told.read_document(config_map)
        return base if document is None else kubeproxy.apply(kubeproxy.decode(document), base)
    except ValueError:
        return base


def want(config: Config, objects: Objects, addresses: Iterable[str], family: int) -> Wanted:
    """What the proxy of `config` should do for `family` on a node whose links have `addresses`."""
    node = objects.node
    settings = told.settle(config, node, addresses, family)
    zone = node.metadata.labels.get(ZONE, "") if node is not None else ""
    changes = Changes(config.node, family, zone)
    for service in objects.services:
        changes.note_service(None, service)
    for each in objects.slices:
        changes.note_slice(None, each)
    return Wanted(config.mode, settings, {key: intents for key, intents in changes.take().items() if intents})


def look(wanted: Wanted, netns: str, prefer: Any = None) -> View:
    """The view of the mode that is wanted in the namespace at path `netns`; `prefer` is an iptables backend. Loads that
    mode alone; touches nothing yet."""
    if wanted.mode == "nftables":
        from pyk8s.proxy.nftables import view as nftables

        return nftables.View(wanted.settings, wanted.intents, netns)
    if wanted.mode == "ipvs":
        from pyk8s.proxy.ipvs import view as ipvs

        return ipvs.View(wanted.settings, wanted.intents, netns, prefer)
    from pyk8s.proxy.iptables import view as iptables

    return iptables.View(wanted.settings, wanted.intents, netns, prefer)


def leftovers(wanted: Wanted, mode: str, netns: str, prefer: Any = None) -> Shown:
    """What `mode` has left in the kernel although another is wanted: the chains that the wanted mode has by the same
    names are not counted. Blocks; raises KernelError."""
    theirs = look(Wanted(mode, wanted.settings), netns, prefer).observe()
    ours = look(wanted, netns, prefer).planned()
    return {place: lines for place, lines in theirs.items() if place not in ours}


def require(mode: str, families: Iterable[int], netns: str, prefer: Any = None) -> None:
    """Raise Unsupported, with what is missing and what to do, when the kernel cannot do `mode`. Blocks; changes nothing
    but that a module may be loaded."""
    for family in families:
        if mode == "nftables":
            from pyk8s.kernel.nftables.run import Nftables

            with closing(Nftables("kube-proxy", "ip" if family == 4 else "ip6", netns)) as kernel:
                kernel.probe()
            continue
        from pyk8s.kernel.iptables.run import probe

        probe(netns, prefer=prefer, family=6 if family == 6 else 4)
        if mode == "ipvs":
            from pyk8s.kernel.ipvs.run import probe as probe_ipvs

            probe_ipvs()
