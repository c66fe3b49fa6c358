"""Whether an object has the shape its kind prescribes: types, required fields, ranges of numbers, forms of times.

A validator is compiled for a kind when its first object comes (2 ms for Pod) and then takes microseconds. A clean
object, without unknown fields and nulls, is recognised by a single call.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonschema_rs

from pyk8s.api import fieldpath, quantity
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.api.schema import Schema, Shape

_QUANTITY_FORM: Final = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]?|[KMGTPE]i|[eE][+-]?[0-9]{1,3})\s*$"
_RANGES: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_ADVICE: Final = {
    "date-time": "must be a time in RFC 3339 form, such as 2026-01-02T03:04:05Z",
    "byte": "must be base64 data",
}
_LONGEST_VALUE: Final = 120


class Structure:
    """Checks objects against the definitions of one schema."""

    def __init__(self, schema: Schema | None = None) -> None:
        self.schema = schema or Schema.builtin()
        self._strict: dict[str, jsonschema_rs.Validator] = {}
        self._tolerant: dict[str, jsonschema_rs.Validator] = {}

    def forget(self, definition: str) -> None:
        """Drop what was compiled for a definition that changed."""
        self._strict.pop(definition, None)
        self._tolerant.pop(definition, None)

    def is_clean(self, resource: Resource, obj: Object) -> bool:
        """Whether the object has the shape of its kind and neither unknown fields nor nulls: nothing is left to do.

        A kind without a definition takes everything as it is.
        """
        if not resource.definition:
            return True
        strict = self._strict.get(resource.definition)
        if strict is None:
            strict = self._strict[resource.definition] = self._compile(resource.definition, strict=True)
        return strict.is_valid(obj)

    def validate(self, resource: Resource, obj: Object) -> list[Cause]:
        """What is wrong with the shape of an object, each with its path; [] when nothing is. Nulls must be pruned.

        A field missing in `status` is nothing wrong: the built-in kinds' own decoders read it as zero.
        """
        if not resource.definition:
            return []
        tolerant = self._tolerant.get(resource.definition)
        if tolerant is None:
            tolerant = self._tolerant[resource.definition] = self._compile(resource.definition, strict=False)
        if tolerant.is_valid(obj):
            return []
        shape = self.schema.shape(resource.definition)
        return [_cause(shape, obj, error) for error in tolerant.iter_errors(obj) if not _lacks_status_field(error)]

    def unknown_fields(self, resource: Resource, obj: Object) -> list[str]:
        """The paths of fields that the kind does not have, in the object's order."""
        if self.is_clean(resource, obj):
            return []
        found: list[str] = []
        _find_unknown(self.schema.shape(resource.definition), obj, "", found)
        return found

    def prune(self, resource: Resource, obj: Object) -> Object:
        """The object without unknown fields and nulls; the same one when there are none.

        A null means the zero value, as for Kubernetes' own decoder: a required list or object becomes an empty one, a
        string in a map of strings "", and anything else is left out.
        """
        if self.is_clean(resource, obj):
            return obj
        pruned = _pruned(self.schema.shape(resource.definition), obj)
        assert isinstance(pruned, dict)
        return pruned

    def _compile(self, definition: str, *, strict: bool) -> jsonschema_rs.Validator:
        names = self.schema.closure(definition)
        document = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$ref": f"#/$defs/{definition}",
            "$defs": {name: _compilable(name, self.schema.raw(name), strict=strict) for name in names},
        }
        return jsonschema_rs.validator_for(document, validate_formats=True, formats={"byte": _is_base64})


