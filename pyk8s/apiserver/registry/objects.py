"""Objects between bytes and dicts: how a body is read, how an object is stored, how a stored one is answered.

Stored bytes carry no resourceVersion: it is the revision of the write that stored them, and put in when they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from pyk8s.api.errors import bad_request, too_large
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource

MAX_BODY_BYTES = 3 * 1024 * 1024
"""A larger body is refused unread. Source: apiserver, MaxRequestBodyBytes."""


@dataclass(frozen=True, slots=True)
class Held:
    """An object as it is stored: decoded, without resourceVersion; `revision` is that of its last write."""

    obj: Object
    revision: int

    @property
    def metadata(self) -> Object:
        """The object's metadata."""
        found: Object = self.obj["metadata"]
        return found


def decode(body: bytes, resource: Resource) -> Object:
    """The object that `body` holds, with apiVersion and kind filled in when they are absent.

    Raises ApiError (BadRequest) for what is no object of this kind.
    """
    obj = decode_json(body)
    kind, version = obj.get("kind") or resource.kind, obj.get("apiVersion") or resource.api_version
    if kind != resource.kind:
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {resource.kind}: kinds differ')
    if version != resource.api_version:
        expected = resource.api_version
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version ({expected})"
        )
    metadata = obj.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request(f"{resource.kind}: metadata must be an object")
    return {**obj, "kind": kind, "apiVersion": version, "metadata": metadata or {}}


def decode_any(body: bytes) -> Object:
    """The JSON object that `body` holds, nulls left out. Raises ApiError (BadRequest)."""
    obj = decode_json(body)
    found: Object = without_nulls(obj) if b"null" in body else obj
    return found


def decode_json(body: bytes) -> Object:
    """The JSON object that `body` holds. Raises ApiError (BadRequest, RequestEntityTooLarge)."""
    if len(body) > MAX_BODY_BYTES:
        raise too_large(f"the body has {len(body)} bytes; the limit is {MAX_BODY_BYTES}")
    try:
        obj = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body cannot be read as JSON: {error}") from error
    if not isinstance(obj, dict):
        raise bad_request("the body must be a JSON object")
    return obj


def without_nulls(value: Any) -> Any:
    """`value` without the fields that are null, at any depth: to Kubernetes they are the same as absent ones."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def encode(obj: Object) -> bytes:
    """The bytes to store: kind, apiVersion and metadata first, without resourceVersion."""
    metadata = obj["metadata"]
    if "resourceVersion" in metadata:
        metadata = {key: value for key, value in metadata.items() if key != "resourceVersion"}
    head = {"kind": obj["kind"], "apiVersion": obj["apiVersion"], "metadata": metadata}
    return orjson.dumps({**head, **obj, "metadata": metadata})


def without(obj: Object, *fields: str) -> Object:
    """`obj` without `fields`."""
    return {key: value for key, value in obj.items() if key not in fields}


def with_metadata(obj: Object, **fields: Any) -> Object:
    """`obj` with these fields of its metadata; a None takes the field away."""
    metadata = {**obj["metadata"], **fields}
    return {**obj, "metadata": {key: value for key, value in metadata.items() if value is not None}}
