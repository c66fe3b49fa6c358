"""What structs of objects are made of: metadata, owners, conditions, label selectors.

Timestamps stay text: RFC 3339 in UTC with seconds sorts as it reads. Field names and meaning: Kubernetes API reference
v1.37.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pyk8s.api.selectors import fulfils


class Fields(msgspec.Struct, rename="camel", frozen=True, gc=False, omit_defaults=True):
    """Base: fields read from camelCase JSON, all others ignored."""


class OwnerReference(Fields, frozen=True):
    """Who owns an object; at most one owner is its controller."""

    kind: str
    name: str
    uid: str
    api_version: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class Metadata(Fields, frozen=True):
    """What every object has, without annotations."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    creation_timestamp: str = ""
    deletion_timestamp: str = ""

    @property
    def deleting(self) -> bool:
        """Whether its deletion was asked for."""
        return bool(self.deletion_timestamp)


class AnnotatedMetadata(Metadata, frozen=True):
    """Metadata of kinds whose annotations are read."""

    annotations: dict[str, str] = {}


class Meta(Fields, frozen=True):
    """An object of any kind, of which only the metadata matters."""

    metadata: Metadata


class Condition(Fields, frozen=True):
    """One condition of a status."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""
    last_update_time: str = ""
    last_heartbeat_time: str = ""


def condition(conditions: Sequence[Condition], type_: str) -> Condition | None:
    """The condition of that type, or None."""
    return next((one for one in conditions if one.type == type_), None)


class LabelSelectorRequirement(Fields, frozen=True):
    """One member of matchExpressions."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class LabelSelector(Fields, frozen=True):
    """Labels to match; an empty one matches everything."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether `labels` fulfil every requirement."""
        for key, value in self.match_labels.items():
            if labels.get(key) != value:
                return False
        return all(fulfils(one.operator, one.values, labels.get(one.key)) for one in self.match_expressions)

    @property
    def empty(self) -> bool:
        """Whether it asks for nothing."""
        return not self.match_labels and not self.match_expressions
