"""The order in which a namespace is emptied, and what it says meanwhile.

Source: KEP-5080 (pods go before everything else, so that nothing that protects them goes first) and the Namespace
conditions of the API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyk8s.api.objectmeta import with_condition
from pyk8s.api.refs import PODS, Ref
from pyk8s.api.resources import Resource

FINALIZER = "kubernetes"


def contents(resources: Iterable[Resource]) -> list[Ref]:
    """The resources a namespace may hold, each once, however many versions it is served in."""
    found: dict[tuple[str, str], Ref] = {}
    for resource in resources:
        if resource.namespaced and {"list", "delete"} <= set(resource.verbs):
            found.setdefault((resource.group, resource.plural), resource.ref())
    return list(found.values())


def stages(refs: Sequence[Ref]) -> list[list[Ref]]:
    """What to delete first, and what only when nothing of that is left."""
    pods = [ref for ref in refs if (ref.group, ref.resource) == (PODS.group, PODS.resource)]
    return [pods, [ref for ref in refs if ref not in pods]]


@dataclass(frozen=True, slots=True)
class Left:
    """What is still there: how many objects of each resource, how many wait for each finalizer, what went wrong."""

    objects: Mapping[str, int]
    finalizers: Mapping[str, int]
    errors: Sequence[str] = ()

    @property
    def nothing(self) -> bool:
        """Whether the namespace is empty for certain."""
        return not self.objects and not self.errors


def conditions(held: Sequence[Mapping[str, Any]], left: Left, now: datetime) -> list[dict[str, Any]]:
    """The conditions of a namespace with so much left in it."""
    remaining = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(left.objects.items()))
    waiting = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(left.finalizers.items()))
    rows = (
        ("NamespaceDeletionDiscoveryFailure", "", "ResourcesDiscovered", "All resources successfully discovered"),
        (
            "NamespaceDeletionContentFailure",
            "; ".join(left.errors),
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            f"Some resources are remaining: {remaining}" if remaining else "",
            "ContentRemoved",
            "All content successfully removed",
        ),
        (
            "NamespaceFinalizersRemaining",
            f"Some content in the namespace has finalizers remaining: {waiting}" if waiting else "",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished",
        ),
    )
    reasons = {
        "NamespaceDeletionContentFailure": "ContentDeletionFailed",
        "NamespaceContentRemaining": "SomeResourcesRemain",
        "NamespaceFinalizersRemaining": "SomeFinalizersRemain",
    }
    result: list[dict[str, Any]] = [dict(one) for one in held]
    for type_, wrong, reason, message in rows:
        new = {
            "type": type_,
            "status": "True" if wrong else "False",
            "reason": reasons[type_] if wrong else reason,
            "message": wrong or message,
        }
        result = with_condition(result, new, now)
    return result
