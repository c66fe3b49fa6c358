"""JSON merge patch. Source: RFC 7386."""

from __future__ import annotations

from typing import Any


def merge_patch(document: Any, patch: Any) -> Any:
    """`document` with the fields of `patch` in it: null removes a field, objects are merged, all else is replaced."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
