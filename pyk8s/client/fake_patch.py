"""Patches as the fake API applies them: by the same functions as the API server."""

from __future__ import annotations

from functools import cache
from typing import Any

from pyk8s.api.errors import bad_request
from pyk8s.api.patch import PatchFailed, PatchInvalid, json_patch, merge_patch, strategic_merge_patch
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resources
from pyk8s.api.schema import Schema, Shape
from pyk8s.client.interface import PatchType


@cache
def _shape(group: str, version: str, plural: str) -> Shape | None:
    row = Resources.builtin().find(group, version, plural)
    return Schema.builtin().shape(row.definition) if row is not None and row.definition else None


def patched(ref: Ref, base: dict[str, Any], patch: Any, kind: PatchType) -> dict[str, Any]:
    """`base`, an object of the resource of `ref`, with `patch` applied. Raises ApiError("BadRequest") for what does
    not apply."""
    try:
        match kind:
            case PatchType.JSON:
                result = json_patch(base, patch)
            case PatchType.STRATEGIC:
                result = strategic_merge_patch(_shape(ref.group, ref.version, ref.resource), base, patch)
            case _:
                result = merge_patch(base, patch)
    except (PatchInvalid, PatchFailed) as why:
        raise bad_request(f"the server rejected our request: {why}") from why
    if not isinstance(result, dict):
        raise bad_request("the patch leaves no object")
    return result
