"""The resource version put into the bytes of an object, without decoding it."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson


class _Metadata(msgspec.Struct):
    resource_version: Any = msgspec.field(name="resourceVersion", default=msgspec.UNSET)


class _Versioned(msgspec.Struct):
    metadata: _Metadata


_VERSIONED = msgspec.json.Decoder(_Versioned)
_METADATA = b'"metadata":'
_FIELD = b'"resourceVersion":"'


def versioned(body: bytes, revision: int) -> tuple[bytes, int]:
    """The stored object `body` with metadata.resourceVersion, and where in it the digits of the version begin.

    Cheap when metadata is the first object inside `body`, as our own encoder writes it, and holds no version yet; else
    the object is decoded and written anew. Raises ValueError when `body` is no JSON object.
    """
    brace = body.find(b"{", 1)
    if brace < 0 or body[brace - len(_METADATA) : brace] != _METADATA or _has_version(body):
        body = _rewritten(body)
        brace = body.find(b"{", 1)
    at = brace + 1
    comma = b"" if body[at : at + 1] == b"}" else b","
    head = body[:at] + _FIELD
    return b'%b%d"%b%b' % (head, revision, comma, body[at:]), len(head)


def _has_version(body: bytes) -> bool:
    """Whether metadata names a version; objects that are referred to do, elsewhere in the body."""
    if b'"resourceVersion"' not in body:
        return False
    return _VERSIONED.decode(body).metadata.resource_version is not msgspec.UNSET


def _rewritten(body: bytes) -> bytes:
    """The object with metadata in front of everything that could hold a brace, and without a version."""
    obj = orjson.loads(body)
    if not isinstance(obj, dict):
        raise ValueError("a stored value is no JSON object")
    metadata = {name: value for name, value in (obj.pop("metadata", None) or {}).items() if name != "resourceVersion"}
    return orjson.dumps({"metadata": metadata, **obj})


def with_version(body: bytes, revision: int) -> bytes:
    """The stored object `body` with metadata.resourceVersion. Raises ValueError when it is no JSON object."""
    return versioned(body, revision)[0]


def reversioned(body: bytes, at: int, old: int, new: int) -> bytes:
    """`body` with the version `new` in place of `old`, whose digits begin at `at`."""
    return b"%b%d%b" % (body[:at], new, body[at + len(str(old)) :])
