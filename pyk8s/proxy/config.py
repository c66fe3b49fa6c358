"""What the proxy is told: the part of a node's configuration file that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Config:
    """The node's name and address, the ranges of the cluster's pods, which iptables to prefer, where to tell health."""

    node: str
    address: str
    cluster_ranges: tuple[str, ...] = ()
    backend: Literal["legacy", "nft"] | None = None
    health: tuple[str, int] | None = None

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Config:
        """From node.yaml: nodeName, nodeIP, clusterCIDR, proxy.{mode, iptablesBackend, healthzBindAddress}.

        Raises ValueError that names the key.
        """
        proxy = config.get("proxy") or {}
        if not config.get("nodeName"):
            raise ValueError("nodeName is missing in the node's configuration")
        if (mode := proxy.get("mode") or "iptables") != "iptables":
            raise ValueError(f"proxy.mode is {mode!r}: iptables is the mode there is")
        backend = proxy.get("iptablesBackend") or None
        if backend not in (None, "legacy", "nft"):
            raise ValueError(f"proxy.iptablesBackend is {backend!r}: use legacy or nft, or leave it out")
        ranges = tuple(filter(None, str(config.get("clusterCIDR") or "").split(",")))
        of_family = tuple(each for each in ranges if ":" not in each)
        where = proxy.get("healthzBindAddress") or ""
        return cls(config["nodeName"], config.get("nodeIP") or "", of_family, backend, _read_address(where))


def _read_address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"proxy.healthzBindAddress is {text!r}: ADDRESS:PORT is needed")
    return host.strip("[]"), int(port)
