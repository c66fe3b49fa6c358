"""What somebody asks of `up`, and how it differs from the cluster that is there: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyk8s.api.quantity import millicores, units
from pyk8s.cluster import links
from pyk8s.cluster.errors import AddressTaken, SettingInvalid
from pyk8s.cluster.settings import MOST_NODES, Node, Ports, Settings, check_capacity

NODES, CPUS, MEMORY = 3, "2", "4Gi"
"""What a cluster gets unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None where nothing was said."""

    nodes: int | None = None
    cpus: str | None = None
    memory: str | None = None


def check(wish: Wish) -> None:
    """Raises SettingInvalid when no cluster can be so."""
    if wish.nodes is not None and not 1 <= wish.nodes <= MOST_NODES:
        raise SettingInvalid(f"--nodes {wish.nodes}: a cluster has 1 to {MOST_NODES} nodes")
    check_capacity(wish.cpus or CPUS, wish.memory or MEMORY)


def settle(wish: Wish, name: str, subnet: str, ports: Sequence[int]) -> Settings:
    """The settings of a new cluster in `subnet`, with four TCP `ports`."""
    cpus, memory = wish.cpus or CPUS, wish.memory or MEMORY
    settings = Settings(
        name=name,
        subnet=subnet,
        ports=Ports(https=ports[0], grpc=ports[1], etcd_client=ports[2], etcd_peer=ports[3]),
        cpus=cpus,
        memory=memory,
        nodes=(),
    )
    for number in range(1, (wish.nodes or NODES) + 1):
        settings = settings.with_node(new_node(settings, f"node-{number}", cpus, memory))
    return settings


def new_node(settings: Settings, name: str, cpus: str, memory: str) -> Node:
    """A node for the cluster, with the next free address. Raises AddressTaken."""
    address = links.node_address(settings.subnet, (node.address for node in settings.nodes))
    if address is None:
        raise AddressTaken(f"the network {settings.subnet} of cluster {settings.name} is full")
    return Node(name=name, address=address, cpus=cpus, memory=memory)


def next_name(settings: Settings) -> str:
    """node-N with the lowest N that is free."""
    names = {node.name for node in settings.nodes}
    return next(name for name in (f"node-{number}" for number in range(1, 1000)) if name not in names)


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
    return found