def _is_base64(text: str) -> bool:
    try:
        binascii.a2b_base64(text.replace("\n", "").replace("\r", ""), strict_mode=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _compilable(name: str, raw: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """A published definition as JSON schema: nulls refused, formats made checkable, the free ones free."""
    if name.endswith(".resource.Quantity"):
        return {"type": ["string", "number"], "pattern": _QUANTITY_FORM}
    if name.endswith(".intstr.IntOrString"):
        return {"type": ["integer", "string"]}
    compiled = _without_prose(raw, strict=strict)
    assert isinstance(compiled, dict)
    return compiled


_KEPT: Final = frozenset(
    {"$ref", "type", "format", "properties", "items", "additionalProperties", "required", "enum", "minimum", "maximum",
     "minLength", "maxLength", "pattern", "minItems", "maxItems", "allOf", "anyOf", "oneOf", "not"}
)  # fmt: skip


def _without_prose(raw: Any, *, strict: bool) -> Any:
    if not isinstance(raw, dict):
        return raw
    out: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in _KEPT:
            continue
        if key == "properties":
            out[key] = {name: _without_prose(one, strict=strict) for name, one in value.items()}
        elif key in ("items", "additionalProperties", "not"):
            out[key] = _without_prose(value, strict=strict)
        elif key in ("allOf", "anyOf", "oneOf"):
            out[key] = [_without_prose(one, strict=strict) for one in value]
        elif key == "type" and isinstance(value, list):
            kept = [one for one in value if one != "null"]
            out[key] = kept[0] if len(kept) == 1 else kept
        else:
            out[key] = value
    if raw.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    elif raw.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    low, high = _RANGES.get(raw.get("format", ""), (None, None))
    if low is not None:
        out = {"minimum": low, "maximum": high, **out}
    free = raw.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in raw
    if strict and "properties" in raw and not free:
        out["additionalProperties"] = False
    return out


def _lacks_status_field(error: jsonschema_rs.ValidationError) -> bool:
    steps = error.instance_path
    return isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required) and bool(steps) and steps[0] == "status"


def _cause(shape: Shape, obj: Any, error: jsonschema_rs.ValidationError) -> Cause:
    steps: Sequence[str | int] = list(error.instance_path)
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return Cause("FieldValueRequired", "Required value", fieldpath.describe(shape, [*steps, kind.property]))
    path, value = fieldpath.describe(shape, steps), _at(obj, steps)
    match kind:
        case jsonschema_rs.ValidationErrorKind.Type():
            return Cause("FieldValueTypeInvalid", f"Invalid value: {_shown(value)}: {_wanted(shape, steps)}", path)
        case jsonschema_rs.ValidationErrorKind.Format(format=format_):
            why = _ADVICE.get(format_, f"must have the form {format_}")
        case jsonschema_rs.ValidationErrorKind.Pattern() if _QUANTITY_FORM in error.message:
            why = quantity.GRAMMAR
        case jsonschema_rs.ValidationErrorKind.Minimum(limit=limit):
            why = f"must be at least {limit}"
        case jsonschema_rs.ValidationErrorKind.Maximum(limit=limit):
            why = f"must be at most {limit}"
        case jsonschema_rs.ValidationErrorKind.Enum(options=options):
            supported = ", ".join(f'"{option}"' for option in options if option is not None)
            message = f"Unsupported value: {_shown(value)}: supported values: {supported}"
            return Cause("FieldValueNotSupported", message, path)
        case _:
            why = error.message
    return Cause("FieldValueInvalid", f"Invalid value: {_shown(value)}: {why}", path)


_ARTICLES: Final = {
    "object": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "quantity": "a quantity such as 100m or 1Gi",
    "int-or-string": "a whole number or a string",
    "any": "an object",
}


def _wanted(shape: Shape, steps: Sequence[str | int]) -> str:
    place: Shape | None = shape
    for step in steps:
        if place is not None:
            place = place.items if isinstance(step, int) else place.child(step)
    return f"must be {_ARTICLES[place.type]}" if place is not None else "has the wrong type"


def _at(obj: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        obj = obj[step]
    return obj


def _shown(value: Any) -> str:
    match value:
        case str():
            text = f'"{value}"'
        case bool() | None:
            text = {True: "true", False: "false", None: "null"}[value]
        case dict():
            text = "object"
        case list():
            text = "array"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _find_unknown(shape: Shape, value: Any, path: str, found: list[str]) -> None:
    match shape.type:
        case "object" if isinstance(value, dict):
            fields = shape.fields
            for name, item in value.items():
                child = fields.get(name)
                if child is not None:
                    _find_unknown(child, item, fieldpath.join(path, name), found)
                elif not shape.preserves_unknown:
                    found.append(fieldpath.join(path, name))
        case "map" if isinstance(value, dict):
            for name, item in value.items():
                _find_unknown(shape.values, item, f"{path}[{name}]", found)
        case "list" if isinstance(value, list):
            for index, item in enumerate(value):
                _find_unknown(shape.items, item, f"{path}[{index}]", found)


def _pruned(shape: Shape, value: Any) -> Any:
    match shape.type:
        case "object" if isinstance(value, dict):
            return _pruned_object(shape, value)
        case "map" if isinstance(value, dict):
            values = shape.values
            zero = "" if values.type == "string" else None
            kept = ((name, zero if item is None else _pruned(values, item)) for name, item in value.items())
            return {name: item for name, item in kept if item is not None}
        case "list" if isinstance(value, list):
            items = shape.items
            return [_pruned(items, item) for item in value if item is not None]
        case _:
            return value


def _pruned_object(shape: Shape, value: dict[str, Any]) -> dict[str, Any]:
    fields, free = shape.fields, shape.preserves_unknown
    kept: dict[str, Any] = {}
    for name, item in value.items():
        child = fields.get(name)
        if child is None:
            if free:
                kept[name] = item
        elif item is not None:
            kept[name] = _pruned(child, item)
        elif name in shape.required and child.type in ("list", "map", "object", "any"):
            kept[name] = [] if child.type == "list" else {}
    return kept
