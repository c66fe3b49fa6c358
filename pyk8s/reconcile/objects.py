"""The few fields that controllers read of each kind, as structs: what a cache of them holds instead of whole objects.

A template is kept as the JSON it came as (`msgspec.Raw`) and decoded by the few who copy or compare it. Timestamps stay
text: RFC 3339 in UTC with seconds sorts as it reads. Field names and meaning: Kubernetes API reference v1.37.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import orjson

from pyk8s.api import refs
from pyk8s.api.refs import Ref

T = TypeVar("T")


class Fields(msgspec.Struct, rename="camel", frozen=True, gc=False, omit_defaults=True):
    """Base: fields read from camelCase JSON, all others ignored."""


class OwnerReference(Fields):
    """Who owns an object; at most one owner is its controller."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class Metadata(Fields):
    """What every object has, without annotations."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    creation_timestamp: str = ""
    deletion_timestamp: str = ""

    @property
    def deleting(self) -> bool:
        """Whether its deletion was asked for."""
        return bool(self.deletion_timestamp)


class AnnotatedMetadata(Metadata):
    """Metadata of kinds whose annotations are read."""

    annotations: dict[str, str] = {}


class Meta(Fields):
    """An object of any kind, of which only the metadata matters."""

    metadata: Metadata


class Condition(Fields):
    """One condition of a status."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""
    last_update_time: str = ""
    last_heartbeat_time: str = ""


def condition(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((one for one in conditions if one.type == type_), None)


class PodAnnotations(Fields):
    """The annotations of pods that controllers read."""

    deletion_cost: str = msgspec.field(default="", name="controller.kubernetes.io/pod-deletion-cost")


class PodMetadata(Metadata):
    """A pod's metadata."""

    annotations: PodAnnotations = PodAnnotations()
    deletion_grace_period_seconds: int | None = None


class ContainerPort(Fields):
    """A port that a container says it has."""

    container_port: int
    name: str = ""
    protocol: str = "TCP"


class Container(Fields):
    """A container, for its ports."""

    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""


class Toleration(Fields):
    """Which taint a pod bears with, and for how long."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class PodSpec(Fields):
    """A pod's spec."""

    node_name: str = ""
    hostname: str = ""
    subdomain: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    tolerations: tuple[Toleration, ...] = ()


class PodIP(Fields):
    """One address of a pod."""

    ip: str = ""


class ContainerStatus(Fields):
    """A container's status, for its restarts."""

    restart_count: int = 0


class PodStatus(Fields):
    """A pod's status."""

    phase: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Fields):
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


class LabelSelectorRequirement(Fields):
    """One member of matchExpressions."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Fields):
    """Labels to match; an empty one matches everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether `labels` fulfil every requirement."""
        for key, value in self.match_labels.items():
            if labels.get(key) != value:
                return False
        return all(_fulfils(labels, one) for one in self.match_expressions)

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.match_labels and not self.match_expressions


def _fulfils(labels: dict[str, str], wanted: LabelSelectorRequirement) -> bool:
    match wanted.operator:
        case "In":
            return labels.get(wanted.key) in wanted.values
        case "NotIn":
            return labels.get(wanted.key) not in wanted.values
        case "Exists":
            return wanted.key in labels
        case "DoesNotExist":
            return wanted.key not in labels
    return False


class ReplicaSetSpec(Fields):
    """A replica set's spec."""

    selector: LabelSelector = LabelSelector()
    replicas: int = 1
    min_ready_seconds: int = 0
    template: msgspec.Raw = msgspec.Raw(b"{}")


class ReplicaSetStatus(Fields):
    """A replica set's status."""

    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    terminating_replicas: int | None = None
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Fields):
    """A replica set."""

    metadata: AnnotatedMetadata
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class RollingUpdate(Fields):
    """How far a rolling update may go: numbers or percentages of the replicas."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class Strategy(Fields):
    """How a deployment replaces its pods."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(Fields):
    """A deployment's spec, with the API's defaults."""

    selector: LabelSelector = LabelSelector()
    replicas: int = 1
    min_ready_seconds: int = 0
    strategy: Strategy = Strategy()
    revision_history_limit: int = 10
    progress_deadline_seconds: int = 600
    paused: bool = False
    template: msgspec.Raw = msgspec.Raw(b"{}")


class DeploymentStatus(Fields):
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


class Deployment(Fields):
    """A deployment."""

    metadata: AnnotatedMetadata
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


def template_of(one: ReplicaSet | Deployment) -> dict[str, Any]:
    """The pod template of a workload, decoded anew: the caller may change it."""
    template: dict[str, Any] = msgspec.json.decode(one.spec.template)
    return template


class ServicePort(Fields):
    """A port of a service; the target is a number or a container port's name."""

    port: int
    name: str = ""
    protocol: str = "TCP"
    target_port: int | str | None = None
    app_protocol: str | None = None


class ServiceSpec(Fields):
    """A service's spec."""

    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    type: str = "ClusterIP"
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    ip_families: tuple[str, ...] = ()
    publish_not_ready_addresses: bool = False


class Service(Fields):
    """A service."""

    metadata: AnnotatedMetadata
    spec: ServiceSpec = ServiceSpec()


class TargetRef(Fields):
    """The object behind an endpoint."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class EndpointConditions(Fields):
    """Whether an endpoint takes traffic, would take it, and is on its way out."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Fields):
    """One endpoint of a slice."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: TargetRef | None = None


class EndpointPort(Fields):
    """A port that all endpoints of a slice have."""

    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    app_protocol: str | None = None


class EndpointSlice(Fields):
    """A part of a service's endpoints, of one address family and one set of ports."""

    metadata: AnnotatedMetadata
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Taint(Fields):
    """What keeps pods off a node, or drives them from it."""

    key: str
    effect: str
    value: str = ""
    time_added: str = ""


class NodeSpec(Fields):
    """A node's spec."""

    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


class NodeStatus(Fields):
    """A node's status."""

    conditions: tuple[Condition, ...] = ()


class Node(Fields):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class LeaseSpec(Fields):
    """A lease's spec."""

    holder_identity: str | None = None
    renew_time: str | None = None


class Lease(Fields):
    """A lease."""

    metadata: Metadata
    spec: LeaseSpec = LeaseSpec()


class NamespaceSpec(Fields):
    """A namespace's spec."""

    finalizers: tuple[str, ...] = ()


class NamespaceStatus(Fields):
    """A namespace's status."""

    phase: str = "Active"


class Namespace(Fields):
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
