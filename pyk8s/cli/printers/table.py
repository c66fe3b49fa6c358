"""Tables as kubectl prints them, from the `meta.k8s.io/v1` Table objects the server makes.

`Table.lines` is a pure function of the rows; `Columns` remembers widths so that a watch keeps its columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

GOOD = frozenset({"Running", "Ready", "Active", "Bound", "Complete", "Completed", "Succeeded", "Available", "True"})
BUSY = frozenset({"Pending", "ContainerCreating", "PodInitializing", "Terminating", "Released", "SchedulingDisabled"})
BAD = re.compile(r"(Error|BackOff|Failed|OOMKilled|Evicted|NotReady|Unknown|Invalid|Lost|Warning)")

GREEN, YELLOW, RED, BOLD, PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Layout:
    """What to show of a table: `-o wide`, a namespace column (`-A`), label columns, `--show-labels`, no headers,
    names as TYPE/NAME."""

    wide: bool = False
    namespaces: bool = False
    label_columns: tuple[str, ...] = ()
    show_labels: bool = False
    headers: bool = True
    kind_prefix: str = ""
    events: bool = False
    """A first column EVENT, for `--output-watch-events`."""


def header_row(table: Mapping[str, Any], layout: Layout) -> list[str]:
    """The column headers in capitals."""
    shown = [column["name"].upper() for column in table.get("columnDefinitions") or () if _shown(column, layout)]
    front = (["EVENT"] if layout.events else []) + (["NAMESPACE"] if layout.namespaces else [])
    labels = [label.rsplit("/", 1)[-1].upper() for label in layout.label_columns]
    return front + shown + labels + (["LABELS"] if layout.show_labels else [])


def body_rows(table: Mapping[str, Any], layout: Layout, event: str = "") -> list[list[str]]:
    """One list of cells for each row of `table`; `event` fills the EVENT column."""
    columns = table.get("columnDefinitions") or ()
    places = [at for at, column in enumerate(columns) if _shown(column, layout)]
    name_at = next((at for at, column in enumerate(columns) if column.get("format") == "name"), 0)
    rows = []
    for row in table.get("rows") or ():
        metadata = (row.get("object") or {}).get("metadata") or {}
        labels = metadata.get("labels") or {}
        cells = [cell_text(row["cells"][at]) for at in places]
        if layout.kind_prefix and name_at in places:
            at = places.index(name_at)
            cells[at] = f"{layout.kind_prefix}/{cells[at]}"
        front = ([event] if layout.events else []) + ([metadata.get("namespace", "")] if layout.namespaces else [])
        back = [labels.get(label, "") for label in layout.label_columns]
        if layout.show_labels:
            back.append(",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>")
        rows.append(front + cells + back)
    return rows


def _shown(column: Mapping[str, Any], layout: Layout) -> bool:
    return layout.wide or not column.get("priority")


def cell_text(value: Any) -> str:
    """A cell as text on one line: booleans in lower case, nothing for null, control characters escaped."""
    if value is None:
        return "<none>"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    line, _, more = text.partition("\n")
    safe = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02x}", line)
    return f"{safe}..." if more else safe


@dataclass(slots=True)
class Columns:
    """Widths of the columns printed so far; they only grow, three spaces stand between them (kubectl's layout)."""

    widths: list[int] = field(default_factory=list)
    colour: bool = False

    def lines(self, rows: Sequence[Sequence[str]], *, header: bool = False) -> list[str]:
        """The rows as text lines; call it again for rows that come later."""
        for row in rows:
            self.widths += [0] * (len(row) - len(self.widths))
            for at, cell in enumerate(row):
                self.widths[at] = max(self.widths[at], len(cell))
        return [self._line(row, bold=header and number == 0) for number, row in enumerate(rows)]

    def _line(self, row: Sequence[str], *, bold: bool) -> str:
        padded = [cell.ljust(width) for cell, width in zip(row, self.widths, strict=False)]
        if not self.colour:
            return "   ".join(padded).rstrip() if row and not row[-1] else "   ".join([*padded[:-1], row[-1]])
        painted = [f"{BOLD}{text}{PLAIN}" if bold else paint(text) for text in padded]
        return "   ".join(painted).rstrip()


def paint(cell: str) -> str:
    """A cell in colour when it is a state: green for well, yellow for under way, red for wrong."""
    word = cell.strip()
    if BAD.search(word) and " " not in word:
        return f"{RED}{cell}{PLAIN}"
    first = word.split(",", 1)[-1] if "," in word else word
    if first in GOOD:
        return f"{GREEN}{cell}{PLAIN}"
    if first in BUSY or word.startswith("Init:"):
        return f"{YELLOW}{cell}{PLAIN}"
    return cell


def whole(table: Mapping[str, Any], layout: Layout, *, colour: bool = False) -> list[str]:
    """The table as lines, header first; no rows give no lines."""
    rows = body_rows(table, layout)
    if not rows:
        return []
    top = [header_row(table, layout)] if layout.headers else []
    return Columns(colour=colour).lines(top + rows, header=bool(top))
