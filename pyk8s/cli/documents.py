"""YAML documents as the JSON values that the API takes: what JSON cannot say is refused, with the path to it."""

from __future__ import annotations

import math
from typing import Any

MAX_DEPTH = 200
"""Levels of a value; the deepest a writer of JSON takes is little more."""

SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Whole numbers that fit 64 bits."""


class NotJson(ValueError):
    """A value that JSON cannot say; the message names the path to it."""


def json_value(value: Any, path: str = "", depth: int = 0) -> Any:
    """`value` with every key a text, as Kubernetes' reader makes it: numbers and booleans are written out, binary is
    text. Raises NotJson."""
    if depth > MAX_DEPTH:
        raise NotJson(f"{path[:80]}…: nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if not SMALLEST <= value <= LARGEST:
            raise NotJson(f"{path}: {str(value)[:40]} does not fit into 64 bits (in quotes it is text)")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"{path}: {value} is no number (in quotes it is text)")
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise NotJson(f"{path}: binary data that is no text") from None
    if isinstance(value, list | tuple):
        return [json_value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(value)]
    if isinstance(value, dict):
        return _mapping(value, path, depth)
    raise NotJson(f"{path}: a {type(value).__name__} cannot be said in JSON")


def _mapping(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, each in value.items():
        name = _key(key, path)
        if name in made:
            raise NotJson(f"{path}: the key {name!r} is given twice")
        made[name] = json_value(each, f"{path}.{name}" if path else name, depth + 1)
    return made


def _key(key: Any, path: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int | float):
        return str(key)
    raise NotJson(f"{path or 'the document'}: a key must be text, not {key!r}")
