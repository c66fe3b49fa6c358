"""What the controllers are told by their configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pyk8s.api.configuration import ConfigInvalid

MOST_BITS = 16
"""Bits that tell the nodes' ranges of a cluster apart. Source: kube-controller-manager's range allocator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of all controllers; in the file their names are in camelCase. Times are seconds.

    `cluster_cidr` is the range of pods' addresses; of two families, two ranges with a comma between them. `root_ca` is
    the PEM by which pods trust the API server. `leader_elect` is for several processes on one cluster.
    """

    cluster_name: str = "pyk8s"
    cluster_cidr: str = "10.244.0.0/16"
    node_cidr_mask_size: int = 24
    node_cidr_mask_size6: int = 64
    root_ca: str = ""
    node_monitor_grace_period: float = 40.0
    node_eviction_rate: float = 0.1
    pod_quarantine: float = 40.0
    terminated_pod_threshold: int = 12_500
    leader_elect: bool = False
    identity: str = ""

    def __post_init__(self) -> None:
        versions = [self._check_range(*each) for each in self.node_ranges]
        if len(set(versions)) != len(versions):
            raise ConfigInvalid(f"clusterCIDR: {self.cluster_cidr}: write one range, or one of IPv4 and one of IPv6")
        if self.node_monitor_grace_period <= 0:
            raise ConfigInvalid("nodeMonitorGracePeriod: must be more than 0 seconds")

    @property
    def node_ranges(self) -> tuple[tuple[str, int], ...]:
        """The cluster's ranges of pods' addresses, each with the prefix length of one node's."""
        ranges = [text.strip() for text in self.cluster_cidr.split(",")]
        return tuple((each, self.node_cidr_mask_size6 if ":" in each else self.node_cidr_mask_size) for each in ranges)

    @staticmethod
    def _check_range(text: str, mask: int) -> int:
        try:
            cluster = ip_network(text)
        except ValueError as why:
            raise ConfigInvalid(f"clusterCIDR: {why}: write a range such as 10.244.0.0/16") from why
        last = min(cluster.max_prefixlen - 2, cluster.prefixlen + MOST_BITS)
        if not cluster.prefixlen <= mask <= last:
            name = "nodeCIDRMaskSize" if cluster.version == 4 else "nodeCIDRMaskSizeIPv6"
            raise ConfigInvalid(
                f"{name}: {mask} does not fit clusterCIDR {text}: write a number from {cluster.prefixlen} to {last}"
            )
        return cluster.version


NAMES: Mapping[str, str] = {
    "clusterName": "cluster_name",
    "clusterCIDR": "cluster_cidr",
    "nodeCIDRMaskSize": "node_cidr_mask_size",
    "nodeCIDRMaskSizeIPv6": "node_cidr_mask_size6",
    "nodeMonitorGracePeriod": "node_monitor_grace_period",
    "nodeEvictionRate": "node_eviction_rate",
    "podQuarantine": "pod_quarantine",
    "terminatedPodThreshold": "terminated_pod_threshold",
    "leaderElection": "leader_elect",
    "identity": "identity",
}
"""The field of each setting in the file; `rootCAFile` is read as well, and becomes `root_ca`."""
ELSEWHERE = frozenset({"kubeconfig", "logLevel", "runDir", "rootCAFile", "healthzBindAddress"})
"""Settings of the program around the controllers."""


def from_mapping(settings: Mapping[str, Any]) -> Config:
    """The configuration that a file's content means. Raises ConfigInvalid, which names the setting."""
    types: dict[str, type[Any]] = {field.name: type(field.default) for field in fields(Config)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name in ELSEWHERE:
            continue
        if name not in NAMES:
            raise ConfigInvalid(f"{name}: no such setting: use one of {', '.join(sorted({*NAMES, *ELSEWHERE}))}")
        wanted = types[NAMES[name]]
        number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
        if not (number or (isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool))):
            raise ConfigInvalid(f"{name}: {value!r} is not a {wanted.__name__}")
        values[NAMES[name]] = wanted(value)
    if where := settings.get("rootCAFile"):
        try:
            values["root_ca"] = Path(where).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as why:
            raise ConfigInvalid(f"rootCAFile: cannot read {where}: {why}") from why
    return Config(**values)
