"""For which zones and nodes an endpoint is meant.

Source: KEP-4444 and KEP-3015 (spec.trafficDistribution), KEP-2433 (topology aware routing: by how much of the CPU each
zone has, and none gets more than a fifth above its share); Kubernetes documentation, "Topology Aware Routing".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from pyk8s.api.quantity import QuantityInvalid, millicores
from pyk8s.reconcile.fields import condition
from pyk8s.reconcile.objects import Hints, Named, Node, Service

ZONE = "topology.kubernetes.io/zone"
MODE = "service.kubernetes.io/topology-mode"
FORMER_MODE = "service.kubernetes.io/topology-aware-hints"
"""What the annotation was called before 1.27; it still goes before the other."""

SAME_NODE = "PreferSameNode"
SAME_ZONE = ("PreferSameZone", "PreferClose", SAME_NODE)
"""`PreferClose` is the former name; a node that has no endpoint of its own looks to its zone."""

UNCOUNTED = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")
"""Nodes with such a label are not where clients are."""

OVERLOAD = Fraction(6, 5)
"""How far above its share an endpoint may be loaded."""

UNKNOWN_NODES = "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes"
UNKNOWN_ZONE = "One or more endpoints do not have a zone specified"
TOO_FEW = "Insufficient number of endpoints"
TOO_UNEVEN = "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"

Shares = Mapping[str, Fraction]
"""The part of the cluster's CPU that each zone has; none when it is not known, or there is one zone only."""


def is_spread(service: Service) -> bool:
    """Whether the service's annotation asks for topology aware routing; its trafficDistribution then means nothing."""
    annotations = service.metadata.annotations
    return annotations.get(FORMER_MODE, annotations.get(MODE)) in ("Auto", "auto")


def preferred(service: Service, ready: bool, node: str, zone: str) -> Hints | None:
    """The hints that the service's trafficDistribution gives an endpoint on `node` in `zone`; None when it has none."""
    how = service.spec.traffic_distribution
    if not ready or how not in SAME_ZONE or is_spread(service):
        return None
    zones = (Named(zone),) if zone else ()
    nodes = (Named(node),) if node and how == SAME_NODE else ()
    return Hints(zones, nodes) if zones or nodes else None


@dataclass(frozen=True, slots=True)
class Capacity:
    """Where a node is and how many millicores it has for pods; "" and 0 when it does not say."""

    zone: str
    millicores: int


def capacity_of(node: Node | None) -> Capacity | None:
    """What `node` adds to its zone; None when it does not count: gone, not ready, or of the control plane."""
    if node is None or any(label in node.metadata.labels for label in UNCOUNTED):
        return None
    ready = condition(node.status.conditions, "Ready")
    if ready is None or ready.status != "True":
        return None
    try:
        cpu = millicores(node.status.allocatable.get("cpu", "0"))
    except QuantityInvalid:
        cpu = 0
    return Capacity(node.metadata.labels.get(ZONE, ""), cpu)


def shares_of(capacities: Iterable[Capacity | None]) -> Shares:
    """Each zone's part of all; {} when one node does not say enough, or when there are not two zones."""
    sums: Counter[str] = Counter()
    for each in capacities:
        if each is None:
            continue
        if not each.zone or not each.millicores:
            return {}
        sums[each.zone] += each.millicores
    if len(sums) < 2:
        return {}
    whole = sums.total()
    return {zone: Fraction(cpu, whole) for zone, cpu in sums.items()}


@dataclass(frozen=True, slots=True)
class Spread:
    """For which zone each endpoint is meant; when it cannot be said, for none, and the `problem` in words."""

    zones: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How many endpoints a zone shall have: so many, as near as may be to `desired`."""

    least: int
    most: int
    desired: Fraction


def spread(zones: Mapping[str, str], held: Mapping[str, str], shares: Shares) -> Spread:
    """Give every ready endpoint a zone, so that each zone has of them what it has of the CPU.

    `zones` says where each is, `held` for which zone each was meant until now: that stays while it overloads no zone.
    """
    count = len(zones)
    if not shares:
        return Spread(problem=UNKNOWN_NODES)
    if count < len(shares):
        return Spread(problem=f"{TOO_FEW} ({count} endpoints, {len(shares)} zones)")
    if not all(zones.values()):
        return Spread(problem=UNKNOWN_ZONE)
    bounds = _bounds(count, shares)
    if bounds is None:
        return Spread(problem=f"{TOO_UNEVEN} ({count} endpoints, {len(shares)} zones)")
    kept = {key: held.get(key, zone) for key, zone in zones.items()}
    if held and _fits(Counter(kept.values()), bounds):
        return Spread(kept)
    return Spread(_redistributed(zones, bounds))


def _bounds(count: int, shares: Shares) -> dict[str, _Bounds] | None:
    """What each zone may have of `count` endpoints; None when not every zone can have its least."""
    least = {zone: ceil(share * count / OVERLOAD) for zone, share in shares.items()}
    spare = count - sum(least.values())
    if spare < 0:
        return None
    return {
        zone: _Bounds(least[zone], least[zone] + spare, max(share * count, Fraction(least[zone])))
        for zone, share in shares.items()
    }


def _fits(counts: Counter[str], bounds: Mapping[str, _Bounds]) -> bool:
    return counts.keys() <= bounds.keys() and all(
        each.least <= counts[zone] <= each.most for zone, each in bounds.items()
    )


def _redistributed(zones: Mapping[str, str], bounds: Mapping[str, _Bounds]) -> dict[str, str]:
    """Each endpoint for its own zone, but for those that a zone with too many gives to one with too few."""
    counts = Counter(zones.values())
    missing = {zone: each.desired - counts[zone] for zone, each in bounds.items()}
    # A zone without a node that counts needs none of its endpoints.
    missing |= {zone: Fraction(-count) for zone, count in counts.items() if zone not in bounds}
    gifts: dict[str, list[str]] = {zone: [] for zone in counts}
    while True:
        giver, taker = min(sorted(missing), key=missing.__getitem__), max(sorted(missing), key=missing.__getitem__)
        spare, needed = -missing[giver], missing[taker]
        # Half an endpoint moved would be as far off as before; moving one is worth it when it helps one of both fully.
        if min(spare, needed) < Fraction(1, 2) or max(spare, needed) < 1:
            break
        gifts[giver].append(taker)
        missing[giver] += 1
        missing[taker] -= 1
    return {key: gifts[zone].pop(0) if gifts[zone] else zone for key, zone in zones.items()}
