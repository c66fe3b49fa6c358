"""A node as it is looked at: where its kernel is, what its agents were told, and what the API tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import yaml

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import CONFIG_MAPS, ENDPOINT_SLICES, NODES, SERVICES, Ref
from pyk8s.client.interface import Client
from pyk8s.cluster.errors import ClusterError, NoSuchNode
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.net.entering import node_space
from pyk8s.kernel.errors import Unsupported
from pyk8s.kernel.link.addresses import Addresses
from pyk8s.kernel.shown import Line, Shown
from pyk8s.network import choice, nodes
from pyk8s.network import sight as ways
from pyk8s.network.config import Config as NetworkConfig
from pyk8s.network.ways.values import Backend
from pyk8s.proxy import objects, sight
from pyk8s.proxy.config import MODES, Config, Mode
from pyk8s.proxy.modes import IPVS_LINK
from pyk8s.proxy.sight import Objects, View, Wanted

SYSTEM = CONFIG_MAPS.within("kube-system")
PROXY_MAP = "kube-proxy"


@dataclass(frozen=True, slots=True)
class Told:
    """What the API tells every node: Nodes, Services and slices, and the two ConfigMaps."""

    nodes: Sequence[bytes] = ()
    services: Sequence[objects.Service] = ()
    slices: Sequence[objects.EndpointSlice] = ()
    proxy_map: objects.ConfigMap | None = None
    choice: Sequence[choice.ConfigMap] = ()

    @property
    def names(self) -> list[str]:
        """All nodes."""
        return [nodes.decode(each).metadata.name for each in self.nodes]


async def ask(client: Client) -> Told:
    """What the API tells now. Raises ApiError."""
    listed = await asyncio.gather(
        client.list(NODES),
        client.list(SERVICES),
        client.list(ENDPOINT_SLICES),
        _one(client, SYSTEM.of(PROXY_MAP, "kube-system")),
        _one(client, choice.MAPS.of(choice.NAME, choice.NAMESPACE)),
    )
    all_nodes, services, slices, proxy_map, chosen = listed
    return Told(
        all_nodes.items,
        [objects.decode_service(each) for each in services.items],
        [objects.decode_slice(each) for each in slices.items],
        objects.decode_config_map(proxy_map) if proxy_map else None,
        [choice.decode(chosen)] if chosen else [],
    )


async def _one(client: Client, ref: Ref) -> bytes:
    try:
        return await client.get(ref)
    except ApiError as why:
        if why.code != 404:
            raise
        return b""


@dataclass(frozen=True, slots=True)
class Site:
    """One node of a cluster of this machine; `proxy` is its configuration with kube-proxy's over it."""

    name: str
    netns: str
    proxy: Config
    network: NetworkConfig
    told: Told

    @property
    def families(self) -> tuple[int, ...]:
        """4, 6, or both."""
        return self.proxy.families

    @property
    def mode(self) -> Mode:
        """The mode that its proxy should be in."""
        return self.proxy.mode

    @property
    def backend(self) -> Backend:
        """The way between nodes that it should take."""
        try:
            return choice.choose(self.told.choice, self.network.backend)
        except choice.BackendUnknown:
            return self.network.backend

    @property
    def node(self) -> nodes.Node:
        """Its Node as the network's room sees it; without ranges when there is none."""
        return next((each for each in self.all_nodes() if each.name == self.name), nodes.Node(self.name))

    def all_nodes(self) -> list[nodes.Node]:
        """Every Node."""
        return [nodes.view(nodes.decode(each)) for each in self.told.nodes]

    def addresses(self) -> frozenset[str]:
        """All addresses of its links. Blocks."""
        return Addresses(self.netns).observe_all(without=IPVS_LINK)

    def wanted(self, family: int) -> Wanted:
        """What its proxy should do for `family`. Blocks."""
        own = next(
            (each for each in map(objects.decode_node, self.told.nodes) if each.metadata.name == self.name), None
        )
        held = Objects(self.told.services, self.told.slices, own)
        return sight.want(self.proxy, held, self.addresses(), family)

    def view(self, family: int) -> View:
        """Its proxy, for `family`. Blocks."""
        return sight.look(self.wanted(family), self.netns, self.proxy.backend)

    def leftovers(self, mode: str) -> Shown:
        """What another mode has left here. Blocks; raises KernelError."""
        found: dict[str, tuple[Line, ...]] = {}
        for family in self.families:
            # A mode that this kernel cannot has left nothing.
            with suppress(Unsupported):
                left = sight.leftovers(self.wanted(family), mode, self.netns, self.proxy.backend)
                found |= of_family(left, family)
        return found

    def other_modes(self) -> list[str]:
        """The modes that it should not be in."""
        return [mode for mode in MODES if mode != self.mode]

    def net(self) -> tuple[ways.Network, ways.Seen]:
        """Its network as it should be, and what its kernel has. Blocks; raises KernelError."""
        seen = ways.observe(self.netns, self.network, self.node)
        wanted = ways.Network.wanted(self.network, self.all_nodes(), self.backend, seen.links.values())
        return wanted, seen


def of_family(shown: Shown, family: int) -> Shown:
    """`shown` with the places of IPv6 named so."""
    return {f"{place} (IPv6)": lines for place, lines in shown.items()} if family == 6 else shown


def site(folder: Folder, name: str, told: Told) -> Site:
    """The node `name`. Raises NoSuchNode, NotRunning; ClusterError when its configuration cannot be read."""
    folder.read().node(name)
    if name not in told.names:
        raise NoSuchNode(f"node {name} has not registered with the API: see `pyk8s node start {name}`")
    file = folder.config / f"{name}.yaml"
    try:
        written: Mapping[str, Any] = yaml.safe_load(file.read_text())
        base, network_config = Config.read(written), NetworkConfig.read(written)
    except (OSError, ValueError, yaml.YAMLError) as why:
        raise ClusterError(f"{file} cannot be read: {why}") from why
    return Site(name, node_space(folder, name), sight.configured(base, told.proxy_map), network_config, told)


def sites(folder: Folder, names: Iterable[str], told: Told) -> dict[str, Site]:
    """Several nodes, by name."""
    return {name: site(folder, name, told) for name in names}
