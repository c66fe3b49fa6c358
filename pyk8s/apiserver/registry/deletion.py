"""What a deletion does next: mark the object, remove it, or nothing, because it is under way already.

Pure: a plan of values. Source: apiserver, registry/rest/delete.go and registry/generic/registry/store.go; the pod life
cycle (graceful deletion) and garbage collection (propagation policies) of the Kubernetes documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from pyk8s.api.errors import Cause, bad_request, conflict, invalid
from pyk8s.api.objectmeta import Object, parse_time, timestamp
from pyk8s.api.resources import Resource
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.api.validation.causes import unsupported
from pyk8s.apiserver.registry.metadata import FOREGROUND, ORPHAN
from pyk8s.apiserver.registry.objects import with_metadata
from pyk8s.apiserver.request import Options

POLICIES = ("Foreground", "Background", "Orphan")


@dataclass(frozen=True, slots=True)
class Mark:
    """Store `obj`, which says that it is being deleted; whoever finalizes or confirms ends it."""

    obj: Object


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the object away now."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Change nothing: the deletion is under way."""


Step: TypeAlias = Mark | Remove | Keep
Grace: TypeAlias = Callable[[Object, int | None], int | None]
"""Seconds that an object may take to end, given what was asked for; None for kinds that end at once."""


def read_options(options: Options, sent: Mapping[str, Any]) -> Options:
    """The options of a deletion: what a DeleteOptions body says stands before what the query says.

    Raises ApiError (Invalid, BadRequest) for a policy that is none.
    """
    wanted = sent.get("preconditions") or {}
    options = replace(
        options,
        grace_seconds=sent.get("gracePeriodSeconds", options.grace_seconds),
        propagation=sent.get("propagationPolicy") or options.propagation,
        orphan_dependents=sent.get("orphanDependents", options.orphan_dependents),
        uid=wanted.get("uid") or options.uid,
        resource_version=wanted.get("resourceVersion") or options.resource_version,
        dry_run=options.dry_run or _is_dry(sent.get("dryRun")),
    )
    causes: list[Cause] = []
    if options.propagation and options.propagation not in POLICIES:
        causes.append(unsupported("propagationPolicy", options.propagation, (*POLICIES, "nil")))
    if options.propagation and options.orphan_dependents is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        causes.append(invalid_value("propagationPolicy", options.propagation, detail))
    if causes:
        raise invalid("meta.k8s.io", "DeleteOptions", "", causes)
    return options


def _is_dry(sent: Any) -> bool:
    if not sent:
        return False
    if sent != ["All"]:
        raise bad_request(f'dryRun: Unsupported value: {sent}: supported values: "All"')
    return True


def check_preconditions(resource: Resource, obj: Object, revision: int, options: Options) -> None:
    """Raise ApiError (Conflict) unless the object is the one that the options mean."""
    name, uid = obj["metadata"].get("name", ""), obj["metadata"].get("uid", "")
    if options.uid and options.uid != uid:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({uid}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(resource.group, resource.plural, name, why)
    if options.resource_version and options.resource_version != str(revision):
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
            f"ResourceVersion in record ({revision}). The object might have been modified"
        )
        raise conflict(resource.group, resource.plural, name, why)


def plan_delete(
    obj: Object, options: Options, now: datetime, *, grace: Grace = lambda obj, asked: None, holds: bool = False
) -> Step:
    """What deleting `obj` does next. A deletion that is under way is only ever shortened.

    `grace` is its kind's; `holds` says that it waits for more than finalizers and grace.
    """
    metadata = obj["metadata"]
    finalizers = finalizers_after(metadata.get("finalizers") or [], options)
    waits = holds or bool(finalizers)
    if "deletionTimestamp" in metadata:
        return _plan_again(obj, finalizers, options, waits)
    seconds = grace(obj, options.grace_seconds) or 0
    return Mark(marked(obj, seconds, finalizers, now)) if seconds or waits else Remove()


def _plan_again(obj: Object, finalizers: list[str], options: Options, waits: bool) -> Step:
    metadata = obj["metadata"]
    held = metadata.get("deletionGracePeriodSeconds") or 0
    asked = options.grace_seconds
    if held and asked is not None and asked < held:
        seconds = max(0, asked)
        if not seconds and not waits:
            return Remove()
        began = parse_time(metadata["deletionTimestamp"]) - timedelta(seconds=held)
        deadline = timestamp(began + timedelta(seconds=seconds))
        return Mark(with_metadata(obj, deletionTimestamp=deadline, deletionGracePeriodSeconds=seconds))
    if held:
        return Keep()
    if not waits:
        return Remove()
    changed = finalizers != (metadata.get("finalizers") or [])
    return Mark(with_metadata(obj, finalizers=finalizers or None)) if changed else Keep()


def marked(obj: Object, seconds: int, finalizers: list[str], now: datetime) -> Object:
    """`obj` as it is while it is being deleted, `seconds` before it must be gone."""
    generation = obj["metadata"].get("generation")
    return with_metadata(
        obj,
        deletionTimestamp=timestamp(now + timedelta(seconds=seconds)),
        deletionGracePeriodSeconds=seconds,
        finalizers=finalizers or None,
        generation=generation + 1 if generation else None,
    )


def finalizers_after(held: list[str], options: Options) -> list[str]:
    """The finalizers once deletion was asked for: the policy adds its own, and takes away the other one's."""
    orphan, foreground = ORPHAN in held, FOREGROUND in held
    if options.propagation:
        orphan, foreground = options.propagation == "Orphan", options.propagation == "Foreground"
    elif options.orphan_dependents is not None:
        orphan, foreground = options.orphan_dependents, foreground and not options.orphan_dependents
    rest = [one for one in held if one not in (ORPHAN, FOREGROUND)]
    return rest + [ORPHAN] * orphan + [FOREGROUND] * (foreground and not orphan)


def is_finished(obj: Object) -> bool:
    """Whether an object that is being deleted has nothing left to wait for: the write that says so removes it."""
    metadata = obj["metadata"]
    return (
        "deletionTimestamp" in metadata
        and not metadata.get("finalizers")
        and not metadata.get("deletionGracePeriodSeconds")
    )
