"""What can be wrong with one field, worded as Kubernetes words it.

Source: apimachinery, pkg/util/validation/field/errors.go, pkg/api/validation.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

from pyk8s.api.errors import Cause

IMMUTABLE: Final = "field is immutable"
NOT_NEGATIVE: Final = "must be greater than or equal to 0"


def required(field: str, detail: str = "") -> Cause:
    """The field must be there and is not."""
    return Cause("FieldValueRequired", f"Required value: {detail}" if detail else "Required value", field)


def invalid(field: str, value: Any, detail: str) -> Cause:
    """The field holds `value`, which may not be; `detail` says why."""
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", field)


def unsupported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """The field holds a word that is none of the `supported` ones."""
    words = ", ".join(f'"{word}"' for word in sorted(supported))
    return Cause("FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {words}", field)


def forbidden(field: str, detail: str) -> Cause:
    """The field may not be there, or may not change, in this situation."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def duplicate(field: str, value: Any) -> Cause:
    """The field repeats a value that may stand once only."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", field)


def absent(field: str, value: Any) -> Cause:
    """The field names something that is not there."""
    return Cause("FieldValueNotFound", f"Not found: {shown(value)}", field)


def too_long(field: str, most: int) -> Cause:
    """The field holds more than `most` bytes."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most} bytes", field)


def too_many(field: str, found: int, most: int) -> Cause:
    """The list holds `found` items where at most `most` may be."""
    return Cause("FieldValueTooMany", f"Too many: {found}: must have at most {most} items", field)


def immutable(field: str, new: Any, old: Any) -> list[Cause]:
    """[] while the field is what it was, else the sentence that it may not change."""
    return [] if new == old else [invalid(field, new, IMMUTABLE)]


def each(field: str, value: Any, problems: Iterable[str]) -> list[Cause]:
    """One cause for each of `problems` with `value`."""
    return [invalid(field, value, problem) for problem in problems]


def not_negative(obj: dict[str, Any], at: str, *fields: str) -> list[Cause]:
    """These number fields are absent, or 0 and more."""
    return [
        invalid(f"{at}.{field}" if at else field, obj[field], NOT_NEGATIVE) for field in fields if obj.get(field, 0) < 0
    ]


def one_of(obj: dict[str, Any], at: str, field: str, supported: Iterable[str], *, needed: bool = False) -> list[Cause]:
    """The field holds one of the `supported` words, or nothing unless it is `needed`."""
    word, where = obj.get(field), f"{at}.{field}" if at else field
    if not word:
        return [required(where)] if needed else []
    return [] if word in supported else [unsupported(where, word, supported)]


def shown(value: Any) -> str:
    """A value as it stands in a message: text in quotes, everything else as JSON."""
    return orjson.dumps(value).decode()
