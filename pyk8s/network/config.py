"""What the network agent is told: the part of a node's configuration file that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Config:
    """What the agent has to be told; see `read`."""

    node: str
    address: str
    cluster_ranges: tuple[str, ...]
    configuration_folder: str = "/etc/cni/net.d"
    program_folder: str = "/opt/cni/bin"
    state_folder: str = "/var/lib/cni"
    socket: str = "/run/pyk8s/cni.sock"
    backend: Literal["legacy", "nft"] | None = None

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From node.yaml: nodeName, nodeIP, clusterCIDR, cni.{confDir, binDir, stateDir, socket},
        proxy.iptablesBackend (one namespace must keep to one backend).

        Raises ValueError that names the missing key.
        """
        for key in ("nodeName", "nodeIP"):
            if not config.get(key):
                raise ValueError(f"{key} is missing in the node's configuration")
        cni = config.get("cni") or {}
        ranges = tuple(filter(None, str(config.get("clusterCIDR") or "").split(",")))
        default = cls("", "", ())
        return cls(
            config["nodeName"],
            config["nodeIP"],
            ranges,
            cni.get("confDir") or default.configuration_folder,
            cni.get("binDir") or default.program_folder,
            cni.get("stateDir") or default.state_folder,
            cni.get("socket") or default.socket,
            (config.get("proxy") or {}).get("iptablesBackend") or None,
        )

    @property
    def addresses_folder(self) -> str:
        """Where the addresses that are given are recorded."""
        return str(Path(self.state_folder) / "networks")
