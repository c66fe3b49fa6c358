"""Label and field selectors as predicates on dicts, for the fake API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Predicate = Callable[[dict[str, Any]], bool]

_SET = re.compile(r"^\s*(?P<key>\S+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)\s*$")
_COMMA = re.compile(r",(?![^(]*\))")


def _requirement(text: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.match(text):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    for sign, wanted in (("!=", False), ("==", True), ("=", True)):
        key, found_sign, value = (part.strip() for part in text.partition(sign))
        if found_sign:
            return lambda labels: (labels.get(key) == value) is wanted
    text = text.strip()
    if text.startswith("!"):
        return lambda labels: text[1:].strip() not in labels
    return lambda labels: text in labels


def field_of(obj: dict[str, Any], path: str) -> str:
    """The value at a dotted path as text; "" when there is none."""
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _field(text: str) -> Predicate:
    for sign, wanted in (("!=", False), ("==", True), ("=", True)):
        path, found, value = (part.strip() for part in text.partition(sign))
        if found:
            return lambda obj: (field_of(obj, path) == value) is wanted
    raise ValueError(f"not a field selector: {text!r}")


def predicate(namespace: str, labels: str, fields: str) -> Predicate:
    """Whether an object is in `namespace` ("" for any) and matches both selectors, as text."""
    by_label = [_requirement(part) for part in _COMMA.split(labels) if part.strip()]
    by_field = [_field(part) for part in fields.split(",") if part.strip()]

    def matches(obj: dict[str, Any]) -> bool:
        metadata = obj["metadata"]
        if namespace and metadata.get("namespace") != namespace:
            return False
        held = metadata.get("labels") or {}
        return all(one(held) for one in by_label) and all(one(obj) for one in by_field)

    return matches
