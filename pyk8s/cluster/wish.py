"""What somebody asks of `up`, and how it differs from the cluster that is there: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyk8s.api.quantity import millicores, units
from pyk8s.cluster import links
from pyk8s.cluster.errors import AddressTaken, SettingInvalid
from pyk8s.cluster.families import Family, plan_ranges
from pyk8s.cluster.settings import MOST_NODES, Backend, Node, Ports, ProxyMode, Settings, check_capacity

NODES, CPUS, MEMORY = 3, "2", "4Gi"
FAMILY: Family = "ipv4"
BACKEND: Backend = "host-gw"
MODE: ProxyMode = "iptables"
"""What a cluster gets unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None where nothing was said."""

    nodes: int | None = None
    cpus: str | None = None
    memory: str | None = None
    ip_family: Family | None = None
    network_backend: Backend | None = None
    proxy_mode: ProxyMode | None = None

    @property
    def family(self) -> Family:
        """The family of a new cluster."""
        return self.ip_family or FAMILY


def check(wish: Wish) -> None:
    """Raises SettingInvalid when no cluster can be so."""
    if wish.nodes is not None and not 1 <= wish.nodes <= MOST_NODES:
        raise SettingInvalid(f"--nodes {wish.nodes}: a cluster has 1 to {MOST_NODES} nodes")
    check_capacity(wish.cpus or CPUS, wish.memory or MEMORY)


def settle(wish: Wish, name: str, id_: str, subnet: str, ports: Sequence[int]) -> Settings:
    """The settings of a new cluster of ten hex digits `id_` in `subnet` (a /24, "" for one without IPv4), with four TCP
    `ports`."""
    cpus, memory = wish.cpus or CPUS, wish.memory or MEMORY
    ranges = plan_ranges(wish.family, subnet, id_)
    settings = Settings(
        name=name,
        subnet=ranges.subnets[0],
        second_subnet=",".join(ranges.subnets[1:]),
        service_cidr=",".join(ranges.services),
        cluster_cidr=",".join(ranges.pods),
        ip_family=wish.family,
        network_backend=wish.network_backend or BACKEND,
        proxy_mode=wish.proxy_mode or MODE,
        ports=Ports(https=ports[0], grpc=ports[1], etcd_client=ports[2], etcd_peer=ports[3]),
        cpus=cpus,
        memory=memory,
        nodes=(),
    )
    for number in range(1, (wish.nodes or NODES) + 1):
        settings = settings.with_node(new_node(settings, f"node-{number}", cpus, memory))
    return settings


def new_node(settings: Settings, name: str, cpus: str, memory: str) -> Node:
    """A node for the cluster, with the next free address of each family. Raises AddressTaken."""
    used = [address for node in settings.nodes for address in node.addresses]
    addresses = [links.node_address(subnet, used) or "" for subnet in settings.subnets]
    if not all(addresses):
        raise AddressTaken(f"the network {settings.subnet} of cluster {settings.name} is full")
    return Node(name=name, address=addresses[0], second_address="".join(addresses[1:]), cpus=cpus, memory=memory)


def next_name(settings: Settings) -> str:
    """node-N with the lowest N that is free."""
    names = {node.name for node in settings.nodes}
    return next(name for name in (f"node-{number}" for number in range(1, 1000)) if name not in names)


CHANGED_BY = {
    "addresses are of family": "make another cluster",
    "network backend is": "write `backend` into the ConfigMap kube-system/pyk8s-network",
    "proxy mode is": "write `mode` into `config.conf` of the ConfigMap kube-system/kube-proxy",
}
"""What to do about a cluster that is otherwise."""


def differences(wish: Wish, settings: Settings) -> list[str]:
    """Where the cluster is not as asked, one sentence each, with what to do about it; [] when it is."""
    found = []
    count = len(settings.nodes)
    if wish.nodes is not None and wish.nodes != count:
        verb = "add" if wish.nodes > count else "remove"
        found.append(f"it has {count} nodes, {wish.nodes} were asked for: see `pyk8s node {verb}`")
    if wish.cpus is not None and millicores(wish.cpus) != millicores(settings.cpus):
        found.append(f"its nodes have {settings.cpus} CPUs each, {wish.cpus} were asked for: add nodes with --cpus")
    if wish.memory is not None and units(wish.memory) != units(settings.memory):
        found.append(
            f"its nodes have {settings.memory} memory each, {wish.memory} was asked for: add nodes with --memory"
        )
    for what, asked, has in (
        ("addresses are of family", wish.ip_family, settings.ip_family),
        ("network backend is", wish.network_backend, settings.network_backend),
        ("proxy mode is", wish.proxy_mode, settings.proxy_mode),
    ):
        if asked is not None and asked != has:
            found.append(f"its {what} {has}, {asked} was asked for: {CHANGED_BY[what]}")
    return found
