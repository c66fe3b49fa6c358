"""The EndpointSlices a Service shall have, as the smallest change of those it has.

Source: KEP-752 (slices, at most 100 endpoints each by default), KEP-1672 (serving and terminating); of hints, hints.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from pyk8s.controllers.endpointslice.hints import Shares, is_spread, preferred, spread
from pyk8s.reconcile.objects import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Hints,
    Named,
    Pod,
    Service,
    TargetRef,
)
from pyk8s.reconcile.serving import addresses, can_be_endpoint, families, family, hostname, ports_of

MOST = 100
"""Endpoints in one slice."""
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"

Ports = tuple[EndpointPort, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A slice to make."""

    address_type: str
    ports: Ports
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Slices to make, to write anew (what stands there and what shall), and to delete.

    `spread` says of each address family why the zones could not be given its endpoints, "" when they were; it is empty
    for a service that does not ask for topology aware routing.
    """

    create: tuple[Draft, ...] = ()
    update: tuple[tuple[EndpointSlice, Draft], ...] = ()
    delete: tuple[EndpointSlice, ...] = ()
    spread: tuple[tuple[str, str], ...] = ()


UNKNOWN: Shares = MappingProxyType({})


def plan_slices(
    service: Service,
    pods: Sequence[Pod],
    held: Sequence[EndpointSlice],
    zones: Mapping[str, str],
    shares: Shares = UNKNOWN,
) -> Plan:
    """What brings the slices `held` of `service` to what its `pods` are now.

    `zones` says where each node is, `shares` what part of the cluster's CPU each zone has.
    """
    create: list[Draft] = []
    update: list[tuple[EndpointSlice, Draft]] = []
    delete: list[EndpointSlice] = []
    told: list[tuple[str, str]] = []
    wanted_types = families(service)
    delete += [one for one in held if one.address_type not in wanted_types]
    for address_type in wanted_types:
        groups = endpoints_by_ports(service, pods, address_type, zones)
        ours = sorted((s for s in held if s.address_type == address_type), key=lambda s: s.metadata.name)
        if is_spread(service):
            told.append((address_type, _spread(groups, ours, shares)))
        rounds = _Round(address_type)
        for ports, endpoints in groups.items():
            rounds.fit(ports, endpoints, [one for one in ours if one.ports == ports])
        rest = [one for one in ours if one.ports not in groups]
        if not groups:
            rounds.hold_place(rest)
        else:
            rounds.delete += rest
        create, update, delete = create + rounds.create, update + rounds.update, delete + rounds.delete
    labels = labels_of(service)
    for one in held:
        if one in delete or any(target is one for target, _ in update):
            continue
        if one.metadata.labels != labels:
            update.append((one, Draft(one.address_type, one.ports, one.endpoints)))
    return Plan(tuple(create), tuple(update), tuple(delete), tuple(told))


def _spread(groups: dict[Ports, dict[str, Endpoint]], ours: Sequence[EndpointSlice], shares: Shares) -> str:
    """Give the ready endpoints of one address family, in `groups`, the zones they are for; answers why it cannot be."""
    before = {identity(one): one.hints.for_zones for each in ours for one in each.endpoints if one.hints is not None}
    held = {key: named[0].name for key, named in before.items() if len(named) == 1}
    ready = {key: one.zone for group in groups.values() for key, one in group.items() if one.conditions.ready}
    found = spread(ready, held, shares)
    for group in groups.values():
        for key, one in group.items():
            if key in found.zones:
                group[key] = msgspec.structs.replace(one, hints=Hints((Named(found.zones[key]),)))
    return found.problem


@dataclass(slots=True)
class _Round:
    """The changes of one address family while they are worked out."""

    address_type: str
    create: list[Draft] = field(default_factory=list)
    update: list[tuple[EndpointSlice, Draft]] = field(default_factory=list)
    delete: list[EndpointSlice] = field(default_factory=list)

    def fit(self, ports: Ports, wanted: dict[str, Endpoint], slices: Sequence[EndpointSlice]) -> None:
        """Bring the slices of one set of ports to `wanted`, touching as few of them as possible."""
        left = dict(wanted)
        kept: list[tuple[EndpointSlice, tuple[Endpoint, ...], bool]] = []
        for one in slices:
            stay = tuple(left.pop(key) for endpoint in one.endpoints if (key := identity(endpoint)) in left)
            kept.append((one, stay, stay != one.endpoints))
        missing = list(left.values())
        # First into slices that are written anyway, then into the fullest that takes all of the rest.
        kept.sort(key=lambda entry: (not entry[2], -len(entry[1])))
        filled = []
        for one, stay, changed in kept:
            room = MOST - len(stay)
            if missing and room > 0 and (changed or len(missing) <= room):
                stay, missing, changed = stay + tuple(missing[:room]), missing[room:], True
            filled.append((one, stay, changed))
        for one, stay, changed in filled:
            if not stay:
                self.delete.append(one)
            elif changed:
                self.update.append((one, Draft(self.address_type, ports, stay)))
        for start in range(0, len(missing), MOST):
            self.create.append(Draft(self.address_type, ports, tuple(missing[start : start + MOST])))

    def hold_place(self, slices: Sequence[EndpointSlice]) -> None:
        """A service without endpoints has one empty slice, so that readers know it has been looked at."""
        empty = Draft(self.address_type, (), ())
        if not slices:
            self.create.append(empty)
            return
        first, *rest = slices
        if first.endpoints or first.ports:
            self.update.append((first, empty))
        self.delete += rest


def identity(endpoint: Endpoint) -> str:
    """What tells endpoints of one service apart: the pod, or the address where there is none."""
    return endpoint.target_ref.uid if endpoint.target_ref is not None else ",".join(endpoint.addresses)


def endpoints_by_ports(
    service: Service, pods: Sequence[Pod], address_type: str, zones: Mapping[str, str]
) -> dict[Ports, dict[str, Endpoint]]:
    """The endpoints of one address family, by the ports that their pods have, and then by identity.

    Pods that lack every named port of a service with ports stand in a group without ports, as Kubernetes has it.
    """
    groups: dict[Ports, dict[str, Endpoint]] = {}
    for pod in sorted(pods, key=lambda pod: pod.metadata.name):
        if not can_be_endpoint(pod):
            continue
        here = tuple(address for address in addresses(pod) if family(address) == address_type)
        if here:
            endpoint = endpoint_of(service, pod, here[:1], zones)
            groups.setdefault(ports_of(service, pod), {})[identity(endpoint)] = endpoint
    return groups


def endpoint_of(service: Service, pod: Pod, here: tuple[str, ...], zones: Mapping[str, str]) -> Endpoint:
    """The endpoint that a pod is. One on its way out may still serve, but is not ready, unless the service publishes
    all that it has."""
    serving, terminating = pod.is_ready, pod.metadata.deleting
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    metadata, node, zone = pod.metadata, pod.spec.node_name, zones.get(pod.spec.node_name, "")
    return Endpoint(
        addresses=here,
        conditions=EndpointConditions(ready, serving, terminating),
        hostname=hostname(pod, service),
        node_name=node,
        zone=zone,
        target_ref=TargetRef("Pod", metadata.namespace, metadata.name, metadata.uid),
        hints=preferred(service, ready, node, zone),
    )


def labels_of(service: Service) -> dict[str, str]:
    """The labels of the service's slices: its own, and those by which they are found."""
    labels = {**service.metadata.labels, SERVICE_NAME: service.metadata.name, MANAGED_BY: MANAGER}
    labels.pop(HEADLESS, None)
    if service.spec.cluster_ip == "None":
        labels[HEADLESS] = ""
    return labels
