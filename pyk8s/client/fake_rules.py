"""What the API server does to objects on their way in, as far as clients can tell: pure functions on dicts.

Source: Kubernetes API conventions (metadata, generation, finalizers) and the pod life cycle (graceful deletion).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyk8s.api.refs import Ref

Object = dict[str, Any]

KEPT = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
"""Metadata that no client writes."""

STATUS_OF_CLIENTS = ("nodes", "namespaces", "endpoints", "leases", "events", "customresourcedefinitions")
"""Resources whose status a create may carry, or that have none."""

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


def prepare_for_create(ref: Ref, body: Object, *, name: str, uid: str, now: str) -> Object:
    """`body` as it is stored when created: named, with uid, time and generation, without the status a client sent."""
    metadata = {key: value for key, value in (body.get("metadata") or {}).items() if value not in (None, {}, [], "")}
    for field in (*KEPT, "resourceVersion"):
        metadata.pop(field, None)
    metadata |= {"name": name, "uid": uid, "creationTimestamp": now}
    if ref.namespace:
        metadata["namespace"] = ref.namespace
    obj = {**body, "metadata": metadata}
    if "spec" in obj:
        metadata["generation"] = 1
    if ref.resource not in STATUS_OF_CLIENTS:
        obj.pop("status", None)
    if ref.group == "" and ref.resource == "pods":
        obj["status"] = {"phase": "Pending"}
    if ref.group == "" and ref.resource == "namespaces":
        labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": name}
        obj |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        metadata["labels"] = labels
    return obj


def prepare_for_update(ref: Ref, new: Object, old: Object) -> Object:
    """`new` as it is stored over `old`: each subresource changes its own part, and nobody the system's metadata."""
    if ref.subresource == "status":
        new = {**old, "status": new.get("status") or {}}
    elif ref.subresource == "finalize":
        finalizers = (new.get("spec") or {}).get("finalizers") or []
        new = {**old, "spec": {**(old.get("spec") or {}), "finalizers": finalizers}}
    elif ref.resource not in STATUS_OF_CLIENTS or ref.resource in ("nodes", "namespaces"):
        new = {**new, "status": old["status"]} if "status" in old else without(new, "status")
    metadata = {k: v for k, v in (new.get("metadata") or {}).items() if v not in (None, {}, [], "")}
    held = old["metadata"]
    for field in (*KEPT, "name", "namespace"):
        metadata.pop(field, None)
        if field in held:
            metadata[field] = held[field]
    new = {**new, "metadata": metadata}
    if "generation" in held and body_of(new) != body_of(old):
        metadata["generation"] = held["generation"] + 1
    return new


def without(obj: Mapping[str, Any], *fields: str) -> Object:
    """`obj` without `fields`."""
    return {key: value for key, value in obj.items() if key not in fields}


def body_of(obj: Object) -> Object:
    """What the generation counts changes of: everything but metadata and status."""
    return without(obj, "metadata", "status")


def same(new: Object, old: Object) -> bool:
    """Whether a write would change nothing; the resource version does not count."""
    return without(new, "metadata") == without(old, "metadata") and without(
        new["metadata"], "resourceVersion"
    ) == without(old["metadata"], "resourceVersion")


def is_finished(obj: Object) -> bool:
    """Whether an object that is being deleted has nothing left to wait for."""
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"):
        return False
    return not metadata.get("deletionGracePeriodSeconds")


def grace_of(ref: Ref, obj: Object, asked: int | None) -> int:
    """Seconds that a deletion waits for the pod to end: 0 for everything that is no pod, and for pods nobody runs."""
    if (ref.group, ref.resource) != ("", "pods"):
        return 0
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if not spec.get("nodeName") or status.get("phase") in ("Succeeded", "Failed"):
        return 0
    return asked if asked is not None else spec.get("terminationGracePeriodSeconds", 30)


def finalizers_after(obj: Object, propagation: str) -> list[str]:
    """The finalizers of an object whose deletion was asked for with `propagation`."""
    held = [one for one in obj["metadata"].get("finalizers") or () if one not in (FOREGROUND, ORPHAN)]
    if propagation == "Foreground":
        return [*held, FOREGROUND]
    if propagation == "Orphan":
        return [*held, ORPHAN]
    return list(obj["metadata"].get("finalizers") or ()) if not propagation else held


def prepare_for_delete(ref: Ref, obj: Object, *, grace: int | None, propagation: str, deadline: str) -> Object:
    """`obj` marked as being deleted; the caller removes it when `is_finished` says so.

    `deadline` is the time at which the grace period ends, which `grace_of` gave. A deletion that is under way is only
    ever shortened.
    """
    seconds = grace_of(ref, obj, grace)
    metadata = dict(obj["metadata"])
    finalizers = finalizers_after(obj, propagation)
    metadata.pop("finalizers", None)
    if finalizers:
        metadata["finalizers"] = finalizers
    under_way = "deletionTimestamp" in metadata
    if not under_way or seconds < metadata.get("deletionGracePeriodSeconds", 0):
        metadata |= {"deletionTimestamp": deadline, "deletionGracePeriodSeconds": seconds}
    if not under_way and "generation" in metadata:
        metadata["generation"] += 1
    obj = {**obj, "metadata": metadata}
    if obj.get("kind") == "Namespace":
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    return obj
