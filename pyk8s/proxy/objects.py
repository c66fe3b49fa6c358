"""The few fields that are read of Services and EndpointSlices."""

from __future__ import annotations

import msgspec

SERVICE_NAME = "kubernetes.io/service-name"
"""The label that says whose slice an EndpointSlice is."""

HEADLESS = "service.kubernetes.io/headless"
"""A slice with this label is for those that ask DNS: no packet rule comes of it."""

ZONE = "topology.kubernetes.io/zone"
"""The label of a Node that says in which zone it is."""

PROXY_NAME = "service.kubernetes.io/service-proxy-name"
"""A Service (and slice) with this label is some other proxy's."""


class Metadata(msgspec.Struct, rename="camel"):
    """An object's name, version and labels."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    deletion_timestamp: str | None = None


class ServicePort(msgspec.Struct, rename="camel"):
    """One port of a Service."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    node_port: int = 0


class ClientIP(msgspec.Struct, rename="camel"):
    """How long affinity lasts."""

    timeout_seconds: int | None = None


class AffinityConfig(msgspec.Struct):
    """The settings of session affinity."""

    client_ip: ClientIP = msgspec.field(default_factory=ClientIP, name="clientIP")


class ServiceSpec(msgspec.Struct, rename="camel"):
    """What a Service wants."""

    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: list[str] = msgspec.field(default_factory=list, name="clusterIPs")
    external_ips: list[str] = msgspec.field(default_factory=list, name="externalIPs")
    ports: list[ServicePort] = []
    session_affinity: str = "None"
    session_affinity_config: AffinityConfig | None = None
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    load_balancer_source_ranges: list[str] = []
    health_check_node_port: int = 0


class Ingress(msgspec.Struct, rename="camel"):
    """One address of a load balancer; "Proxy" as `ip_mode` means its packets must pass through it."""

    ip: str = ""
    ip_mode: str = "VIP"


class LoadBalancer(msgspec.Struct):
    """The load balancer's addresses."""

    ingress: list[Ingress] = []


class ServiceStatus(msgspec.Struct, rename="camel"):
    """What a load balancer gave."""

    load_balancer: LoadBalancer = msgspec.field(default_factory=LoadBalancer)


class Service(msgspec.Struct):
    """What is read of a Service."""

    metadata: Metadata
    spec: ServiceSpec = msgspec.field(default_factory=ServiceSpec)
    status: ServiceStatus = msgspec.field(default_factory=ServiceStatus)


class Conditions(msgspec.Struct):
    """How an endpoint is; nothing said is well said."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Named(msgspec.Struct):
    """The name of a zone or node."""

    name: str


class Hints(msgspec.Struct, rename="camel"):
    """For whom an endpoint is meant."""

    for_zones: list[Named] | None = None
    for_nodes: list[Named] | None = None


class Endpoint(msgspec.Struct, rename="camel"):
    """One endpoint: only its first address counts."""

    addresses: list[str]
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    node_name: str | None = ""
    hints: Hints | None = None


class EndpointPort(msgspec.Struct):
    """A port that all endpoints of a slice serve."""

    name: str | None = ""
    port: int | None = None
    protocol: str | None = "TCP"


class EndpointSlice(msgspec.Struct, rename="camel"):
    """What is read of an EndpointSlice."""

    metadata: Metadata
    address_type: str = "IPv4"
    endpoints: list[Endpoint] | None = None
    ports: list[EndpointPort] | None = None


def owner(each: EndpointSlice) -> str:
    """The service whose slice it is, "shop/web"; "" for nobody's."""
    name = each.metadata.labels.get(SERVICE_NAME, "")
    return f"{each.metadata.namespace}/{name}" if name else ""


class NodeAddress(msgspec.Struct):
    """One address of a node: "InternalIP", "ExternalIP", "Hostname"."""

    type: str
    address: str


class Taint(msgspec.Struct):
    """What keeps pods away from a node."""

    key: str


class NodeSpec(msgspec.Struct, rename="camel"):
    """What a node is given."""

    taints: list[Taint] | None = None
    pod_cidrs: list[str] = msgspec.field(default_factory=list, name="podCIDRs")


class NodeStatus(msgspec.Struct):
    """Where a node is."""

    addresses: list[NodeAddress] = []


class Node(msgspec.Struct):
    """What is read of the proxy's own Node."""

    metadata: Metadata
    spec: NodeSpec = msgspec.field(default_factory=NodeSpec)
    status: NodeStatus = msgspec.field(default_factory=NodeStatus)


class ConfigMap(msgspec.Struct):
    """What is read of the ConfigMap that holds the proxy's configuration."""

    metadata: Metadata
    data: dict[str, str] | None = None


decode_service = msgspec.json.Decoder(Service).decode
"""A Service's JSON bytes; raises msgspec.DecodeError."""

decode_slice = msgspec.json.Decoder(EndpointSlice).decode
"""An EndpointSlice's JSON bytes; raises msgspec.DecodeError."""

decode_node = msgspec.json.Decoder(Node).decode
"""A Node's JSON bytes; raises msgspec.DecodeError."""

decode_config_map = msgspec.json.Decoder(ConfigMap).decode
"""A ConfigMap's JSON bytes; raises msgspec.DecodeError."""
