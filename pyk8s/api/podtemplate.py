"""Pod templates as workloads compare and name them: the hash in `pod-template-hash` and in generated names.

Source of the form: pkg/controller/controller_utils.go (FNV-1a of 32 bits, in letters that form no words). What is
hashed is our own canonical JSON, so that the hash depends on nothing but the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

HASH_LABEL: Final = "pod-template-hash"
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"


def canonical_json(value: Any) -> bytes:
    """JSON bytes that are the same for equal values: keys sorted, nulls left out."""
    return orjson.dumps(_without_nulls(value), option=orjson.OPT_SORT_KEYS)


def template_hash(template: Mapping[str, Any], collisions: int = 0) -> str:
    """The hash of a pod template, at most 10 characters; another one for each count of `collisions`.

    The label that carries the hash is not part of it, so that a template may already have it.
    """
    metadata = dict(template.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    data = canonical_json({**template, "metadata": {**metadata, "labels": labels}})
    return safe_encode(str(fnv1a_32(data + (f"#{collisions}".encode() if collisions else b""))))


def fnv1a_32(data: bytes) -> int:
    """The 32-bit FNV-1a hash of `data`. Source: draft-eastlake-fnv."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def safe_encode(text: str) -> str:
    """`text` in characters that may stand in a name and form no words, one for one."""
    return "".join(_ALPHABET[ord(char) % len(_ALPHABET)] for char in text)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
