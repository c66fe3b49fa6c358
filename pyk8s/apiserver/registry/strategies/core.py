"""Namespaces, nodes, secrets, config maps and jobs: small rules of single kinds."""

from __future__ import annotations

from base64 import b64encode

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.validation.causes import forbidden as forbidden_field
from pyk8s.apiserver.registry.objects import with_metadata
from pyk8s.apiserver.registry.strategies.strategy import STATUS, Part, Strategy, status_only

# Namespaces: they wait until everything in them is gone.

NAMESPACE_FINALIZER = "kubernetes"


def new_namespace(new: Object, now: str) -> Object:
    """Active, and held by the finalizer of the namespace controller."""
    spec = new.get("spec") or {}
    finalizers = list(spec.get("finalizers") or ())
    if NAMESPACE_FINALIZER not in finalizers:
        finalizers.append(NAMESPACE_FINALIZER)
    return {**new, "spec": {**spec, "finalizers": finalizers}, "status": {"phase": "Active"}}


def changed_namespace(new: Object, old: Object) -> Object:
    """The spec as it was: its finalizers change through `finalize` only."""
    return {**new, "spec": old.get("spec") or {}}


def finalized(new: Object, old: Object) -> Object:
    """`old` with the finalizers of `new`'s spec."""
    finalizers = (new.get("spec") or {}).get("finalizers") or []
    spec = {key: value for key, value in (old.get("spec") or {}).items() if key != "finalizers"}
    merged = with_metadata(old, resourceVersion=new["metadata"].get("resourceVersion"))
    return {**merged, "spec": {**spec, "finalizers": finalizers} if finalizers else spec}


def terminating(obj: Object) -> Object:
    """The namespace as it is while it is being emptied."""
    return {**obj, "status": {**(obj.get("status") or {}), "phase": "Terminating"}}


def namespace_waits(obj: Object) -> bool:
    """Whether the namespace still has finalizers in its spec."""
    return bool((obj.get("spec") or {}).get("finalizers"))


def namespace_status(new: Object, old: Object) -> Object:
    """The status as sent; its phase follows the deletion."""
    merged = status_only(new, old)
    phase = "Terminating" if "deletionTimestamp" in old["metadata"] else "Active"
    return {**merged, "status": {**(merged.get("status") or {}), "phase": phase}}


NAMESPACE = Strategy(
    prepare_for_create=new_namespace,
    prepare_for_update=changed_namespace,
    parts={"status": Part(namespace_status), "finalize": Part(finalized)},
    holds=namespace_waits,
    mark=terminating,
    names="dns_label",
    awaited=True,
    selectable=("status.phase",),
)


# Nodes: the kubelet that makes one says its status at once.


def check_node(new: Object, old: Object | None) -> list[Cause]:
    """The address range and the provider's id of a node may be given once."""
    causes: list[Cause] = []
    before, after = (old or {}).get("spec") or {}, new.get("spec") or {}
    for field in ("podCIDR", "podCIDRs", "providerID"):
        if before.get(field) and after.get(field) != before[field]:
            causes.append(forbidden_field(f"spec.{field}", "node updates may not change it except from empty to valid"))
    return causes


NODE = Strategy(validate=check_node, status_at_create=True, selectable=("spec.unschedulable",))


# Secrets and config maps.


def with_encoded(new: Object) -> Object:
    """The secret with its `stringData` in `data`, in base 64."""
    plain = new.get("stringData")
    if plain is None:
        return new
    data = {key: b64encode(value.encode()).decode() for key, value in plain.items()}
    rest = {key: value for key, value in new.items() if key != "stringData"}
    merged = {**(new.get("data") or {}), **data}
    return {**rest, "data": merged} if merged else rest


def check_unchanging(new: Object, old: Object | None) -> list[Cause]:
    """An immutable one stays as it is, and immutable."""
    if old is None or not old.get("immutable"):
        return []
    causes: list[Cause] = []
    if not new.get("immutable"):
        causes.append(forbidden_field("immutable", "field is immutable when `immutable` is set"))
    for field in ("data", "binaryData"):
        if (new.get(field) or {}) != (old.get(field) or {}):
            causes.append(forbidden_field(field, "field is immutable when `immutable` is set"))
    return causes


SECRET = Strategy(
    prepare_for_create=lambda new, now: with_encoded(new),
    prepare_for_update=lambda new, old: with_encoded(new),
    validate=check_unchanging,
    selectable=("type",),
)
CONFIG_MAP = Strategy(validate=check_unchanging)


# Jobs: the pods of a job are told by its uid.

JOB_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"


def new_job(new: Object, now: str) -> Object:
    """With the selector and pod labels that tell the job's pods, unless the job brings its own selector."""
    spec = new.get("spec") or {}
    if spec.get("manualSelector"):
        return new
    uid, name = new["metadata"]["uid"], new["metadata"].get("name", "")
    template = spec.get("template") or {}
    metadata = template.get("metadata") or {}
    own = {"controller-uid": uid, "job-name": name, JOB_UID: uid, JOB_NAME: name}
    template = {**template, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **own}}}
    selector = {"matchLabels": {JOB_UID: uid}}
    return {**new, "spec": {**spec, "selector": selector, "template": template}}


def changed_job(new: Object, old: Object) -> Object:
    """With the selector it was born with when the client leaves it out."""
    spec, before = new.get("spec") or {}, old.get("spec") or {}
    if "selector" in spec or "selector" not in before:
        return new
    return {**new, "spec": {**spec, "selector": before["selector"]}}


JOB = Strategy(
    prepare_for_create=new_job,
    prepare_for_update=changed_job,
    parts={"status": STATUS},
    counted=True,
    selectable=("status.successful",),
)
