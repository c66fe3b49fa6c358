"""Selections of the fake API: a namespace, a label selector and a field selector as one predicate on dicts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyk8s.api.errors import bad_request
from pyk8s.api.selectors import SelectorInvalid, parse_fields, parse_labels

Predicate = Callable[[dict[str, Any]], bool]


def field_of(obj: dict[str, Any], path: str) -> str:
    """The value at a dotted path as text; "" when there is none."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def predicate(namespace: str, labels: str, fields: str) -> Predicate:
    """Whether an object is in `namespace` ("" for any) and matches both selectors, given as text.

    Raises ApiError("BadRequest") for a selector that cannot be read.
    """
    try:
        by_label, by_field = parse_labels(labels), parse_fields(fields)
    except SelectorInvalid as why:
        raise bad_request(str(why)) from why

    def matches(obj: dict[str, Any]) -> bool:
        metadata = obj["metadata"]
        if namespace and metadata.get("namespace") != namespace:
            return False
        if not by_label.matches(metadata.get("labels")):
            return False
        return by_field.matches({path: field_of(obj, path) for path in by_field.paths})

    return matches
