"""What the proxy is told: the part of a node's configuration file that it reads. `kubeproxy` reads kube-proxy's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal, TypeAlias

from pyk8s.proxy.plan import Settings

Mode: TypeAlias = Literal["iptables", "ipvs", "nftables"]
MODES: tuple[Mode, ...] = ("iptables", "ipvs", "nftables")

Place: TypeAlias = tuple[str, int]
"""An address and port to answer at."""

RESYNC_SECONDS = 30.0
"""How often the kernel is looked at for what somebody else changed."""

PRIMARY, LOCALHOST, ALL = "primary", "localhost", "all"
"""Words that stand among nodePortAddresses for the node's own address, its loopback, and all there are."""


@dataclass(frozen=True, slots=True)
class Config:
    """The node's name and addresses (the primary one of each family first), the ranges of pods and of cluster IPs, the
    mode and what each mode can be told, where to answer; `resync` in seconds, `sysctls` for the connection tracking.
    `lenient`: a family that this machine has not is done without, as long as there is another."""

    node: str
    addresses: tuple[str, ...] = ()
    cluster_ranges: tuple[str, ...] = ()
    service_ranges: tuple[str, ...] = ()
    mode: Mode = "iptables"
    backend: Literal["legacy", "nft"] | None = None
    health: Place | None = None
    metrics: Place | None = None
    node_port_addresses: tuple[str, ...] = ()
    masquerade_all: bool = False
    localhost: bool = True
    mark: int = 0x4000
    scheduler: str = "rr"
    strict_arp: bool = False
    excluded: tuple[str, ...] = ()
    timeouts: tuple[int, int, int] = (0, 0, 0)
    resync: float = RESYNC_SECONDS
    pods_of_node: bool = False
    families: tuple[int, ...] = (4,)
    lenient: bool = False
    sysctls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From node.yaml: nodeName, nodeIP, clusterCIDR, serviceCIDR and `proxy`. Raises ValueError that names the key.

        `proxy` has mode, iptablesBackend, healthzBindAddress, metricsBindAddress, nodePortAddresses, masqueradeAll,
        scheduler, strictARP.
        """
        proxy = config.get("proxy") or {}
        if not config.get("nodeName"):
            raise ValueError("nodeName is missing in the node's configuration")
        backend = proxy.get("iptablesBackend") or None
        if backend not in (None, "legacy", "nft"):
            raise ValueError(f"proxy.iptablesBackend is {backend!r}: use legacy or nft, or leave it out")
        addresses = split(config.get("nodeIP"))
        return cls(
            node=config["nodeName"],
            addresses=addresses,
            cluster_ranges=read_ranges(config.get("clusterCIDR"), "clusterCIDR"),
            service_ranges=read_ranges(config.get("serviceCIDR"), "serviceCIDR"),
            mode=read_mode(proxy.get("mode"), "proxy.mode"),
            backend=backend,
            health=read_place(proxy.get("healthzBindAddress"), "proxy.healthzBindAddress"),
            metrics=read_place(proxy.get("metricsBindAddress"), "proxy.metricsBindAddress"),
            node_port_addresses=read_node_ports(proxy.get("nodePortAddresses"), "proxy.nodePortAddresses"),
            masquerade_all=bool(proxy.get("masqueradeAll", False)),
            scheduler=str(proxy.get("scheduler") or "rr"),
            strict_arp=bool(proxy.get("strictARP", False)),
            resync=RESYNC_SECONDS,
            families=families_of(addresses) or (4,),
        )

    def settings(self, family: int, local: Iterable[str] = (), pods: Iterable[str] = ()) -> Settings:
        """What the rules of `family` depend on, on a node that has the addresses `local` and the ranges `pods`."""
        held = tuple(sorted({each for each in local if family_of(each) == family}))
        own = tuple(each for each in self.addresses if family_of(each) == family)
        ranges = tuple(self._node_port_ranges(family))
        within = [ip_network(each) for each in ranges]
        return Settings(
            family=family,
            cluster_ranges=_of(family, pods if self.pods_of_node else self.cluster_ranges),
            node_port_ranges=ranges,
            node_ports_on=tuple(each for each in held if not within or any(ip_address(each) in one for one in within)),
            node_addresses=tuple(dict.fromkeys((*own, *held))),
            masquerade_all=self.masquerade_all,
            scheduler=self.scheduler,
            strict_arp=self.strict_arp,
            mark=self.mark,
            service_ranges=_of(family, self.service_ranges),
            localhost=self.localhost,
            excluded=_of(family, self.excluded),
            timeouts=self.timeouts,
        )

    def _node_port_ranges(self, family: int) -> Iterable[str]:
        """Where node ports answer: () is everywhere. A family that nothing is said of has them everywhere; but in the
        mode nftables, at the node's own address alone. Source: Kubernetes, "NFTables proxy mode: migrating"."""
        said = self.node_port_addresses or ((PRIMARY,) if self.mode == "nftables" else ())
        length = 32 if family == 4 else 128
        own = [f"{each}/{length}" for each in self.addresses if family_of(each) == family][:1]
        words = {PRIMARY: own, LOCALHOST: ["127.0.0.0/8"] if family == 4 else ["::1/128"]}
        if ALL in said:
            return ()
        found = [one for each in said for one in words.get(each, [each])]
        held = [each for each in found if family_of(each) == family]
        return () if any(ip_network(each).prefixlen == 0 for each in held) else held


def family_of(address: str) -> int:
    """4 or 6, of an address or range."""
    return 6 if ":" in address else 4


def families_of(addresses: Iterable[str]) -> tuple[int, ...]:
    """The families of `addresses`, each once, in their order."""
    return tuple(dict.fromkeys(family_of(each) for each in addresses))


def _of(family: int, ranges: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for each in ranges if family_of(each) == family)


def split(text: object) -> tuple[str, ...]:
    """The parts of "a,b"."""
    return tuple(part for part in (each.strip() for each in str(text or "").split(",")) if part)


def read_ranges(text: object, key: str) -> tuple[str, ...]:
    """The ranges of "10.244.0.0/16,fd44::/56". Raises ValueError that names `key`."""
    found = split(text)
    for each in found:
        try:
            ip_network(each)
        except ValueError as why:
            raise ValueError(f"{key}: {each!r} is not a range of addresses ({why})") from None
    return found


def read_mode(text: object, key: str) -> Mode:
    """The mode; none is iptables. Raises ValueError that names `key`."""
    for mode in MODES:
        if (text or "iptables") == mode:
            return mode
    raise ValueError(f"{key} is {text!r}: use {', '.join(MODES)}")


def read_place(text: object, key: str) -> Place | None:
    """The address and port of "127.0.0.1:10256"; None for "". Raises ValueError that names `key`."""
    if not text:
        return None
    host, _, port = str(text).rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{key} is {text!r}: ADDRESS:PORT is needed")
    return host.strip("[]"), int(port)


def read_node_ports(values: object, key: str) -> tuple[str, ...]:
    """Ranges and the words for some. Raises ValueError that names `key`."""
    if values is not None and not isinstance(values, list | tuple):
        raise ValueError(f"{key} is {values!r}: a list of ranges is needed")
    found = tuple(str(each) for each in values or ())
    for each in found:
        if each not in (PRIMARY, LOCALHOST, ALL):
            read_ranges(each, key)
    return found
