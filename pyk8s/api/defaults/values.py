"""The ways in which defaulting looks at a field. All of them change the dict they are given."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Any

from pyk8s.api import quantity
from pyk8s.api.objectmeta import Object


def unless_said(obj: Object, **defaults: Any) -> None:
    """Set each field that is absent or null: the pointers of Kubernetes' types, where zero is an answer."""
    for field, value in defaults.items():
        if obj.get(field) is None:
            obj[field] = value


def unless_zero(obj: Object, **defaults: Any) -> None:
    """Set each field that is absent, null, "" or 0: the plain values of Kubernetes' types, where zero is none."""
    for field, value in defaults.items():
        if not obj.get(field):
            obj[field] = value


def child(obj: Object, field: str) -> Object:
    """The object in `field`, put there when it is absent."""
    found: Object | None = obj.get(field)
    if found is None:
        found = obj[field] = {}
    return found


@lru_cache(maxsize=8192)
def stored_amount(text: str | int | float) -> str:
    """A resource amount as it is stored: canonical, rounded up to thousandths."""
    amount = quantity.parse(text)
    if (amount * 1000).denominator != 1:
        return quantity.canonical(f"{ceil(amount * 1000)}m")
    return quantity.canonical(text)


def resource_list(obj: Object, *fields: str) -> None:
    """Bring the resource lists in these fields (name → quantity) into the form in which they are stored."""
    for field in fields:
        amounts = obj.get(field)
        if amounts:
            for name, text in amounts.items():
                amounts[name] = stored_amount(text)


def canonical_fields(obj: Object, *fields: str) -> None:
    """Bring single quantities in these fields into canonical form."""
    for field in fields:
        if obj.get(field) is not None:
            obj[field] = quantity.canonical(obj[field])
