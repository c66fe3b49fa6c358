"""One object, one change, and the whole of what is wrong then."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.errors import Cause
from pyk8s.api.resources import Resources
from pyk8s.api.validation.rules import judge
from pyk8s.api.validation.structural import Structure

TABLE: Final = Resources.builtin()
STRUCTURE: Final = Structure()
GONE: Final = object()
"""The change that takes a field away."""


def changed(obj: Any, path: str, value: Any) -> Any:
    """A copy of `obj` with `value` at the dotted `path`, whose numbers are indexes; "/" parts names with dots."""
    made = deepcopy(obj)
    if not path:
        return value
    *way, last = path.split("/") if "/" in path else path.split(".")
    place = made
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    key: Any = int(last) if isinstance(place, list) else last
    if value is GONE:
        del place[key]
    elif isinstance(place, list) and key == len(place):
        place.append(value)
    else:
        place[key] = value
    return made


def wrong(word: str, new: Any, old: Any = None) -> list[Cause]:
    """What is wrong with an object of the kind `word` by its rules, once it has its defaults."""
    resource = TABLE.resolve(word)
    filled = apply_defaults(resource, deepcopy(new))
    badly_typed = [one for one in STRUCTURE.validate(resource, filled) if one.reason != "FieldValueRequired"]
    assert badly_typed == [], "a case must have the types of its schema"
    return judge(resource, filled, apply_defaults(resource, deepcopy(old)) if old is not None else None)


def said(causes: list[Cause]) -> list[str]:
    """The causes as the message of a Status lists them."""
    return [f"{cause.field}: {cause.message}" for cause in causes]
