"""What every object has: name, owners, finalizers, times; and the conditions most carry in their status.

Objects are plain dicts and are only read here; whatever changes comes back as a new value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Any, Final, TypeAlias

Object: TypeAlias = dict[str, Any]
"""A decoded object: never mutated once others have seen it."""

_RANDOM: Final = SystemRandom()
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX: Final = 5
_LONGEST_BASE: Final = 63 - _SUFFIX


def metadata_of(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """The metadata of an object, {} when it has none."""
    return obj.get("metadata") or {}


def name_of(obj: Mapping[str, Any]) -> str:
    """The name of an object, "" when it has none yet."""
    name: str = metadata_of(obj).get("name") or ""
    return name


def namespace_of(obj: Mapping[str, Any]) -> str:
    """The namespace of an object, "" for one without."""
    namespace: str = metadata_of(obj).get("namespace") or ""
    return namespace


def key_of(obj: Mapping[str, Any]) -> str:
    """ "namespace/name", or the bare name of an object without a namespace."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def labels_of(obj: Mapping[str, Any]) -> Mapping[str, str]:
    """The labels of an object, {} when it has none."""
    return metadata_of(obj).get("labels") or {}


def generate_name(base: str, random: Random = _RANDOM) -> str:
    """`base` (cut to 58 characters) and five random characters that form no words. Source: apiserver, storage/names."""
    return base[:_LONGEST_BASE] + "".join(random.choices(_ALPHABET, k=_SUFFIX))


def controller_of(obj: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The owner reference of the controller that manages the object, or None."""
    for reference in metadata_of(obj).get("ownerReferences") or ():
        if reference.get("controller"):
            found: Mapping[str, Any] = reference
            return found
    return None


def owner_reference(owner: Mapping[str, Any], *, controller: bool = True) -> Object:
    """A reference that makes `owner` (which must carry apiVersion, kind and uid) the owner of what holds it.

    With `controller` it is the managing one, and the owner's foreground deletion waits for the dependent.
    """
    reference: Object = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    }
    if controller:
        reference |= {"controller": True, "blockOwnerDeletion": True}
    return reference


def is_being_deleted(obj: Mapping[str, Any]) -> bool:
    """Whether deletion was asked for and is not finished."""
    return bool(metadata_of(obj).get("deletionTimestamp"))


def has_finalizer(obj: Mapping[str, Any], name: str) -> bool:
    """Whether the object waits for this finalizer before it may go."""
    return name in (metadata_of(obj).get("finalizers") or ())


def timestamp(now: datetime) -> str:
    """`now` (with a zone) as metav1.Time writes it: UTC, whole seconds, "2026-01-02T03:04:05Z"."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(now: datetime) -> str:
    """`now` (with a zone) as metav1.MicroTime writes it: six digits of a second, "2026-01-02T03:04:05.000006Z"."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """The moment that an RFC 3339 text names, with its zone. Raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no time: it must be as 2026-01-02T15:04:05Z') from None
    if found.tzinfo is None:
        raise ValueError(f'"{text}" names no zone; RFC 3339 ends in Z or an offset')
    return found


def condition_of(obj: Mapping[str, Any], type_: str) -> Mapping[str, Any] | None:
    """The condition of that type in the object's status, or None."""
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("type") == type_:
            found: Mapping[str, Any] = condition
            return found
    return None


def is_condition_true(obj: Mapping[str, Any], type_: str) -> bool:
    """Whether the condition of that type is there and "True"."""
    condition = condition_of(obj, type_)
    return condition is not None and condition.get("status") == "True"


def with_condition(conditions: Sequence[Mapping[str, Any]], new: Mapping[str, Any], now: datetime) -> list[Object]:
    """`conditions` with `new` (type, status, reason, message, …) in the place of the one of its type.

    lastTransitionTime is `now` when the status changed, and stays as it was when it did not.
    """
    merged: list[Object] = []
    placed = False
    for old in conditions:
        if old.get("type") == new["type"]:
            since = old.get("lastTransitionTime") if old.get("status") == new["status"] else None
            merged.append({**old, **new, "lastTransitionTime": since or timestamp(now)})
            placed = True
        else:
            merged.append(dict(old))
    if not placed:
        merged.append({**new, "lastTransitionTime": timestamp(now)})
    return merged
