"""The layout of a description: names, values and indented blocks, aligned as kubectl aligns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pyk8s.cli.describe.event import last_seen, message, times

Object = Mapping[str, Any]

NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Related:
    """What is shown beside an object: its events, and for some kinds other objects (pods of a node, slices of a
    service, replica sets of a deployment)."""

    events: Sequence[Object] = ()
    objects: Sequence[Object] = ()


@dataclass(slots=True)
class Page:
    """Lines of a description; a row is (level, name, value), a bare line has no name."""

    rows: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, name: str, value: Any, level: int = 0) -> None:
        """`Name:   value`; None and "" print as <none>, several lines hang under the first."""
        text = NONE if value is None or value == "" else str(value)
        first, *more = text.split("\n")
        self.rows.append((level, f"{name}:", first))
        self.rows.extend((level, "", line) for line in more)

    def heading(self, name: str, level: int = 0) -> None:
        """`Name:` alone, above an indented block."""
        self.rows.append((level, f"{name}:", ""))

    def line(self, text: str, level: int = 0) -> None:
        """A line of its own."""
        self.rows.append((level, "\x00", text))

    def pairs(self, name: str, values: Mapping[str, Any] | None, level: int = 0, equals: str = "=") -> None:
        """`Name:  a=1`, one pair a line."""
        self.add(name, "\n".join(f"{key}{equals}{value}" for key, value in sorted((values or {}).items())), level)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]], level: int = 1) -> None:
        """Columns under headers with a dashed line between, two spaces apart."""
        body = [list(headers), ["-" * len(header) for header in headers], *[list(row) for row in rows]]
        widths = [max(len(row[at]) for row in body) for at in range(len(headers))]
        for row in body:
            text = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.line(text.rstrip(), level)

    def text(self) -> str:
        """The whole description; values of one level start in one column."""
        widths: dict[int, int] = {}
        for level, name, value in self.rows:
            if name not in ("", "\x00") and value:
                widths[level] = max(widths.get(level, 0), len(name))
        lines = []
        for level, name, value in self.rows:
            indent = "  " * level
            if name == "\x00":
                lines.append(f"{indent}{value}")
            else:
                lines.append(f"{indent}{name.ljust(widths.get(level, 0))}  {value}".rstrip())
        return "\n".join(lines) + "\n"


def head(page: Page, value: Object, *, skip_namespace: bool = False) -> None:
    """Name, namespace, labels and annotations: how every description begins."""
    metadata = value["metadata"]
    page.add("Name", metadata["name"])
    if metadata.get("namespace") and not skip_namespace:
        page.add("Namespace", metadata["namespace"])


def labels(page: Page, value: Object) -> None:
    """Labels and annotations; the note that client-side apply keeps is left out."""
    metadata = value["metadata"]
    notes = {
        key: _short(text)
        for key, text in (metadata.get("annotations") or {}).items()
        if key != "kubectl.kubernetes.io/last-applied-configuration"
    }
    page.pairs("Labels", metadata.get("labels"))
    page.pairs("Annotations", notes, equals=": ")


def _short(text: str, limit: int = 140) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."


def conditions(page: Page, found: Sequence[Object]) -> None:
    """The conditions of a status, with reason and message."""
    if not found:
        return
    page.heading("Conditions")
    page.table(
        ["Type", "Status", "Reason", "Message"],
        [[c.get("type", ""), c.get("status", ""), c.get("reason", ""), c.get("message", "")] for c in found],
    )


def events(page: Page, found: Sequence[Object], now: datetime) -> None:
    """The events about an object, oldest first."""
    if not found:
        page.add("Events", NONE)
        return
    page.heading("Events")
    rows = []
    for event in sorted(found, key=last_seen):
        source = event.get("reportingComponent") or (event.get("source") or {}).get("component", "")
        rows.append([event.get("type", ""), event.get("reason", ""), times(event, now), source, message(event)])
    page.table(["Type", "Reason", "Age", "From", "Message"], rows)
