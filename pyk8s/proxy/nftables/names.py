"""What tables, chains, sets and maps are called: as kube-proxy calls them, so that people find their way. Pure."""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256

from pyk8s.kernel.nftables.values import Field, Map, Set
from pyk8s.proxy.plan import Endpoint, Intent

TABLE = "kube-proxy"

SERVICES, MARK, MASQUERADING, REJECT = "services", "mark-for-masquerade", "masquerading", "reject-chain"
SERVICE_CHECK, NODE_PORT_CHECK = "service-endpoints-check", "nodeport-endpoints-check"
CLUSTER_IPS_CHECK, FIREWALL_CHECK = "cluster-ips-check", "firewall-check"

AT_ADDRESS: tuple[Field, ...] = ("daddr", "l4proto", "dport")
AT_PORT: tuple[Field, ...] = ("l4proto", "dport")

SERVICE_IPS = Map("service-ips", AT_ADDRESS, counted=True)
SERVICE_NODE_PORTS = Map("service-nodeports", AT_PORT, counted=True)
NO_SERVICES = Map("no-endpoint-services", AT_ADDRESS, counted=True)
NO_NODE_PORTS = Map("no-endpoint-nodeports", AT_PORT, counted=True)
FIREWALL_IPS = Map("firewall-ips", AT_ADDRESS, counted=True)
CLUSTER_IPS = Set("cluster-ips", ("daddr",))
HAIRPIN = Set("hairpin-connections", ("saddr", "daddr"))

SETS = (
    SERVICE_IPS, SERVICE_NODE_PORTS, NO_SERVICES, NO_NODE_PORTS, FIREWALL_IPS, CLUSTER_IPS, HAIRPIN,
)  # fmt: skip
"""The sets and maps that are always there."""

LONGEST = 240
"""Characters in a name: the kernel takes 255."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The endpoints of this number, counted from 0, of all services: a map, and a chain that sends by it. `by` what
    they are looked up: an "address" and port, or a "nodeport" alone."""

    by: str
    number: int

    @property
    def name(self) -> str:
        """What the chain and the map are called: "address-endpoint-0"."""
        return f"{self.by}-endpoint-{self.number}"

    @property
    def map(self) -> Map:
        """The map: where a packet to each address and port goes."""
        return Map(self.name, AT_PORT if self.by == "nodeport" else AT_ADDRESS, "place", counted=True)


@dataclass(frozen=True, slots=True)
class Choice:
    """A chain that all services with so many endpoints share. `entry`: how their packets came: "cluster" IPs go on as
    they are, those to an "external" address or a "nodeport" get the node's address as their source."""

    entry: str
    count: int

    @property
    def name(self) -> str:
        """What the chain is called: "choose-cluster-2"."""
        return f"choose-{self.entry}-{self.count}"

    @property
    def by(self) -> str:
        """By what its slots are looked up."""
        return "nodeport" if self.entry == "nodeport" else "address"

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The chains that it chooses from."""
        return tuple(Slot(self.by, number) for number in range(self.count))


@dataclass(frozen=True, slots=True)
class Names:
    """What the chains of one service port are called, when it needs any: "service-ULMVA6XW-shop/web/tcp/http"."""

    port: str

    @classmethod
    def of(cls, intent: Intent) -> Names:
        """The names that follow from the port's id and protocol."""
        return cls(f"{intent.service}/{intent.protocol}/{intent.name}")

    @property
    def service(self) -> str:
        """Sends to one of all endpoints."""
        return _name("service", self.port)

    @property
    def local(self) -> str:
        """Sends to one of the endpoints on this node."""
        return _name("local", self.port)

    @property
    def external(self) -> str:
        """Takes what comes to the port's outer addresses."""
        return _name("external", self.port)

    @property
    def firewall(self) -> str:
        """Keeps out who is in none of the ranges."""
        return _name("firewall", self.port)

    def endpoint(self, endpoint: Endpoint) -> str:
        """Sends to one endpoint."""
        return _name("endpoint", self._at(endpoint))

    def affinity(self, endpoint: Endpoint, seconds: int) -> str:
        """The set of those that were sent to the endpoint within `seconds`."""
        return _name("affinity", self._at(endpoint), str(seconds))

    def _at(self, endpoint: Endpoint) -> str:
        return f"{self.port}__{endpoint.address.replace(':', '.')}/{endpoint.port}"


def _name(kind: str, what: str, *more: str) -> str:
    mark = b32encode(sha256(" ".join((what, *more)).encode()).digest()).decode()[:8]
    return f"{kind}-{mark}-{what}"[:LONGEST]
