"""What the registry and admission are told when they start."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

MOST_BITS = 20
"""Bits that tell the services of one range apart. Source: kube-apiserver, --service-cluster-ip-range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one cluster; every API server of it has the same. Times are seconds."""

    service_cidr: str = "10.96.0.0/16"
    """The range of services' addresses; of two families, two ranges with a comma between them, the usual one first."""
    node_ports: tuple[int, int] = (30000, 32767)
    """The first and the last node port."""
    issuer: str = "https://kubernetes.default.svc.cluster.local"
    """Who issues service account tokens, and the audience they have when none is asked for."""
    max_token_seconds: int = 365 * 24 * 3600
    not_ready_toleration: int = 300
    """How many seconds a pod without a toleration of its own stays on a node that says it is not ready."""
    unreachable_toleration: int = 300
    """The same on a node that says nothing any more."""
    advertise_address: str = ""
    """The address at which pods and nodes reach this API server; without it, or without the
    port, there is no endpoint of the `kubernetes` service."""
    advertise_port: int = 443
    event_seconds: int = 3600
    """How long events are kept."""
    account_wait: float = 2.0
    """How long a new pod waits for its namespace's default service account."""

    @property
    def advertised(self) -> bool:
        """Whether it is known where this API server can be reached."""
        return bool(self.advertise_address and self.advertise_port)

    @property
    def services(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The addresses of services: one range, or one of each family. Raises ValueError that says what is wrong."""
        found = tuple(ip_network(text.strip()) for text in self.service_cidr.split(","))
        if len({network.version for network in found}) != len(found):
            raise ValueError(f"{self.service_cidr} names two ranges of one family: write one of IPv4 and one of IPv6")
        for network in found:
            if not 4 <= network.num_addresses <= 1 << MOST_BITS:
                low, high = network.max_prefixlen - MOST_BITS, network.max_prefixlen - 2
                raise ValueError(f"{network}: write a prefix from /{low} to /{high}")
        return found

    @property
    def first_service_ip(self) -> str:
        """The address of the `kubernetes` service."""
        return str(self.services[0][1])
