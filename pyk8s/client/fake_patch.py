"""Patches as the fake API applies them: merge patches, JSON patches, and strategic ones for the lists tests use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyk8s.api.errors import bad_request
from pyk8s.client.interface import PatchType

MERGE_KEYS = {
    "conditions": "type",
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "ports": "port",
    "volumes": "name",
    "ownerReferences": "uid",
    "taints": "key",
    "addresses": "type",
}
"""The field that tells members of a list apart, by the list's name."""


def merged(base: Any, patch: Any) -> Any:
    """RFC 7386: dicts are merged, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def strategic(base: Any, patch: Any) -> Any:
    """Like `merged`, but lists of MERGE_KEYS are merged member by member; `$patch: delete` removes one,
    `$patch: replace` the whole list before."""
    result = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = strategic(result.get(key), value)
        elif isinstance(value, list) and {"$patch": "replace"} in value:
            result[key] = [one for one in value if one != {"$patch": "replace"}]
        elif isinstance(value, list) and key in MERGE_KEYS:
            result[key] = _members(result.get(key) or [], value, MERGE_KEYS[key])
        else:
            result[key] = value
    return result


def _members(base: list[Any], patch: list[Any], name: str) -> list[Any]:
    members = {one.get(name): one for one in base}
    for one in patch:
        if one.get("$patch") == "delete":
            members.pop(one.get(name), None)
        else:
            members[one.get(name)] = strategic(members.get(one.get(name)), one)
    return list(members.values())


def patched(base: dict[str, Any], patch: Any, kind: PatchType) -> dict[str, Any]:
    """`base` with `patch` applied. Raises ApiError("BadRequest") for what does not apply."""
    apply: Callable[[Any, Any], Any] = {PatchType.JSON: json_patched, PatchType.STRATEGIC: strategic}.get(kind, merged)
    result: dict[str, Any] = apply(base, patch)
    return result


def json_patched(base: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902's add, remove, replace and test. Raises ApiError("BadRequest")."""
    for operation in operations:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        base = _apply(base, parts, operation)
    return base


def _apply(base: Any, parts: list[str], operation: dict[str, Any]) -> Any:
    op = operation["op"]
    if not parts:
        return operation.get("value")
    part, rest = parts[0], parts[1:]
    if isinstance(base, list):
        index = len(base) if part == "-" else int(part)
        if rest:
            return [*base[:index], _apply(base[index], rest, operation), *base[index + 1 :]]
        if op == "add":
            return [*base[:index], operation["value"], *base[index:]]
        if index >= len(base):
            raise bad_request(f"the server rejected our request: no member {part} at {operation['path']}")
        if op == "test":
            _test(base[index], operation)
            return base
        return [*base[:index], *([operation["value"]] if op == "replace" else []), *base[index + 1 :]]
    base = dict(base or {})
    if rest:
        if part not in base:
            raise bad_request(f"the server rejected our request: nothing at {operation['path']}")
        base[part] = _apply(base[part], rest, operation)
    elif op == "test":
        _test(base.get(part), operation)
    elif op == "remove":
        if part not in base:
            raise bad_request(f"the server rejected our request: nothing at {operation['path']}")
        del base[part]
    else:
        base[part] = operation["value"]
    return base


def _test(value: Any, operation: dict[str, Any]) -> None:
    if value != operation.get("value"):
        raise bad_request(f"testing value {operation['path']} failed")
