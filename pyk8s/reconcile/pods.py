"""How controllers find, make and judge pods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pyk8s.api.objectmeta import parse_time
from pyk8s.reconcile.objects import Pod
from pyk8s.reconcile.ownership import controller_of

OWNER = "controller"
"""The index by controller: the owner's uid, or `-/NAMESPACE` for pods that nobody controls."""


def by_owner(obj: Any) -> Iterable[str]:
    """Where the index `OWNER` files an object."""
    owner = controller_of(obj.metadata)
    return (owner.uid,) if owner is not None else (orphans(obj.metadata.namespace),)


def orphans(namespace: str) -> str:
    """Where the index `OWNER` files the objects of a namespace that nobody controls."""
    return f"-/{namespace}"


def available_in(pod: Pod, min_ready_seconds: int, now: datetime) -> float | None:
    """Seconds until a pod that stays ready counts as available: 0 when it does already, None while it is not ready."""
    ready = pod.ready
    if ready is None or ready.status != "True":
        return None
    if not min_ready_seconds:
        return 0.0
    if not ready.last_transition_time:
        return float(min_ready_seconds)
    since = parse_time(ready.last_transition_time) + timedelta(seconds=min_ready_seconds)
    return max(0.0, (since - now).total_seconds())


def pod_from_template(template: Mapping[str, Any], owner: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The pod that `template` describes, owned by `owner` (an owner reference), its name made from `base`."""
    metadata = template.get("metadata") or {}
    kept = {key: metadata[key] for key in ("labels", "annotations", "finalizers") if metadata.get(key)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": f"{base}-", **kept, "ownerReferences": [owner]},
        "spec": template.get("spec") or {},
    }
