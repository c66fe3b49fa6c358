"""Strategic merge patch: merge by the schema, so that lists of named things are merged by name.

Source: apimachinery, pkg/util/strategicpatch, and the API conventions ("strategic merge patch"). Directives: `$patch`
(replace, delete, merge), `$retainKeys`, `$deleteFromPrimitiveList/FIELD`, `$setElementOrder/FIELD`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

from pyk8s.api.patch.errors import PatchInvalid
from pyk8s.api.schema import Shape

DIRECTIVE: Final = "$patch"
RETAIN_KEYS: Final = "$retainKeys"
DELETE_PRIMITIVES: Final = "$deleteFromPrimitiveList/"
ELEMENT_ORDER: Final = "$setElementOrder/"


def strategic_merge_patch(shape: Shape | None, document: Any, patch: Any) -> Any:
    """`document`, an object of `shape`, with `patch` merged into it. Raises PatchInvalid.

    Without a shape (a custom resource has no merge keys) maps are merged and lists replaced.
    """
    if not isinstance(patch, dict):
        raise PatchInvalid("a strategic merge patch is an object")
    return _merge_map(shape, document if isinstance(document, dict) else {}, patch)


def _merge_map(shape: Shape | None, original: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    match patch.get(DIRECTIVE):
        case None | "merge":
            pass
        case "replace":
            return {
                key: cleaned(value) for key, value in patch.items() if value is not None and not key.startswith("$")
            }
        case "delete":
            return {}
        case other:
            raise PatchInvalid(f"unknown {DIRECTIVE} directive: {other!r}")
    merged = _retained(original, patch)
    orders: dict[str, list[Any]] = {}
    for key, value in patch.items():
        if key in (DIRECTIVE, RETAIN_KEYS):
            continue
        if key.startswith(ELEMENT_ORDER):
            orders[key.removeprefix(ELEMENT_ORDER)] = _list(key, value)
        elif key.startswith(DELETE_PRIMITIVES):
            field = key.removeprefix(DELETE_PRIMITIVES)
            gone = _list(key, value)
            if isinstance(merged.get(field), list):
                merged[field] = [item for item in merged[field] if item not in gone]
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merge_value(shape.child(key) if shape else None, merged.get(key), value)
    for field, order in orders.items():
        if isinstance(merged.get(field), list):
            merge_key = _merge_key(shape.child(field) if shape else None)
            before = original.get(field)
            merged[field] = ordered(merged[field], order, before if isinstance(before, list) else [], merge_key)
    return merged


def _merge_value(shape: Shape | None, original: Any, patch: Any) -> Any:
    strategies = shape.strategies if shape else frozenset()
    if isinstance(patch, dict):
        if not isinstance(original, dict) or "replace" in strategies:
            return _merge_map(shape, {}, patch)
        return _merge_map(shape, original, patch)
    if isinstance(patch, list):
        if "merge" in strategies:
            base = original if isinstance(original, list) else []
            return _merge_list(shape, base, patch)
        return cleaned(patch)
    return patch


def _retained(original: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    if RETAIN_KEYS not in patch:
        return dict(original)
    keys = _list(RETAIN_KEYS, patch[RETAIN_KEYS])
    for key, value in patch.items():
        if not key.startswith("$") and value is not None and key not in keys:
            raise PatchInvalid(f"{RETAIN_KEYS} does not name {key!r}, which the patch sets")
    return {key: value for key, value in original.items() if key in keys}


def _merge_list(shape: Shape | None, original: list[Any], patch: list[Any]) -> list[Any]:
    merge_key = _merge_key(shape)
    if not merge_key:
        if any(isinstance(item, (dict, list)) for item in patch):
            raise PatchInvalid("the items of a merged list without merge key must be plain values")
        return unique([*original, *patch])
    items = shape.items if shape else None
    merged = list(original)
    replace = False
    added: list[dict[str, Any]] = []
    for item in patch:
        if not isinstance(item, dict):
            raise PatchInvalid(f"an item of a list merged by {merge_key!r} must be an object, not {item!r}")
        directive = item.get(DIRECTIVE)
        if directive == "replace":
            replace = True
        elif directive == "delete":
            key = _key_of(item, merge_key)
            merged = [one for one in merged if not (isinstance(one, dict) and one.get(merge_key) == key)]
        elif directive in (None, "merge"):
            added.append({key: value for key, value in item.items() if key != DIRECTIVE})
        else:
            raise PatchInvalid(f"unknown {DIRECTIVE} directive: {directive!r}")
    if replace:
        return [_merge_map(items, {}, item) for item in added]
    for item in added:
        key = _key_of(item, merge_key)
        place = next((i for i, one in enumerate(merged) if isinstance(one, dict) and one.get(merge_key) == key), None)
        if place is None:
            merged.append(_merge_map(items, {}, item))
        else:
            merged[place] = _merge_map(items, merged[place], item)
    return merged


def ordered(merged: list[Any], order: list[Any], before: list[Any], merge_key: str) -> list[Any]:
    """`merged` in the wanted `order`; what the order does not name keeps its place relative to what stood `before`."""
    identify = _identifier(merge_key)
    wanted = {identify(item): place for place, item in reversed(list(enumerate(order)))}
    stood = {identify(item): place for place, item in reversed(list(enumerate(before)))}
    named = sorted((item for item in merged if identify(item) in wanted), key=lambda item: wanted[identify(item)])
    others = sorted(
        (item for item in merged if identify(item) not in wanted),
        key=lambda item: stood.get(identify(item), len(stood)),
    )
    out: list[Any] = []
    while others and named:
        other, name = stood.get(identify(others[0])), stood.get(identify(named[0]))
        first = others if other is not None and name is not None and other < name else named
        out.append(first.pop(0))
    return [*out, *others, *named]


def cleaned(value: Any) -> Any:
    """`value` as it is stored when there was nothing to merge it with: without nulls in objects, and directives."""
    if isinstance(value, dict):
        return {k: cleaned(v) for k, v in value.items() if v is not None and not k.startswith("$")}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value


def unique(items: Sequence[Any]) -> list[Any]:
    """The items without repetitions, in order."""
    out: list[Any] = []
    for item in items:
        if item not in out:
            out.append(item)
    return out


def _merge_key(shape: Shape | None) -> str:
    return shape.merge_key if shape else ""


def _identifier(merge_key: str) -> Callable[[Any], Hashable]:
    def identify(item: Any) -> Hashable:
        value = item.get(merge_key) if merge_key and isinstance(item, dict) else item
        return value if isinstance(value, Hashable) else repr(value)

    return identify


def _key_of(item: dict[str, Any], merge_key: str) -> Any:
    if merge_key not in item:
        raise PatchInvalid(f"map: {item!r} does not contain declared merge key: {merge_key}")
    return item[merge_key]


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise PatchInvalid(f"{name} must be a list")
    return value
