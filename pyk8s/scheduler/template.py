"""What a pod is to the scheduler: everything that decides where it may go. Pods alike in all of it share a template."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from pyk8s.api.selectors import NOTHING, Requirement, Selector, SelectorInvalid, from_object
from pyk8s.scheduler.objects import Container, NodeSelectorTerm, Pod, PreferredTerm, SpreadConstraint, Toleration
from pyk8s.scheduler.requests import Amounts, requested

HostPort = tuple[str, str, int]
"""Address ("" for all), protocol, port."""

KEPT = 2048
"""Templates that are remembered."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A spread constraint whose selector has been read."""

    key: str
    max_skew: int
    selector: Selector
    hard: bool
    min_domains: int
    honor_affinity: bool
    honor_taints: bool


@dataclass(frozen=True, slots=True, eq=False)
class PodTemplate:
    """The same object for all pods that are alike; compared by identity."""

    namespace: str
    labels: Mapping[str, str]
    owner: str
    """The uid of the controller that made the pods, or ""."""
    node_name: str
    requests: Amounts
    scored: Amounts
    """The requests as nodes are compared by them."""
    tolerations: Sequence[Toleration]
    node_selector: Mapping[str, str]
    required: Sequence[NodeSelectorTerm] | None
    preferred: Sequence[PreferredTerm]
    ports: Sequence[HostPort]
    images: Sequence[str]
    containers: int
    spread: Sequence[Spread]
    memo: dict[str, tuple[int, object]] = field(default_factory=dict)
    """What plugins have found out from nodes alone: plugin to (version of the nodes, result)."""


class Templates:
    """Finds the template of a pod, the same one for pods that are alike."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[bytes, PodTemplate] = OrderedDict()

    def of(self, pod: Pod) -> PodTemplate:
        """The template of `pod`, wherever it stands: the node it was put on is no part of it."""
        fingerprint = _fingerprint(pod)
        found = self._known.get(fingerprint)
        if found is None:
            found = self._known[fingerprint] = replace(make(pod), node_name="", memo={})
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(fingerprint)
        return found


def _fingerprint(pod: Pod) -> bytes:
    spec, metadata = pod.spec, pod.metadata
    return msgspec.json.encode(
        (
            metadata.namespace,
            metadata.labels,
            _owner(pod),
            spec.node_selector,
            spec.affinity,
            spec.tolerations,
            spec.containers,
            spec.init_containers,
            spec.resources,
            spec.overhead,
            spec.topology_spread_constraints,
        )
    )


def make(pod: Pod) -> PodTemplate:
    """The template of `pod`, read anew."""
    spec = pod.spec
    affinity = spec.affinity.node_affinity if spec.affinity else None
    required = affinity.required if affinity else None
    containers = (*(spec.containers or ()), *(spec.init_containers or ()))
    labels = pod.metadata.labels or {}
    return PodTemplate(
        namespace=pod.metadata.namespace,
        labels=labels,
        owner=_owner(pod),
        node_name=spec.node_name,
        requests=requested(spec),
        scored=requested(spec, scored=True),
        tolerations=spec.tolerations or (),
        node_selector=spec.node_selector or {},
        required=(required.node_selector_terms or ()) if required else None,
        preferred=affinity.preferred if affinity else (),
        ports=host_ports(containers),
        images=[one.image for one in containers],
        containers=len(containers),
        spread=[_spread(one, labels) for one in spec.topology_spread_constraints or ()],
    )


def _owner(pod: Pod) -> str:
    return next((one.uid for one in pod.metadata.owner_references or () if one.controller), "")


def host_ports(containers: Sequence[Container]) -> list[HostPort]:
    """The ports of the node that these containers take."""
    ports = [port for one in containers for port in one.ports or () if port.host_port]
    return [("" if one.host_ip in ("0.0.0.0", "::") else one.host_ip, one.protocol, one.host_port) for one in ports]  # noqa: S104 - compared, not bound


def _spread(constraint: SpreadConstraint, labels: Mapping[str, str]) -> Spread:
    try:
        selector = from_object(constraint.label_selector)
    except SelectorInvalid:
        selector = NOTHING
    # Source: KEP-3243: keys that the pod does not have are passed over.
    same = [Requirement(key, "In", (labels[key],)) for key in constraint.match_label_keys or () if key in labels]
    return Spread(
        key=constraint.topology_key,
        max_skew=constraint.max_skew,
        selector=Selector((*selector.requirements, *same), selector.never),
        hard=constraint.when_unsatisfiable == "DoNotSchedule",
        min_domains=constraint.min_domains or 1,
        honor_affinity=constraint.node_affinity_policy != "Ignore",
        honor_taints=constraint.node_taints_policy == "Honor",
    )
