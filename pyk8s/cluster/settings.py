"""What a cluster was made with: the one file that says everything needed to start it again.

It is written before anything else is made and removed after everything else is gone, so that an interrupted action
can always be taken back by name.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from pyk8s.api.quantity import QuantityInvalid, millicores, units
from pyk8s.cluster.errors import ClusterError, NoSuchNode, SettingInvalid
from pyk8s.cluster.families import PODS4, SERVICES4, Family

VERSION = 1
"""Of the file's form: a file with a higher one was written by a later pyk8s."""

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
"""A cluster's or node's name: a DNS label, short enough for socket paths and host names."""

MOST_NODES = 200
"""A cluster's network is a /24."""

Backend: TypeAlias = Literal["host-gw", "vxlan"]
"""How packets travel between nodes: by routes through the other node, or in UDP."""

ProxyMode: TypeAlias = Literal["iptables", "ipvs", "nftables"]
"""What the services of a cluster are made of."""


class Node(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One node: its name, its address on the cluster's bridge, what it reports as its capacity."""

    name: str
    address: str
    """Of the cluster's first family."""
    cpus: str
    memory: str
    stopped: bool = False
    second_address: str = ""
    """Of the second family, in a cluster that has two."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its address of each family."""
        return tuple(filter(None, (self.address, self.second_address)))

    @property
    def millicores(self) -> int:
        """Its CPUs in thousandths of a core."""
        return millicores(self.cpus)

    @property
    def bytes(self) -> int:
        """Its memory in bytes."""
        return units(self.memory)


class Ports(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The TCP ports of the control plane, picked free when the cluster was made and kept since."""

    https: int
    grpc: int
    etcd_client: int
    etcd_peer: int


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster as it was asked for, and the addresses it was given."""

    version: int = VERSION
    name: str
    subnet: str
    """The network of its bridge, of its first family (IPv4: a /24, IPv6: a /64); the first address is the host's."""
    ports: Ports
    cpus: str
    """What a node added later gets unless told otherwise."""
    memory: str
    nodes: tuple[Node, ...]
    service_cidr: str = SERVICES4
    """The range of its services' addresses; of two families, two ranges with a comma between them."""
    cluster_cidr: str = PODS4
    """The same of its pods."""
    ip_family: Family = "ipv4"
    second_subnet: str = ""
    """The network of the second family on its bridge, where there are two."""
    network_backend: Backend = "host-gw"
    proxy_mode: ProxyMode = "iptables"
    stopped: bool = False
    complete: bool = False
    """False until the first `up` has come to its end."""

    @property
    def gateway(self) -> str:
        """The host's address on the bridge, of the first family."""
        return self.gateways[0]

    @property
    def subnets(self) -> tuple[str, ...]:
        """The networks of its bridge, one of each family."""
        return tuple(filter(None, (self.subnet, self.second_subnet)))

    @property
    def gateways(self) -> tuple[str, ...]:
        """The host's addresses on the bridge, one of each family."""
        return tuple(str(ip_network(subnet)[1]) for subnet in self.subnets)

    def node(self, name: str) -> Node:
        """The node of that name; raises NoSuchNode."""
        for node in self.nodes:
            if node.name == name:
                return node
        names = ", ".join(node.name for node in self.nodes)
        raise NoSuchNode(f"cluster {self.name} has no node {name}: it has {names}")

    def with_node(self, node: Node) -> Settings:
        """These settings with `node` added, or put in the place of the one of its name."""
        others = {other.name: other for other in self.nodes} | {node.name: node}
        return msgspec.structs.replace(self, nodes=tuple(others.values()))

    def without_node(self, name: str) -> Settings:
        """These settings without the node `name`."""
        return msgspec.structs.replace(self, nodes=tuple(node for node in self.nodes if node.name != name))


def check_name(name: str, what: str = "cluster") -> str:
    """`name` itself when a cluster or node can be called so; raises SettingInvalid."""
    if not NAME.fullmatch(name):
        raise SettingInvalid(
            f"{what} name {name!r} cannot be used: lower-case letters, digits and '-', at most 32, "
            "a letter or digit at both ends"
        )
    return name


def check_capacity(cpus: str, memory: str) -> None:
    """Raises SettingInvalid unless a node can report `cpus` and `memory` as its capacity."""
    try:
        cores = millicores(cpus)
    except QuantityInvalid as why:
        raise SettingInvalid(f"--cpus {cpus!r} is no quantity: write 2, 1.5 or 500m") from why
    try:
        size = units(memory)
    except QuantityInvalid as why:
        raise SettingInvalid(f"--memory {memory!r} is no quantity: write 4Gi or 512Mi") from why
    if cores < 100:
        raise SettingInvalid(f"--cpus {cpus}: a node needs 100m at least")
    if size < 256 << 20:
        raise SettingInvalid(f"--memory {memory}: a node needs 256Mi at least")


def read(path: Path) -> Settings:
    """The settings in the file `path`. Raises FileNotFoundError, or ClusterError when it cannot be understood."""
    try:
        settings = msgspec.json.decode(path.read_bytes(), type=Settings)
    except msgspec.MsgspecError as why:
        raise ClusterError(
            f"{path} is damaged ({why}): mend it, or remove the cluster with `pyk8s cluster down`"
        ) from why
    if settings.version > VERSION:
        raise ClusterError(
            f"{path} was written by a later pyk8s (version {settings.version}, this one knows {VERSION})"
        )
    return settings


def write(path: Path, settings: Settings) -> None:
    """Put `settings` into the file `path`, all or nothing, readable by its owner only."""
    write_file(path, msgspec.json.format(msgspec.json.encode(settings), indent=2) + b"\n")


def write_file(path: Path, content: bytes, mode: int = 0o600, *, sync: bool = True) -> None:
    """Write a file beside `path` and put it in its place: no reader sees half of it; with `sync` no power cut leaves
    half
    of it either."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
