"""The ReplicaSets of a Deployment as revisions: which is the new one, what it is called, what is written on it.

Source: pkg/controller/deployment/util (annotations and revision numbers) and the Deployment concept page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson

from pyk8s.api.intorstring import ShareInvalid, scaled
from pyk8s.api.podtemplate import HASH_LABEL, canonical_json, template_hash
from pyk8s.reconcile.objects import Deployment, ReplicaSet, template_of
from pyk8s.reconcile.ownership import owner_reference

PREFIX: Final = "deployment.kubernetes.io/"
REVISION: Final = PREFIX + "revision"
HISTORY: Final = PREFIX + "revision-history"
DESIRED: Final = PREFIX + "desired-replicas"
MAXIMUM: Final = PREFIX + "max-replicas"
NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        HISTORY,
        DESIRED,
        MAXIMUM,
        "deprecated.deployment.rollback.to",
    }
)
"""Annotations of a deployment that mean nothing on a ReplicaSet."""
HISTORY_LENGTH: Final = 2000


def bounds(deployment: Deployment) -> tuple[int, int]:
    """(surge, unavailable): how many pods above the wanted number there may be, and how many below may be available.

    Percentages of surge round up, those of unavailable down; where both come out as 0, one may be unavailable, or
    nothing could ever move. A deployment of strategy Recreate has neither.
    """
    spec = deployment.spec
    if spec.strategy.type != "RollingUpdate":
        return 0, 0
    rolling = spec.strategy.rolling_update
    surge = _share(rolling.max_surge if rolling else None, spec.replicas, round_up=True)
    unavailable = _share(rolling.max_unavailable if rolling else None, spec.replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, spec.replicas)


def _share(value: int | str | None, total: int, *, round_up: bool) -> int:
    try:
        return max(0, scaled("25%" if value is None else value, total, round_up=round_up))
    except ShareInvalid:  # admission refuses it; an object from elsewhere shall not stop its rollout
        return scaled("25%", total, round_up=round_up)


def without_hash(template: Mapping[str, Any]) -> bytes:
    """A template in a form in which equal ones are equal, whatever hash they are labelled with."""
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return canonical_json({**template, "metadata": metadata})


def find_new(deployment: Deployment, sets: Sequence[ReplicaSet]) -> ReplicaSet | None:
    """The oldest of `sets` that has the deployment's template, or None."""
    wanted = without_hash(template_of(deployment))
    for one in sorted(sets, key=age):
        if without_hash(template_of(one)) == wanted:
            return one
    return None


def age(one: ReplicaSet) -> tuple[str, str]:
    """Sorts ReplicaSets from old to new."""
    return one.metadata.creation_timestamp, one.metadata.name


def number(value: str | None) -> int:
    """A revision or size as written in an annotation; 0 for none or nonsense."""
    try:
        return int(value or 0)
    except ValueError:
        return 0


def revision_of(one: ReplicaSet | Deployment) -> int:
    """The revision an object says it is; 0 when it says none."""
    return number(one.metadata.annotations.get(REVISION))


def next_revision(olds: Sequence[ReplicaSet]) -> int:
    """The revision that the newest ReplicaSet has to have."""
    return max((revision_of(one) for one in olds), default=0) + 1


def size_annotations(deployment: Deployment) -> dict[str, str]:
    """What a ReplicaSet remembers of the deployment it was sized for."""
    surge, _ = bounds(deployment)
    return {DESIRED: str(deployment.spec.replicas), MAXIMUM: str(deployment.spec.replicas + surge)}


def new_annotations(deployment: Deployment, held: Mapping[str, str], revision: int) -> dict[str, str]:
    """The annotations of the newest ReplicaSet, which has `held` now and becomes at least `revision`.

    A revision that is used again (an undo) keeps its former numbers as its history.
    """
    copied = {key: value for key, value in deployment.metadata.annotations.items() if key not in NOT_COPIED}
    wanted = {**held, **copied}
    old = number(held.get(REVISION))
    if old < revision:
        wanted[REVISION] = str(revision)
        if old:
            former = f"{held[HISTORY]},{old}" if held.get(HISTORY) else str(old)
            while len(former) > HISTORY_LENGTH and "," in former:
                former = former.partition(",")[2]
            wanted[HISTORY] = former
    return wanted


def new_replica_set(deployment: Deployment, replicas: int, revision: int) -> dict[str, Any]:
    """The ReplicaSet for the deployment's template, of the size and revision given."""
    template = template_of(deployment)
    mark = template_hash(template, deployment.status.collision_count or 0)
    metadata = {**(template.get("metadata") or {})}
    labels = {**(metadata.get("labels") or {}), HASH_LABEL: mark}
    selector = orjson.loads(msgspec.json.encode(deployment.spec.selector))
    selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: mark}
    owner = deployment.metadata
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{owner.name}-{mark}",
            "namespace": owner.namespace,
            "labels": labels,
            "annotations": {**new_annotations(deployment, {}, revision), **size_annotations(deployment)},
            "ownerReferences": [owner_reference("apps/v1", "Deployment", owner.name, owner.uid)],
        },
        "spec": {
            "replicas": replicas,
            **({"minReadySeconds": deployment.spec.min_ready_seconds} if deployment.spec.min_ready_seconds else {}),
            "selector": selector,
            "template": {**template, "metadata": {**metadata, "labels": labels}},
        },
    }


def superfluous(deployment: Deployment, olds: Sequence[ReplicaSet]) -> list[ReplicaSet]:
    """The ReplicaSets beyond the history limit, lowest revision first; none that still has or may have pods."""
    limit = deployment.spec.revision_history_limit
    idle = sorted((one for one in olds if not one.metadata.deleting), key=lambda one: (revision_of(one), age(one)))
    return [
        one
        for one in idle[: max(0, len(idle) - limit)]
        if not one.spec.replicas
        and not one.status.replicas
        and one.status.observed_generation >= one.metadata.generation
    ]
