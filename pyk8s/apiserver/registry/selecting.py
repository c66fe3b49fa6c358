"""The selectors of a request, checked against what its kind lets one select by."""

from __future__ import annotations

from functools import lru_cache

from pyk8s.api.errors import bad_request
from pyk8s.api.resources import Resource
from pyk8s.api.selectors import FieldRequirement, FieldSelector, SelectorInvalid, parse_fields, parse_labels
from pyk8s.apiserver.cacher.selection import ALL, NAME, NAMESPACE, Selection
from pyk8s.apiserver.registry.strategies import strategy_of

PLACES = {"source": "source.component", "status.successful": "status.succeeded"}
"""Where fields stand that selectors call by another name."""

BOOLEANS = ("spec.unschedulable", "spec.hostNetwork")
"""Fields that are "false" when they are absent."""


@lru_cache(maxsize=1024)
def selection(resource: Resource, namespace: str, labels: str, fields: str) -> Selection:
    """What is meant. Raises ApiError (BadRequest) for what is no selector or names a field that is not selectable."""
    if not labels and not fields:
        return Selection(namespace) if namespace else ALL
    try:
        wanted, found = parse_labels(labels), parse_fields(fields)
    except SelectorInvalid as error:
        raise bad_request(str(error)) from error
    known = (NAME, NAMESPACE, *strategy_of(resource).selectable)
    for path in found.paths:
        if path not in known:
            raise bad_request(f"field label not supported: {path}")
    return Selection(namespace, wanted, FieldSelector(tuple(_placed(one) for one in found.requirements)))


def _placed(requirement: FieldRequirement) -> FieldRequirement:
    path = PLACES.get(requirement.path, requirement.path)
    if path in BOOLEANS and requirement.value == "false":
        return FieldRequirement(path, "true", not requirement.equal)
    return FieldRequirement(path, requirement.value, requirement.equal)
