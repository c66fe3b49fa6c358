"""The shapes of all kinds: the OpenAPI definitions of Kubernetes 1.37, read from the package `kubernetes-validate`.

The file (1.8 MB, 862 definitions) is split into its definitions without decoding them, in about 7 ms; a definition is
decoded when it is first asked for. That makes a cache file of our own needless.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

RELEASE: Final = "v1.37.0"
_PREFIX: Final = "#/$defs/"
_PLAIN: Final = frozenset({"string", "integer", "number", "boolean"})
_SPECIAL: Final = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int-or-string",
}


class SchemaUnavailable(Exception):
    """The published definitions are not installed, or not those of this release; says what to install."""


class DefinitionUnknown(KeyError):
    """There is no definition of that name."""


class _File(msgspec.Struct, rename={"definitions": "$defs"}):
    definitions: dict[str, msgspec.Raw]


class Shape:
    """What one place in an object may hold.

    `type` is object (with known fields), map (any keys, alike values), list, string, integer, number, boolean,
    quantity, int-or-string, or any. `definition` names the definition it comes from, "" for a plain place.
    """

    __slots__ = ("_fields", "_items", "_raw", "_schema", "_values", "definition", "description", "type")

    def __init__(self, schema: Schema, raw: Mapping[str, Any]) -> None:
        reference = raw.get("$ref", "")
        self.definition: str = reference.removeprefix(_PREFIX)
        self.description: str = raw.get("description", "")
        self._schema = schema
        self._raw = {**schema.raw(self.definition), **raw} if self.definition else raw
        self.type: str = _SPECIAL.get(self.definition) or _type_of(self._raw)
        self._fields: Mapping[str, Shape] | None = None
        self._items: Shape | None = None
        self._values: Shape | None = None

    @property
    def fields(self) -> Mapping[str, Shape]:
        """The shapes of the fields of an object, {} for anything else."""
        if self._fields is None:
            if self.definition and self._raw.get("properties") is self._schema.raw(self.definition).get("properties"):
                self._fields = self._schema.fields_of(self.definition)
            else:
                self._fields = {name: Shape(self._schema, raw) for name, raw in self._raw.get("properties", {}).items()}
        return self._fields

    @property
    def items(self) -> Shape:
        """The shape of every item of a list; any for anything else."""
        if self._items is None:
            self._items = Shape(self._schema, self._raw.get("items") or {})
        return self._items

    @property
    def values(self) -> Shape:
        """The shape of every value of a map; any for anything else."""
        if self._values is None:
            more = self._raw.get("additionalProperties")
            self._values = Shape(self._schema, more if isinstance(more, dict) else {})
        return self._values

    @property
    def required(self) -> frozenset[str]:
        """The fields that an object must have."""
        return frozenset(self._raw.get("required") or ())

    @property
    def format(self) -> str:
        """The OpenAPI format (int32, date-time, byte, …), "" when there is none."""
        found: str = self._raw.get("format", "")
        return found

    @property
    def enum(self) -> tuple[Any, ...]:
        """The only values allowed, () when any is."""
        return tuple(self._raw.get("enum") or ())

    @property
    def strategies(self) -> frozenset[str]:
        """How a strategic merge patch treats it: merge, replace, retainKeys."""
        return frozenset(filter(None, self._raw.get("x-kubernetes-patch-strategy", "").split(",")))

    @property
    def merge_key(self) -> str:
        """The field by which a strategic merge patch tells items of a list apart, "" when it replaces the list."""
        found: str = self._raw.get("x-kubernetes-patch-merge-key", "")
        return found

    @property
    def preserves_unknown(self) -> bool:
        """Whether fields that the schema does not name may stay."""
        return self.type == "any" or bool(self._raw.get("x-kubernetes-preserve-unknown-fields"))

    def child(self, name: str) -> Shape | None:
        """The shape of the field or value `name`, looked for in the items of a list too; None when there is none."""
        match self.type:
            case "object":
                return self.fields.get(name)
            case "map":
                return self.values
            case "list":
                return self.items.child(name)
            case "any":
                return self
            case _:
                return None


class Schema:
    """Definitions by name. Shapes are made once each, when first asked for."""

    def __init__(self, definitions: Mapping[str, msgspec.Raw | Mapping[str, Any]]) -> None:
        self._definitions: dict[str, msgspec.Raw | Mapping[str, Any]] = dict(definitions)
        self._decoded: dict[str, Mapping[str, Any]] = {}
        self._shapes: dict[str, Shape] = {}
        self._fields: dict[str, dict[str, Shape]] = {}

    @staticmethod
    def builtin() -> Schema:
        """The published definitions, loaded once a process; to add others, take a `copy`. Raises SchemaUnavailable."""
        return _builtin()

    def copy(self) -> Schema:
        """A schema of its own with the same definitions."""
        return Schema(self._definitions)

    def __contains__(self, definition: object) -> bool:
        return definition in self._definitions

    def __iter__(self) -> Iterator[str]:
        return iter(self._definitions)

    def add(self, definition: str, raw: Mapping[str, Any]) -> None:
        """Add or replace a definition: `raw` is an OpenAPI v3 schema."""
        self._definitions[definition] = raw
        for cached in (self._decoded, self._shapes, self._fields):
            cached.pop(definition, None)

    def raw(self, definition: str) -> Mapping[str, Any]:
        """The OpenAPI schema of that name, as published. Raises DefinitionUnknown."""
        found = self._decoded.get(definition)
        if found is None:
            held = self._definitions.get(definition)
            if held is None:
                raise DefinitionUnknown(definition)
            found = msgspec.json.decode(held) if isinstance(held, msgspec.Raw) else held
            self._decoded[definition] = found
        return found

    def shape(self, definition: str) -> Shape:
        """The shape of that name. Raises DefinitionUnknown."""
        found = self._shapes.get(definition)
        if found is None:
            found = self._shapes[definition] = Shape(self, {"$ref": _PREFIX + definition})
            found.description = self.raw(definition).get("description", "")
        return found

    def fields_of(self, definition: str) -> Mapping[str, Shape]:
        """The fields of the definition of that name, shared by all places that refer to it."""
        found = self._fields.get(definition)
        if found is None:
            properties = self.raw(definition).get("properties", {})
            found = self._fields[definition] = {name: Shape(self, raw) for name, raw in properties.items()}
        return found

    def field(self, definition: str, path: str) -> Shape | None:
        """The shape at the dotted `path` below a definition ("spec.containers.image"), None when there is none."""
        found: Shape | None = self.shape(definition)
        for name in filter(None, path.split(".")):
            found = found.child(name) if found else None
        return found

    def closure(self, definition: str) -> set[str]:
        """The definition and all that it refers to, directly or not. Raises DefinitionUnknown."""
        found: set[str] = set()
        waiting = [definition]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(references(self.raw(name)))
        return found


def references(raw: Any) -> Iterator[str]:
    """The definitions that an OpenAPI schema refers to."""
    if isinstance(raw, dict):
        reference = raw.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_PREFIX)
        for value in raw.values():
            yield from references(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from references(value)


def _type_of(raw: Mapping[str, Any]) -> str:
    said = raw.get("type")
    type_ = next((one for one in said if one != "null"), None) if isinstance(said, list) else said
    if raw.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    if type_ == "array":
        return "list"
    if type_ in _PLAIN:
        return str(type_)
    if raw.get("properties"):
        return "object"
    if isinstance(raw.get("additionalProperties"), dict):
        return "map"
    return "any"


@cache
def _builtin() -> Schema:
    return Schema(msgspec.json.decode(_definitions_file().read_bytes(), type=_File).definitions)


def _definitions_file() -> Path:
    spec = importlib.util.find_spec("kubernetes_validate")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        file = Path(place) / "kubernetes-json-schema" / f"{RELEASE}-local" / "_definitions.json"
        if file.is_file():
            return file
    wanted = RELEASE.removeprefix("v")
    raise SchemaUnavailable(
        f"the OpenAPI definitions of Kubernetes {wanted} are not there; install them with: "
        f"pip install 'kubernetes-validate=={wanted}'"
    )
