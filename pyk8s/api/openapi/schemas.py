"""Definitions in the form in which they are published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pyk8s.api.schema import Schema

COMPONENTS: Final = "#/components/schemas/"
DEFINITIONS: Final = "#/definitions/"
_HELD: Final = "#/$defs/"
_TYPE_META: Final = ("apiVersion", "kind")

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1."
COMMON: Final = tuple(META + kind for kind in ("Status", "DeleteOptions", "Patch", "WatchEvent"))
"""What every group version refers to in its paths."""


def published(schema: Schema, names: Iterable[str], prefix: str) -> dict[str, Any]:
    """The definitions `names` and all they refer to, with references below `prefix`; names not there are left out."""
    wanted: set[str] = set()
    for name in names:
        if name in schema and name not in wanted:
            wanted |= schema.closure(name)
    return {name: _definition(name, schema.raw(name), prefix) for name in sorted(wanted)}


def _definition(name: str, raw: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    made = _converted(raw, prefix)
    if name.endswith(".intstr.IntOrString"):
        made |= {"type": "string", "format": "int-or-string"} if prefix == DEFINITIONS else {"format": "int-or-string"}
    if prefix == DEFINITIONS and made.pop("oneOf", None):  # version 2 has no oneOf
        made.setdefault("type", "string")
    for field in _TYPE_META:
        if field in made.get("properties", {}):
            made["properties"][field].pop("enum", None)
    return made


def _converted(raw: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in raw.items():
        match key:
            case "$ref":
                made |= _reference(value, prefix)
            case "type":
                made[key] = value if isinstance(value, str) else next(one for one in value if one != "null")
            case "properties":
                made[key] = {name: _converted(one, prefix) for name, one in value.items()}
            case "items" | "additionalProperties" if isinstance(value, dict):
                made[key] = _converted(value, prefix)
            case "oneOf" | "anyOf" | "allOf":
                made[key] = [_converted(one, prefix) for one in value]
            case _:
                made[key] = value
    return made


def _reference(target: str, prefix: str) -> dict[str, Any]:
    """A reference; in version 3 a description may stand beside it only when it is wrapped."""
    link = {"$ref": prefix + target.removeprefix(_HELD)}
    return {"allOf": [link]} if prefix == COMPONENTS else link
