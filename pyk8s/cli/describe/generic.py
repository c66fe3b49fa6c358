"""Any object, field by field: for kinds without a description of their own."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from pyk8s.cli.describe.layout import Object, Page, Related, events, head, labels


def describe_any(value: Object, related: Related, now: datetime) -> str:
    """Everything in the object but its managed fields, names in title form, then its events."""
    page = Page()
    head(page, value)
    labels(page, value)
    page.add("API Version", value.get("apiVersion"))
    page.add("Kind", value.get("kind"))
    page.add("Created", value["metadata"].get("creationTimestamp"))
    for field, part in value.items():
        if field not in ("apiVersion", "kind", "metadata"):
            _add(page, field, part, 0)
    events(page, related.events, now)
    return page.text()


def _add(page: Page, field: str, part: Any, level: int) -> None:
    name = title(field)
    if isinstance(part, dict) and part:
        page.heading(name, level)
        for key, inner in part.items():
            _add(page, key, inner, level + 1)
    elif isinstance(part, list) and any(isinstance(each, dict | list) for each in part):
        page.heading(name, level)
        for each in part:
            inside = each.items() if isinstance(each, dict) else [("value", each)]
            for key, inner in inside:
                _add(page, key, inner, level + 1)
    elif isinstance(part, list):
        page.add(name, "\n".join(str(each) for each in part), level)
    else:
        page.add(name, "" if part == {} else part, level)


def title(field: str) -> str:
    """`storageClassName` as `Storage Class Name`; a key that is no identifier stays as it is."""
    if not re.fullmatch(r"[a-zA-Z]+", field):
        return field
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", field)
    return words[0].upper() + words[1:]
