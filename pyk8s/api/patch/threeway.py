"""The patch that `apply` sends: what the author changed since last time, on top of what others changed meanwhile.

Source: apimachinery, pkg/util/strategicpatch (CreateThreeWayMergePatch), and kubectl's last-applied annotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyk8s.api.patch.strategic import DELETE_PRIMITIVES, DIRECTIVE, ELEMENT_ORDER, RETAIN_KEYS
from pyk8s.api.patch.values import same
from pyk8s.api.schema import Shape


def three_way(
    shape: Shape | None, original: Mapping[str, Any], modified: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any]:
    """The patch that brings `current` to what `modified` says, {} when nothing is to do.

    Fields of `original` (applied last time) that `modified` no longer has are removed; fields only `current` has stay.
    With a shape it is a strategic merge patch; without one it has no directives and is a JSON merge patch.
    """
    patch: dict[str, Any] = {}
    for key, wanted in modified.items():
        if wanted is not None:
            child = shape.child(key) if shape else None
            patch |= _field(child, key, original.get(key), wanted, current.get(key), present=key in current)
    for key in original:
        if modified.get(key) is None and current.get(key) is not None:
            patch[key] = None
    return patch


def _field(shape: Shape | None, key: str, original: Any, wanted: Any, current: Any, *, present: bool) -> dict[str, Any]:
    if not present or type(wanted) is not type(current):
        return {} if present and same(wanted, current) else {key: wanted}
    if isinstance(wanted, dict):
        return _object(shape, key, original if isinstance(original, dict) else {}, wanted, current)
    if isinstance(wanted, list) and shape is not None and "merge" in shape.strategies:
        before = original if isinstance(original, list) else []
        if not shape.merge_key:
            return _plain_list(key, before, wanted, current)
        if _told_apart(wanted, shape.merge_key) and _told_apart(current, shape.merge_key):
            return _keyed_list(shape, key, before, wanted, current)
        return {} if same(wanted, current) else {key: [*wanted, {DIRECTIVE: "replace"}]}
    return {} if same(wanted, current) else {key: wanted}


def _object(
    shape: Shape | None, key: str, original: dict[str, Any], wanted: dict[str, Any], current: dict[str, Any]
) -> dict[str, Any]:
    strategies = shape.strategies if shape else frozenset()
    if "replace" in strategies:
        return {} if same(wanted, current) else {key: {**wanted, DIRECTIVE: "replace"}}
    inner = three_way(shape, original, wanted, current)
    if not inner:
        return {}
    if "retainKeys" in strategies:
        inner[RETAIN_KEYS] = sorted(name for name, value in wanted.items() if value is not None)
    return {key: inner}


def _plain_list(key: str, original: list[Any], wanted: list[Any], current: list[Any]) -> dict[str, Any]:
    added = [item for item in wanted if item not in current]
    gone = [item for item in original if item not in wanted and item in current]
    kept = [item for item in current if item in wanted]
    if not added and not gone and kept == [item for item in wanted if item in current]:
        return {}
    patch: dict[str, Any] = {f"{ELEMENT_ORDER}{key}": wanted}
    if gone:
        patch[f"{DELETE_PRIMITIVES}{key}"] = gone
    if added:
        patch[key] = added
    return patch


def _keyed_list(shape: Shape, key: str, original: list[Any], wanted: list[Any], current: list[Any]) -> dict[str, Any]:
    name = shape.merge_key
    before = {item[name]: item for item in original if isinstance(item, dict) and name in item}
    now = {item[name]: item for item in current}
    names = [item[name] for item in wanted]
    changes: list[dict[str, Any]] = []
    for item in wanted:
        if item[name] not in now:
            changes.append(item)
            continue
        inner = three_way(shape.items, before.get(item[name], {}), item, now[item[name]])
        if "retainKeys" in shape.strategies and inner:
            inner[RETAIN_KEYS] = sorted(field for field, value in item.items() if value is not None)
        if inner:
            changes.append({**inner, name: item[name]})
    changes += [{DIRECTIVE: "delete", name: gone} for gone in before if gone not in names and gone in now]
    in_order = [one for one in now if one in names] == [one for one in names if one in now]
    if not changes and in_order:
        return {}
    patch: dict[str, Any] = {f"{ELEMENT_ORDER}{key}": [{name: one} for one in names]}
    if changes:
        patch[key] = changes
    return patch


def _told_apart(items: list[Any], merge_key: str) -> bool:
    """Whether the merge key tells the items apart: a Service may have one port twice, by TCP and UDP."""
    keys = [item.get(merge_key) if isinstance(item, dict) else None for item in items]
    return None not in keys and len(set(keys)) == len(keys)
