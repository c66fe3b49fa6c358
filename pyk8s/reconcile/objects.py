"""The few fields that controllers read of each kind, as structs: what a cache of them holds instead of whole objects.

A template is kept as the JSON it came as (`msgspec.Raw`) and decoded by the few who copy or compare it. Field names and
meaning: Kubernetes API reference v1.37.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
import orjson

from pyk8s.api import refs
from pyk8s.api.refs import Ref
from pyk8s.reconcile.fields import AnnotatedMetadata, Condition, Fields, LabelSelector, Metadata, condition

T = TypeVar("T")


class PodAnnotations(Fields, frozen=True):
    """The annotations of pods that controllers read."""

    deletion_cost: str = msgspec.field(default="", name="controller.kubernetes.io/pod-deletion-cost")


class PodMetadata(Metadata, frozen=True):
    """A pod's metadata."""

    annotations: PodAnnotations = PodAnnotations()
    deletion_grace_period_seconds: int | None = None


class ContainerPort(Fields, frozen=True):
    """A port that a container says it has."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"


class Container(Fields, frozen=True):
    """A container, for its ports."""

    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""


class Toleration(Fields, frozen=True):
    """Which taint a pod bears with, and for how long."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class PodSpec(Fields, frozen=True):
    """A pod's spec."""

    node_name: str = ""
    hostname: str = ""
    subdomain: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    tolerations: tuple[Toleration, ...] = ()


class PodIP(Fields, frozen=True):
    """One address of a pod."""

    ip: str = ""


class ContainerStatus(Fields, frozen=True):
    """A container's status, for its restarts."""

    restart_count: int = 0


class PodStatus(Fields, frozen=True):
    """A pod's status."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Fields, frozen=True):
    """A pod."""

    metadata: PodMetadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> Condition | None:
        """Its condition Ready, or None."""
        return condition(self.status.conditions, "Ready")

    @property
    def is_ready(self) -> bool:
        """Whether its condition Ready is True."""
        ready = self.ready
        return ready is not None and ready.status == "True"

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended and will not run again."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def is_active(self) -> bool:
        """Whether it counts as a replica: neither ended nor being deleted."""
        return not self.is_terminal and not self.metadata.deletion_timestamp


class ReplicaSetSpec(Fields, frozen=True):
    """A replica set's spec."""

    selector: LabelSelector = LabelSelector()
    replicas: int = 1
    min_ready_seconds: int = 0
    template: msgspec.Raw = msgspec.Raw(b"{}")


class ReplicaSetStatus(Fields, frozen=True):
    """A replica set's status."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Fields, frozen=True):
    """A replica set."""

    metadata: AnnotatedMetadata
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class RollingUpdate(Fields, frozen=True):
    """How far a rolling update may go: numbers or percentages of the replicas."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class Strategy(Fields, frozen=True):
    """How a deployment replaces its pods."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(Fields, frozen=True):
    """A deployment's spec, with the API's defaults."""

    selector: LabelSelector = LabelSelector()
    replicas: int = 1
    min_ready_seconds: int = 0
    strategy: Strategy = Strategy()
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    paused: bool = False
    template: msgspec.Raw = msgspec.Raw(b"{}")


class DeploymentStatus(Fields, frozen=True):
    """A deployment's status."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    terminating_replicas: int | None = None
    collision_count: int | None = None
    conditions: tuple[Condition, ...] = ()


class Deployment(Fields, frozen=True):
    """A deployment."""

    metadata: AnnotatedMetadata
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


def template_of(one: ReplicaSet | Deployment) -> dict[str, Any]:
    """The pod template of a workload, decoded anew: the caller may change it."""
    template: dict[str, Any] = msgspec.json.decode(one.spec.template)
    return template


class ServicePort(Fields, frozen=True):
    """A port of a service; the target is a number or a container port's name."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    app_protocol: str | None = None


class ServiceSpec(Fields, frozen=True):
    """A service's spec."""

    selector: dict[str, str] = {}  # noqa: RUF012 - msgspec copies it for each object
    ports: tuple[ServicePort, ...] = ()
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    ip_families: tuple[str, ...] = ()
    publish_not_ready_addresses: bool = False
    traffic_distribution: str = ""


class Service(Fields, frozen=True):
    """A service."""

    metadata: AnnotatedMetadata
    spec: ServiceSpec = ServiceSpec()


class TargetRef(Fields, frozen=True):
    """The object behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(Fields, frozen=True):
    """Whether an endpoint takes traffic, would take it, and is on its way out."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Named(Fields, frozen=True):
    """The name of a zone or node."""

    name: str


class Hints(Fields, frozen=True):
    """For whom an endpoint is meant."""

    for_zones: tuple[Named, ...] = ()
    for_nodes: tuple[Named, ...] = ()


class Endpoint(Fields, frozen=True):
    """One endpoint of a slice."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: TargetRef | None = None
    hints: Hints | None = None


class EndpointPort(Fields, frozen=True):
    """A port that all endpoints of a slice have."""

    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    app_protocol: str | None = None


class EndpointSlice(Fields, frozen=True):
    """A part of a service's endpoints, of one address family and one set of ports."""

    metadata: AnnotatedMetadata
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Taint(Fields, frozen=True):
    """What keeps pods off a node, or drives them from it."""

    key: str
    effect: str
    value: str = ""
    time_added: str = ""


class NodeSpec(Fields, frozen=True):
    """A node's spec."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


class NodeStatus(Fields, frozen=True):
    """A node's status."""

    conditions: tuple[Condition, ...] = ()
    allocatable: dict[str, str | int | float] = {}  # noqa: RUF012 - as above


class Node(Fields, frozen=True):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class LeaseSpec(Fields, frozen=True):
    """A lease's spec."""

    holder_identity: str | None = None
    renew_time: str | None = None


class Lease(Fields, frozen=True):
    """A lease."""

    metadata: Metadata
    spec: LeaseSpec = LeaseSpec()


class NamespaceSpec(Fields, frozen=True):
    """A namespace's spec."""

    finalizers: tuple[str, ...] = ()


class NamespaceStatus(Fields, frozen=True):
    """A namespace's status."""

    phase: str = "Active"


class Namespace(Fields, frozen=True):
    """A namespace."""

    metadata: Metadata
    spec: NamespaceSpec = NamespaceSpec()
    status: NamespaceStatus = NamespaceStatus()


KINDS: Mapping[Ref, type[Any]] = {
    refs.PODS: Pod,
    refs.NODES: Node,
    refs.NAMESPACES: Namespace,
    refs.SERVICES: Service,
    refs.REPLICA_SETS: ReplicaSet,
    refs.DEPLOYMENTS: Deployment,
    refs.LEASES: Lease,
    refs.ENDPOINT_SLICES: EndpointSlice,
}
"""What each resource is read as; all who share a cache of it see the same struct."""


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """What turns JSON bytes into `kind`; a null counts as absent. Raises msgspec.ValidationError."""
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> T:
        try:
            return decode(body)
        except msgspec.ValidationError:
            # Clients written in Go write a null where they have nothing to say: rare, so paid for only then.
            return decode(orjson.dumps(_without_nulls(orjson.loads(body))))

    return read


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value]
    return value


def parse(kind: type[T], obj: Any) -> T:
    """`obj`, as dicts, read as `kind`: for tests and small objects."""
    return decoder(kind)(orjson.dumps(obj))
