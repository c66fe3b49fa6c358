"""Pods and nodes with the fields that scheduling looks at; decoded straight from JSON bytes."""

from __future__ import annotations

from typing import Any

import msgspec


class Fields(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """A part of an object: absent fields have their defaults, unknown ones are passed over."""


class OwnerReference(Fields, frozen=True):
    """Who made the object."""

    uid: str = ""
    controller: bool = False


class Metadata(Fields, frozen=True):
    """Who an object is."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    owner_references: tuple[OwnerReference, ...] | None = None


Quantity = str | int | float
Requirement = dict[str, Any]


class Resources(Fields, frozen=True):
    """What a container, or a pod as a whole, asks to have set aside."""

    requests: dict[str, Quantity] | None = None


class Port(Fields, frozen=True):
    """A port that a container opens, and on the node when it has a host port."""

    host_port: int = 0
    protocol: str = "TCP"
    host_ip: str = msgspec.field(name="hostIP", default="")


class Container(Fields, frozen=True):
    """One container."""

    image: str = ""
    resources: Resources | None = None
    ports: tuple[Port, ...] | None = None
    restart_policy: str | None = None


class Toleration(Fields, frozen=True):
    """A taint that the pod bears with."""

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class SpreadConstraint(Fields, frozen=True):
    """How evenly pods are to be spread over the values of a node label."""

    max_skew: int = 1
    topology_key: str = ""
    when_unsatisfiable: str = "DoNotSchedule"
    label_selector: dict[str, Any] | None = None
    min_domains: int | None = None
    match_label_keys: tuple[str, ...] | None = None
    node_affinity_policy: str = "Honor"
    node_taints_policy: str = "Ignore"


class NodeSelectorTerm(Fields, frozen=True):
    """Conditions on one node that must all hold."""

    match_expressions: tuple[Requirement, ...] | None = None
    match_fields: tuple[Requirement, ...] | None = None


class NodeSelector(Fields, frozen=True):
    """Terms of which one must hold."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] | None = None


class PreferredTerm(Fields, frozen=True):
    """A term that makes a node better by `weight`."""

    weight: int = 0
    preference: NodeSelectorTerm = NodeSelectorTerm()


class NodeAffinity(Fields, frozen=True):
    """Which nodes a pod needs and which it likes."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: tuple[PreferredTerm, ...] | None = None

    @property
    def required(self) -> NodeSelector | None:
        """Which nodes it needs."""
        return self.required_during_scheduling_ignored_during_execution

    @property
    def preferred(self) -> tuple[PreferredTerm, ...]:
        """Which it likes."""
        return self.preferred_during_scheduling_ignored_during_execution or ()


class Affinity(Fields, frozen=True):
    """Where a pod wants to be."""

    node_affinity: NodeAffinity | None = None


class PodSpec(Fields, frozen=True):
    """What a pod asks for."""

    node_name: str = ""
    scheduler_name: str = "default-scheduler"
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None
    tolerations: tuple[Toleration, ...] | None = None
    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    resources: Resources | None = None
    overhead: dict[str, Quantity] | None = None
    priority: int | None = None
    preemption_policy: str | None = None
    topology_spread_constraints: tuple[SpreadConstraint, ...] | None = None
    scheduling_gates: tuple[dict[str, str], ...] | None = None


class Condition(Fields, frozen=True):
    """Something that is so, or not."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""


class PodStatus(Fields, frozen=True):
    """How far a pod has come."""

    phase: str = ""
    conditions: tuple[Condition, ...] | None = None


class Pod(Fields, frozen=True):
    """A pod."""

    metadata: Metadata
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def key(self) -> str:
        """namespace/name."""
        return f"{self.metadata.namespace}/{self.metadata.name}"

    @property
    def is_finished(self) -> bool:
        """Whether it has ended and needs nothing any more."""
        return self.status.phase in ("Succeeded", "Failed")


class Taint(Fields, frozen=True):
    """What keeps pods away that do not tolerate it."""

    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Fields, frozen=True):
    """What is wanted of a node."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] | None = None


class Image(Fields, frozen=True):
    """An image that a node has."""

    names: tuple[str, ...] | None = None
    size_bytes: int = 0


class NodeStatus(Fields, frozen=True):
    """What a node has to give."""

    allocatable: dict[str, Quantity] | None = None
    capacity: dict[str, Quantity] | None = None
    images: tuple[Image, ...] | None = None


class Node(Fields, frozen=True):
    """A node."""

    metadata: Metadata
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


_POD = msgspec.json.Decoder(Pod)
_NODE = msgspec.json.Decoder(Node)


def pod(body: bytes) -> Pod:
    """The pod in these JSON bytes. Raises msgspec.ValidationError."""
    return _POD.decode(body)


def node(body: bytes) -> Node:
    """The node in these JSON bytes. Raises msgspec.ValidationError."""
    return _NODE.decode(body)
