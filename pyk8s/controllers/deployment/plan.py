"""What to do next for a Deployment: one round of its rollout, as a value.

Source: the Deployment concept page, and pkg/controller/deployment for the order of its steps. Unlike there, the new
ReplicaSet grows and the old ones shrink in one round: what the old ones may lose does not depend on what the new one
is given, so a rollout needs half the rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pyk8s.controllers.deployment import revisions, rollout, status
from pyk8s.controllers.deployment.rollout import Sets, Sizes
from pyk8s.reconcile.objects import Deployment, ReplicaSet


@dataclass(frozen=True, slots=True)
class Change:
    """What to write on a ReplicaSet; None leaves a part as it is."""

    target: ReplicaSet
    replicas: int | None = None
    annotations: dict[str, str] | None = None
    min_ready_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One round: make the ReplicaSet, change others, note the revision, delete history, write the status.

    `again` is the number of seconds after which time alone asks for another round.
    """

    create: dict[str, Any] | None = None
    changes: tuple[Change, ...] = ()
    revision: str | None = None
    delete: tuple[ReplicaSet, ...] = ()
    status: dict[str, Any] | None = None
    again: float | None = None


@dataclass(slots=True)
class _Draft:
    """A plan while it is made."""

    sizes: Sizes = field(default_factory=dict)
    create: dict[str, Any] | None = None
    delete: list[ReplicaSet] = field(default_factory=list)


def plan_deployment(
    deployment: Deployment, owned: Sequence[ReplicaSet], *, old_pods_exist: bool, now: datetime
) -> Plan:
    """The next round for `deployment`, which owns the ReplicaSets `owned`.

    `old_pods_exist` says whether pods of former revisions may still run: a recreation waits for their end.
    """
    new = revisions.find_new(deployment, owned)
    sets = Sets(new, tuple(one for one in owned if one is not new))
    conditions = status.Conditions(deployment.status.conditions, now)
    if deployment.metadata.deleting:
        return _concluded(deployment, sets, _Draft(), conditions, now, rolling=False)
    revision = max(revisions.next_revision(sets.olds), revisions.revision_of(new) if new else 0)
    status.judge_pause(conditions, deployment)
    draft = _Draft()
    rolling = not deployment.spec.paused and not rollout.is_scaling(deployment, sets)
    if rolling:
        _roll(draft, deployment, sets, revision, old_pods_exist)
    else:
        draft.sizes = rollout.changed(rollout.scaled_sizes(deployment, sets), sets)
    if deployment.spec.paused or (rolling and status.is_complete(deployment, status.count(sets, {}))):
        draft.delete = revisions.superfluous(deployment, sets.olds)
    _note_new(conditions, deployment, new, draft.create)
    plan = _concluded(deployment, sets, draft, conditions, now, rolling=rolling)
    return Plan(
        create=draft.create,
        changes=tuple(_changes(deployment, sets, draft.sizes, revision)),
        revision=_revision(deployment, new or draft.create, revision),
        delete=tuple(draft.delete),
        status=plan.status,
        again=plan.again,
    )


def _roll(draft: _Draft, deployment: Deployment, sets: Sets, revision: int, old_pods_exist: bool) -> None:
    sizes: Sizes = {}
    recreate = deployment.spec.strategy.type == "Recreate"
    if recreate and sets.active_olds:
        draft.sizes = {one.metadata.name: 0 for one in sets.active_olds}
        return
    if recreate and old_pods_exist and (sets.new is None or not sets.new.spec.replicas):
        return
    size = rollout.size_of_new(deployment, sets)
    if sets.new is None:
        draft.create = revisions.new_replica_set(deployment, size, revision)
    else:
        sizes[sets.new.metadata.name] = size
    if not recreate:
        sizes |= rollout.sizes_of_olds(deployment, sets)
    draft.sizes = rollout.changed(sizes, sets)


def _note_new(
    conditions: status.Conditions, deployment: Deployment, new: ReplicaSet | None, create: dict[str, Any] | None
) -> None:
    if not status.has_deadline(deployment):
        return
    if create is not None:
        name = create["metadata"]["name"]
        conditions.set("Progressing", "True", status.CREATED, f'Created new replica set "{name}"')
    elif new is not None and conditions.get("Progressing") is None:
        conditions.set("Progressing", "True", status.FOUND, f'Found new replica set "{new.metadata.name}"')


def _changes(deployment: Deployment, sets: Sets, sizes: Sizes, revision: int) -> list[Change]:
    sized = revisions.size_annotations(deployment)
    changes = []
    for one in sets.all:
        held = one.metadata.annotations
        size = sizes.get(one.metadata.name)
        wanted, least = dict(held), None
        if one is sets.new:
            wanted = revisions.new_annotations(deployment, held, revision)
            if one.spec.min_ready_seconds != deployment.spec.min_ready_seconds:
                least = deployment.spec.min_ready_seconds
        # Once a deployment has another size, all its active sets are marked as sized for it.
        if one is sets.new or size is not None or one.spec.replicas:
            wanted |= sized
        annotations = wanted if wanted != held else None
        if size is not None or annotations is not None or least is not None:
            changes.append(Change(one, size, annotations, least))
    return changes


def _revision(deployment: Deployment, newest: Any, revision: int) -> str | None:
    """The revision to note on the deployment, or None when it is there or nothing has it yet."""
    if newest is None or revisions.revision_of(deployment) == revision:
        return None
    return str(revision)


def _concluded(
    deployment: Deployment,
    sets: Sets,
    draft: _Draft,
    conditions: status.Conditions,
    now: datetime,
    *,
    rolling: bool,
) -> Plan:
    counts = status.count(sets, draft.sizes)
    held = status.Conditions(deployment.status.conditions, now).as_list()
    status.judge_availability(conditions, deployment, counts)
    if rolling:
        status.judge_progress(conditions, deployment, sets, counts, now)
    wanted = status.status_of(deployment, counts, conditions, deployment.status.collision_count)
    again = status.deadline_in(conditions.get("Progressing"), deployment, now) if rolling else None
    return Plan(status=wanted if status.differs(deployment, wanted, held) else None, again=again or None)
