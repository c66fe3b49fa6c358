"""Metadata on its way in: what the system sets, what clients may not change, what a name must look like.

Pure functions on dicts; nothing passed in is changed. Source: Kubernetes API conventions, "Metadata"; apimachinery,
pkg/api/validation/objectmeta.go.
"""

from __future__ import annotations

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.api.validation.causes import duplicate, each, immutable, required
from pyk8s.api.validation.causes import forbidden as forbidden_field
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.registry.objects import with_metadata, without

SYSTEM = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
    "resourceVersion",
)
"""Fields that no client writes."""

MAX_ANNOTATIONS_BYTES = 256 * 1024
"""All keys and values of the annotations together. Source: apimachinery, TotalAnnotationSizeLimitB."""

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
"""The finalizers that say what becomes of an object's dependents."""


def for_create(obj: Object, *, name: str, namespace: str, uid: str, now: str, counted: bool) -> Object:
    """`obj` with the metadata of a new object; `counted` gives it generation 1. `now` is an RFC 3339 time."""
    own = ("name", "namespace", *SYSTEM)
    sent = {key: value for key, value in obj["metadata"].items() if value not in ("", {}, []) and key not in own}
    metadata: Object = {"name": name, "uid": uid, "creationTimestamp": now}
    if namespace:
        metadata["namespace"] = namespace
    if counted:
        metadata["generation"] = 1
    return {**obj, "metadata": metadata | sent}


def for_update(new: Object, old: Object) -> Object:
    """`new` with the system's fields as `old` has them; its own resourceVersion is gone."""
    sent = {key: value for key, value in new["metadata"].items() if value not in ("", {}, [])}
    held = old["metadata"]
    kept = {key: held[key] for key in held if key in SYSTEM or key in ("name", "namespace", "generateName")}
    rest = {key: value for key, value in sent.items() if key not in SYSTEM and key not in kept}
    return {**new, "metadata": {**kept, **rest}}


def count(new: Object, old: Object) -> Object:
    """`new` with the next generation when anything but metadata and status changed; the same when nothing did."""
    generation = old["metadata"].get("generation")
    if not generation or without(new, "metadata", "status") == without(old, "metadata", "status"):
        return new
    return with_metadata(new, generation=generation + 1)


def check(obj: Object, resource: Resource, name_rule: str = "dns_subdomain") -> list[Cause]:
    """What is wrong with the metadata of a new object; names by the form `name_rule` of `api.syntax`."""
    metadata = obj["metadata"]
    causes: list[Cause] = []
    name = metadata.get("name")
    if not name:
        causes.append(required("metadata.name", "name or generateName is required"))
    elif not isinstance(name, str):
        causes.append(invalid_value("metadata.name", name, "must be text"))
    else:
        causes += each("metadata.name", name, NAME_RULES[name_rule](name))
    return causes + check_maps(metadata) + check_references(metadata)


def check_maps(metadata: Object) -> list[Cause]:
    """What is wrong with labels, annotations and finalizers."""
    causes: list[Cause] = []
    for key, value in (metadata.get("labels") or {}).items():
        causes += each("metadata.labels", key, syntax.qualified_name(key))
        causes += each("metadata.labels", value, syntax.label_value(value))
    annotations = metadata.get("annotations") or {}
    for key in annotations:
        causes += each("metadata.annotations", key, syntax.qualified_name(key.lower()))
    if annotations and sum(len(k.encode()) + len(v.encode()) for k, v in annotations.items()) > MAX_ANNOTATIONS_BYTES:
        message = f"Too long: may not be more than {MAX_ANNOTATIONS_BYTES} bytes"
        causes.append(Cause("FieldValueTooLong", message, "metadata.annotations"))
    for index, name in enumerate(metadata.get("finalizers") or ()):
        causes += each(f"metadata.finalizers[{index}]", name, syntax.qualified_name(name))
        if "/" not in name and name not in (ORPHAN, FOREGROUND, "kubernetes"):
            detail = "name is neither a standard finalizer name nor is it fully qualified"
            causes.append(invalid_value(f"metadata.finalizers[{index}]", name, detail))
    return causes


def check_references(metadata: Object) -> list[Cause]:
    """What is wrong with the owner references."""
    causes: list[Cause] = []
    controllers = 0
    for index, reference in enumerate(metadata.get("ownerReferences") or ()):
        at = f"metadata.ownerReferences[{index}]"
        for field in ("apiVersion", "kind", "name", "uid"):
            if not reference.get(field):
                causes.append(required(f"{at}.{field}", "must not be empty"))
        if reference.get("controller"):
            controllers += 1
    if controllers > 1:
        detail = "Only one reference can have Controller set to true"
        causes.append(invalid_value("metadata.ownerReferences", metadata["ownerReferences"], detail))
    return causes


def check_update(new: Object, old: Object) -> list[Cause]:
    """What is wrong with the metadata that a client sent to replace `old`'s."""
    sent, held = new["metadata"], old["metadata"]
    causes: list[Cause] = []
    for field in ("name", "namespace"):
        if sent.get(field):
            causes += immutable(f"metadata.{field}", sent[field], held.get(field))
    causes += check_maps(sent) + check_references(sent)
    if "deletionTimestamp" in held:
        added = [one for one in sent.get("finalizers") or () if one not in (held.get("finalizers") or ())]
        if added:
            detail = f"no new finalizers can be added if the object is being deleted, found new finalizers {added}"
            causes.append(forbidden_field("metadata.finalizers", detail))
    names = sent.get("finalizers") or []
    if ORPHAN in names and FOREGROUND in names:
        causes.append(duplicate("metadata.finalizers", f"{ORPHAN} and {FOREGROUND} cannot be both set"))
    return causes


NAME_RULES = {
    "dns_subdomain": syntax.dns_subdomain,
    "dns_label": syntax.dns_label,
    "dns_1035_label": syntax.dns_1035_label,
    "path_segment": syntax.path_segment,
}
"""The forms a kind's names may have, by the name a strategy says."""
