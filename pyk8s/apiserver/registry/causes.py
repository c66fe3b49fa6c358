"""What can be wrong with one field, worded as Kubernetes words it.

Source: apimachinery, pkg/util/validation/field/errors.go (the sentences clients know).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from pyk8s.api.errors import Cause

IMMUTABLE = "field is immutable"


def required(field: str, detail: str = "") -> Cause:
    """The field must be there and is not."""
    return Cause("FieldValueRequired", f"Required value: {detail}" if detail else "Required value", field)


def invalid_value(field: str, value: Any, detail: str) -> Cause:
    """The field holds `value`, which may not be; `detail` says why."""
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", field)


def unsupported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """The field holds a word that is none of the `supported` ones."""
    words = ", ".join(f'"{word}"' for word in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {words}", field)


def forbidden_field(field: str, detail: str) -> Cause:
    """The field may not be there, or may not change, in this situation."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def duplicate(field: str, value: Any) -> Cause:
    """The field repeats a value that may stand once only."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", field)


def absent(field: str, value: Any) -> Cause:
    """The field names something that is not there."""
    return Cause("FieldValueNotFound", f"Not found: {shown(value)}", field)


def immutable(field: str, new: Any, old: Any) -> list[Cause]:
    """[] while the field is what it was, else the sentence that it may not change."""
    return [] if new == old else [invalid_value(field, new, IMMUTABLE)]


def each(field: str, value: Any, problems: Sequence[str]) -> list[Cause]:
    """One cause for each of `problems` with `value`."""
    return [invalid_value(field, value, problem) for problem in problems]


def shown(value: Any) -> str:
    """A value as it stands in a message: text in quotes, everything else as JSON."""
    if value is None:
        return "null"
    return orjson.dumps(value).decode()
