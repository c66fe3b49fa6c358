"""Sizes: how many pods each ReplicaSet of a Deployment shall have next. Pure arithmetic on specs and counts.

Source: pkg/controller/deployment (rolling.go, recreate.go, sync.go) for the rules; the Deployment concept page says
what they are for: never more than wanted + surge pods, never fewer than wanted - unavailable of them available.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyk8s.controllers.deployment.revisions import DESIRED, MAXIMUM, age, bounds, number
from pyk8s.reconcile.objects import Deployment, ReplicaSet

Sizes = dict[str, int]
"""The replicas each ReplicaSet shall have, by name; one that is not in it stays as it is."""


@dataclass(frozen=True, slots=True)
class Sets:
    """A Deployment's ReplicaSets: the one with its template, if any, and all others."""

    new: ReplicaSet | None
    olds: tuple[ReplicaSet, ...]

    @property
    def all(self) -> tuple[ReplicaSet, ...]:
        """Every one of them."""
        return (*self.olds, self.new) if self.new is not None else self.olds

    @property
    def active_olds(self) -> list[ReplicaSet]:
        """The others that shall have pods, from old to new."""
        return sorted((one for one in self.olds if one.spec.replicas), key=age)


def size_of_new(deployment: Deployment, sets: Sets) -> int:
    """How many pods the newest ReplicaSet shall have now, in a rolling update or a recreation."""
    wanted = deployment.spec.replicas
    held = sets.new.spec.replicas if sets.new is not None else 0
    if held >= wanted or deployment.spec.strategy.type != "RollingUpdate":
        return wanted
    surge, _ = bounds(deployment)
    room = wanted + surge - sum(one.spec.replicas for one in sets.all)
    return min(wanted, held + max(0, room))


def sizes_of_olds(deployment: Deployment, sets: Sets) -> Sizes:
    """How far a rolling update may shrink the old ReplicaSets now: pods that are not available go first."""
    _, unavailable = bounds(deployment)
    least = deployment.spec.replicas - unavailable
    new = sets.new
    total = sum(one.spec.replicas for one in sets.all)
    new_unavailable = new.spec.replicas - new.status.available_replicas if new is not None else 0
    room = total - least - new_unavailable
    if room <= 0:
        return {}
    olds = sets.active_olds
    sizes = _without_unavailable(olds, room)
    spare = sum(one.status.available_replicas for one in sets.all) - least
    for one in olds:
        held = sizes.get(one.metadata.name, one.spec.replicas)
        fewer = min(held, max(0, spare))
        if fewer:
            sizes[one.metadata.name] = held - fewer
            spare -= fewer
    return sizes


def _without_unavailable(olds: Sequence[ReplicaSet], room: int) -> Sizes:
    sizes: Sizes = {}
    for one in olds:
        broken = max(0, one.spec.replicas - one.status.available_replicas)
        fewer = min(broken, room)
        if fewer:
            sizes[one.metadata.name] = one.spec.replicas - fewer
            room -= fewer
    return sizes


def is_scaling(deployment: Deployment, sets: Sets) -> bool:
    """Whether the deployment was given another size since its ReplicaSets were sized."""
    for one in sets.all:
        held = one.metadata.annotations.get(DESIRED)
        if one.spec.replicas and held is not None and number(held) != deployment.spec.replicas:
            return True
    return False


def scaled_sizes(deployment: Deployment, sets: Sets) -> Sizes:
    """The sizes for another number of replicas without rolling on: in proportion while a rollout is under way."""
    wanted = deployment.spec.replicas
    if (only := _only_one(sets)) is not None:
        return {only.metadata.name: wanted} if only.spec.replicas != wanted else {}
    if _is_saturated(deployment, sets.new):
        return {one.metadata.name: 0 for one in sets.active_olds}
    if deployment.spec.strategy.type != "RollingUpdate":
        return {}
    return _proportional(deployment, sets)


def _only_one(sets: Sets) -> ReplicaSet | None:
    """The ReplicaSet that alone is to be sized: the only active one, or the newest when none is."""
    active = [one for one in sets.all if one.spec.replicas]
    if len(active) > 1:
        return None
    if active:
        return active[0]
    return sets.new or max(sets.olds, key=age, default=None)


def _is_saturated(deployment: Deployment, new: ReplicaSet | None) -> bool:
    if new is None:
        return False
    wanted = deployment.spec.replicas
    desired = number(new.metadata.annotations.get(DESIRED))
    return new.spec.replicas == desired == wanted == new.status.available_replicas


def _proportional(deployment: Deployment, sets: Sets) -> Sizes:
    wanted = deployment.spec.replicas
    surge, _ = bounds(deployment)
    active = [one for one in sets.all if one.spec.replicas]
    allowed = wanted + surge if wanted else 0
    rest = allowed - sum(one.spec.replicas for one in active)
    if rest == 0:
        return {}
    # The largest first; of equal ones the newer gains first and the older loses first.
    active.sort(key=age, reverse=rest > 0)
    active.sort(key=lambda one: -one.spec.replicas)
    sizes: Sizes = {}
    given = 0
    for one in active:
        share = _share(deployment, one, rest - given)
        given += share
        sizes[one.metadata.name] = one.spec.replicas + share
    first = active[0].metadata.name
    sizes[first] = max(0, sizes[first] + rest - given)
    return sizes


def _share(deployment: Deployment, one: ReplicaSet, left: int) -> int:
    """The part of the difference that one ReplicaSet takes, no more than what is `left` of it."""
    if left == 0:
        return 0
    wanted = deployment.spec.replicas
    if wanted == 0:
        part = -one.spec.replicas
    else:
        surge, _ = bounds(deployment)
        before = number(one.metadata.annotations.get(MAXIMUM)) or deployment.status.replicas
        if not before:
            return 0
        # Rounded half away from zero, in whole numbers.
        target = (2 * one.spec.replicas * (wanted + surge) + before) // (2 * before)
        part = target - one.spec.replicas
    return min(part, left) if left > 0 else max(part, left)


def changed(sizes: Mapping[str, int], sets: Sets) -> Sizes:
    """Those of `sizes` that differ from what the ReplicaSets have."""
    held = {one.metadata.name: one.spec.replicas for one in sets.all}
    return {name: size for name, size in sizes.items() if held.get(name) != size}
