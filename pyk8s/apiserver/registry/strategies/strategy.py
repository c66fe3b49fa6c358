"""What one kind adds to the generic way of storing objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object

Prepare: TypeAlias = Callable[[Object, str], Object]
"""(new, now) -> new: what clients may not set is gone from the result; `now` is an RFC 3339 time."""

Merge: TypeAlias = Callable[[Object, Object], Object]
"""(new, old) -> new: the part of `new` that this write may change, on top of the rest of `old`."""

Validate: TypeAlias = Callable[[Object, Object | None], list[Cause]]
"""(new, old) -> what is wrong; [] when nothing is. `old` is None for a create."""


def unprepared(new: Object, now: str) -> Object:
    """Nothing to prepare."""
    return new


def unmerged(new: Object, old: Object) -> Object:
    """Everything may change."""
    return new


def unchecked(new: Object, old: Object | None) -> list[Cause]:
    """The schema says it all."""
    return []


def at_once(obj: Object, asked: int | None) -> int | None:
    """The kind knows no grace: a deletion ends at once."""
    return None


def silent(obj: Object) -> list[str]:
    """Nothing to warn of."""
    return []


def status_only(new: Object, old: Object) -> Object:
    """`old` with the status of `new`; of the metadata only labels and annotations may come from `new`."""
    metadata = {**old["metadata"], "resourceVersion": new["metadata"].get("resourceVersion")}
    for name in ("labels", "annotations"):
        if name in new["metadata"]:
            metadata[name] = new["metadata"][name]
    merged = {**old, "metadata": metadata}
    if "status" in new:
        return {**merged, "status": new["status"]}
    merged.pop("status", None)
    return merged


@dataclass(frozen=True, slots=True)
class Part:
    """A subresource that is a part of the object itself: status, finalize, resize, …"""

    merge: Merge
    validate: Callable[[Object, Object], list[Cause]] = unchecked
    counted: bool = True
    """Whether the generation counts what it changes of the spec."""


STATUS = Part(status_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One kind's own rules. Every function is pure and changes none of its arguments."""

    prepare_for_create: Prepare = unprepared
    prepare_for_update: Merge = unmerged
    validate: Validate = unchecked
    grace: Callable[[Object, int | None], int | None] = at_once
    """Seconds an object has to end when it is deleted, given what was asked for; None: it ends at once."""
    holds: Callable[[Object], bool] = lambda obj: False
    """Whether an object that is being deleted waits for more than its finalizers."""
    mark: Callable[[Object], Object] = lambda obj: obj
    """What else a deletion that begins changes."""
    parts: Mapping[str, Part] = field(default_factory=lambda: {"status": STATUS})
    """The subresources that are parts of the object. With a status among them, other writes leave it alone."""
    warn: Callable[[Object], list[str]] = silent
    names: str = "dns_subdomain"
    """The form of its names: a key of `metadata.NAME_RULES`."""
    counted: bool = False
    """Whether the generation counts changes of the spec."""
    status_at_create: bool = False
    """Whether a create may carry a status."""
    blind_update: bool = True
    """Whether an update may leave out the resourceVersion."""
    create_on_update: bool = False
    """Whether an update of what is not there creates it."""
    answers_deleted: bool = False
    """Whether a finished deletion answers with the object rather than with a Status."""
    lifetime: int = 0
    """Seconds after the last write at which the store forgets an object; 0: never."""
    awaited: bool = False
    """Whether a write is answered only when this server's watch cache has it: admission goes by such objects, and who
    made one may expect that the next request is judged by it."""
    selectable: tuple[str, ...] = ()
    """Fields that a field selector may name, beside metadata.name and metadata.namespace."""
