"""Config maps and secrets: the first shown, the second only counted."""

from __future__ import annotations

import base64
from datetime import datetime

from pyk8s.cli.describe.layout import Object, Page, Related, events, head, labels


def describe_config_map(value: Object, related: Related, now: datetime) -> str:
    """All entries with their text; binary ones by size."""
    page = Page()
    head(page, value)
    labels(page, value)
    page.line("")
    page.line("Data")
    page.line("====")
    for key, text in sorted((value.get("data") or {}).items()):
        page.line(f"{key}:")
        page.line("----")
        page.line(text)
        page.line("")
    for key, text in sorted((value.get("binaryData") or {}).items()):
        page.line(f"{key}: {_size(text)} bytes")
    events(page, related.events, now)
    return page.text()


def describe_secret(value: Object, related: Related, now: datetime) -> str:
    """The entries by size: what they hold is not shown."""
    page = Page()
    head(page, value)
    labels(page, value)
    page.line("")
    page.add("Type", value.get("type"))
    page.line("")
    page.line("Data")
    page.line("====")
    for key, text in sorted((value.get("data") or {}).items()):
        page.line(f"{key}:  {_size(text)} bytes")
    return page.text()


def _size(text: str) -> int:
    return len(base64.b64decode(text))
