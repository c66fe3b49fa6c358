"""`-o`: which form the answer takes, read once from the command line.

Source: kubectl's output options (`json`, `yaml`, `name`, `wide`, `jsonpath=…`, `custom-columns=…`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pyk8s.cli.printers.columns import parse_columns, render_columns
from pyk8s.cli.printers.jsonpath import Path as JsonPath
from pyk8s.cli.printers.jsonpath import as_text, evaluate, parse, render

TABLES = ("", "wide")
FORMS = (
    "json",
    "yaml",
    "name",
    "wide",
    "jsonpath=TEMPLATE",
    "jsonpath-as-json=TEMPLATE",
    "jsonpath-file=FILE",
    "custom-columns=HEADER:PATH,…",
    "custom-columns-file=FILE",
)


class OutputInvalid(ValueError):
    """An `-o` that cannot be read."""


Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """How to print objects. `form` is the word before "=", `render` makes the text of one object or List (tables are
    not made here: `form` is then "" or "wide")."""

    form: str
    render: Callable[[Object], str] | None = None

    @property
    def table(self) -> bool:
        """Whether the server should send a table."""
        return self.form in TABLES


def parse_output(text: str, *, headers: bool = True) -> Output:
    """Read an `-o` argument. Raises OutputInvalid (or TemplateInvalid) and says which forms there are."""
    form, _, argument = text.partition("=")
    if form in TABLES:
        return Output(form)
    if form in SIMPLE and not argument:
        return Output(form, SIMPLE[form])
    if form in WITH_ARGUMENT:
        if not argument:
            raise OutputInvalid(f"-o {form} needs a value: -o '{form}=…'")
        return Output(form, WITH_ARGUMENT[form](argument, headers))
    raise OutputInvalid(f"unknown output format {text!r}: use one of {', '.join(FORMS)}")


def to_json(value: Object) -> str:
    """Indented by four, keys in the order they came in, as kubectl prints it."""
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


class _Dumper(yaml.CSafeDumper if hasattr(yaml, "CSafeDumper") else yaml.SafeDumper):  # type: ignore[misc]
    """YAML with block text for strings of several lines and without aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        """Repeated values are written out: aliases confuse readers and tools."""
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value and not any(line != line.rstrip(" \t") for line in value.split("\n")) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(value: Object) -> str:
    """One YAML document with sorted keys."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=True, default_flow_style=False, allow_unicode=True, width=10_000)


def to_name(value: Object) -> str:
    """`pod/web`, `deployment.apps/web`: one line for each object."""
    return "".join(f"{object_name(each)}\n" for each in members(value))


def object_name(value: Object) -> str:
    """`kind.group/name` in lower case, the group left out for the core group."""
    group = str(value.get("apiVersion", "")).rpartition("/")[0]
    kind = str(value.get("kind", "")).lower()
    return f"{kind}.{group}/{value['metadata']['name']}" if group else f"{kind}/{value['metadata']['name']}"


def members(value: Object) -> Sequence[Object]:
    """The items of a List, or the object itself."""
    return value["items"] if "items" in value and str(value.get("kind", "")).endswith("List") else [value]


def _jsonpath(argument: str, headers: bool) -> Callable[[Object], str]:
    nodes = parse(argument)
    return lambda value: render(nodes, value)


def _jsonpath_as_json(argument: str, headers: bool) -> Callable[[Object], str]:
    paths = [node for node in parse(argument) if isinstance(node, JsonPath)]
    return lambda value: to_json([found for path in paths for found in evaluate(path, value, value)])  # type: ignore[arg-type]


def _columns(argument: str, headers: bool) -> Callable[[Object], str]:
    columns = parse_columns(argument)
    return lambda value: render_columns(columns, members(value), headers=headers)


def _read(argument: str) -> str:
    try:
        return Path(argument).read_text()
    except (OSError, UnicodeDecodeError) as why:
        raise OutputInvalid(f"cannot read {argument}: {why}") from why


def _columns_file(argument: str, headers: bool) -> Callable[[Object], str]:
    lines = [line.split() for line in _read(argument).splitlines() if line.strip()]
    if len(lines) != 2 or len(lines[0]) != len(lines[1]):
        raise OutputInvalid(f"{argument} must hold two lines: the headers, and as many JSONPath expressions")
    return _columns(",".join(f"{name}:{path}" for name, path in zip(*lines, strict=True)), headers)


SIMPLE: Mapping[str, Callable[[Object], str]] = {"json": to_json, "yaml": to_yaml, "name": to_name}
WITH_ARGUMENT: Mapping[str, Callable[[str, bool], Callable[[Object], str]]] = {
    "jsonpath": _jsonpath,
    "jsonpath-as-json": _jsonpath_as_json,
    "jsonpath-file": lambda argument, headers: _jsonpath(_read(argument), headers),
    "custom-columns": _columns,
    "custom-columns-file": _columns_file,
}

__all__ = [
    "Output",
    "OutputInvalid",
    "as_text",
    "members",
    "object_name",
    "parse_output",
    "to_json",
    "to_name",
    "to_yaml",
]
