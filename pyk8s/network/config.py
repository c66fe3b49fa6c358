"""What the network agent is told: the part of a node's configuration file that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pyk8s.network.ways.values import BACKENDS, Backend
from pyk8s.network.ways.values import Settings as Vxlan


@dataclass(frozen=True, slots=True)
class Config:
    """What the agent has to be told; see `read`. `mtu` is what pods may send at once, in bytes, 0 for as much as the
    way between nodes carries; `addresses` and `cluster_ranges` are one of each family."""

    node: str
    addresses: tuple[str, ...]
    cluster_ranges: tuple[str, ...]
    configuration_folder: str = "/etc/cni/net.d"
    program_folder: str = "/opt/cni/bin"
    state_folder: str = "/var/lib/cni"
    socket: str = "/run/pyk8s/cni.sock"
    iptables: Literal["legacy", "nft"] | None = None
    backend: Backend = "host-gw"
    mtu: int = 0
    vxlan: Vxlan = field(default_factory=Vxlan)

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From node.yaml: nodeName, nodeIP, clusterCIDR, cni.{confDir, binDir, stateDir, socket},
        network.{backend, mtu, vni, port}, proxy.iptablesBackend (one namespace must keep to one backend).

        Raises ValueError that names the key.
        """
        for key in ("nodeName", "nodeIP"):
            if not config.get(key):
                raise ValueError(f"{key} is missing in the node's configuration")
        cni, network = config.get("cni") or {}, config.get("network") or {}
        default = cls("", (), ())
        backend = network.get("backend") or default.backend
        if backend not in BACKENDS:
            raise ValueError(f"network.backend is {backend!r}: write {' or '.join(BACKENDS)}")
        return cls(
            config["nodeName"],
            _words(config["nodeIP"]),
            _words(config.get("clusterCIDR")),
            cni.get("confDir") or default.configuration_folder,
            cni.get("binDir") or default.program_folder,
            cni.get("stateDir") or default.state_folder,
            cni.get("socket") or default.socket,
            (config.get("proxy") or {}).get("iptablesBackend") or None,
            backend,
            _number(network, "mtu", 0, 1280, 65535),
            Vxlan(_number(network, "vni", 1, 1, (1 << 24) - 1), _number(network, "port", 4789, 1, 65535)),
        )

    @property
    def addresses_folder(self) -> str:
        """Where the addresses that are given are recorded."""
        return str(Path(self.state_folder) / "networks")


def _words(text: object) -> tuple[str, ...]:
    return tuple(filter(None, (word.strip() for word in str(text or "").split(","))))


def _number(network: Mapping[str, Any], key: str, otherwise: int, first: int, last: int) -> int:
    value = network.get(key) or otherwise
    if value != otherwise and not (isinstance(value, int) and first <= value <= last):
        raise ValueError(f"network.{key} is {value!r}: write a number from {first} to {last}")
    return int(value)
