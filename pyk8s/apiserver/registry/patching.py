"""A patch request applied to an object."""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.api.errors import ApiError, Cause, bad_request, invalid
from pyk8s.api.objectmeta import Object
from pyk8s.api.patch import PatchFailed, PatchInvalid, json_patch, merge_patch, strategic_merge_patch
from pyk8s.api.schema import Shape
from pyk8s.apiserver.registry.objects import MAX_BODY_BYTES
from pyk8s.apiserver.request import Request
from pyk8s.client.interface import PatchType

APPLY_UNKNOWN = (
    "server-side apply is not served by this version; apply from the client "
    "(kubectl apply --server-side=false, or a merge or strategic merge patch)"
)


def read(request: Request) -> Any:
    """The decoded patch. Raises ApiError (BadRequest, UnsupportedMediaType)."""
    if request.options.patch_type is PatchType.APPLY:
        raise ApiError("UnsupportedMediaType", APPLY_UNKNOWN)
    if len(request.body) > MAX_BODY_BYTES:
        raise ApiError(
            "RequestEntityTooLarge", f"the patch has {len(request.body)} bytes; the limit is {MAX_BODY_BYTES}"
        )
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the patch cannot be read as JSON: {error}") from error


def patched(old: Object, request: Request, shape: Shape | None, patch: Any = None) -> Object:
    """`old` after the patch of the request; parts that stay are shared with `old`.

    `shape` is what a strategic merge patch goes by; None when the kind has none. `patch` is the decoded one when it has
    been read already. Raises ApiError: BadRequest when it makes no sense, Invalid when it does not fit the object.
    """
    patch = read(request) if patch is None else patch
    try:
        match request.options.patch_type:
            case PatchType.JSON:
                new = json_patch(old, patch)
            case PatchType.STRATEGIC:
                new = strategic_merge_patch(shape, old, patch)
            case _:
                new = merge_patch(old, patch)
    except PatchInvalid as error:
        raise bad_request(str(error)) from error
    except PatchFailed as error:
        resource = request.resource
        assert resource is not None
        cause = Cause("FieldValueInvalid", str(error))
        raise invalid(resource.group, resource.kind, request.name, [cause]) from error
    if not isinstance(new, dict) or not isinstance(new.get("metadata", {}), dict):
        raise bad_request("the patch leaves no object")
    return new
