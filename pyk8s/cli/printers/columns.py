"""`-o custom-columns=NAME:.metadata.name,…`: a table of JSONPath expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyk8s.cli.printers.jsonpath import Path, TemplateInvalid, as_text, evaluate, parse_path
from pyk8s.cli.printers.table import Columns


@dataclass(frozen=True, slots=True)
class CustomColumn:
    """One column: its header and where its value stands."""

    header: str
    path: Path


def parse_columns(text: str) -> tuple[CustomColumn, ...]:
    """Read `HEADER:PATH,HEADER:PATH`; commas inside brackets belong to the path. Raises TemplateInvalid."""
    columns = []
    for part in _split(text):
        header, colon, path = part.partition(":")
        if not colon or not header or not path:
            raise TemplateInvalid(f"the column {part!r} must be HEADER:PATH, for example NAME:.metadata.name")
        columns.append(CustomColumn(header, parse_path(path.strip().removeprefix("{").removesuffix("}"))))
    return tuple(columns)


def _split(text: str) -> list[str]:
    parts, depth = [""], 0
    for char in text:
        depth += (char in "[(") - (char in "])")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def render_columns(columns: Sequence[CustomColumn], objects: Sequence[Mapping[str, Any]], *, headers: bool) -> str:
    """The table as text; `<none>` where an object has no such value, several values joined by a comma."""
    rows = [[column.header for column in columns]] if headers else []
    for each in objects:
        found = [evaluate(column.path, each, each) for column in columns]
        rows.append([",".join(_cell(value) for value in values) or "<none>" for values in found])
    return "".join(f"{line}\n" for line in Columns().lines(rows))


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_cell(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_cell(each) for each in value) + "]"
    return as_text(value) if value is not None else "<nil>"
