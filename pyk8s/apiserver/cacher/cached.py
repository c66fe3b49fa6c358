"""One version of one object as the cache holds it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import orjson

from pyk8s.apiserver.cacher.splice import reversioned, versioned


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


_LABELS = msgspec.json.Decoder(_Labelled)

LONGEST_PATH = 32
"""Parts that a field's path may have."""


@lru_cache(maxsize=256)
def _reader(path: str) -> msgspec.json.Decoder[Any]:
    """A decoder that reads nothing but the field at `path`, as nested structs with the one attribute `inner`."""
    shape: Any = Any
    for part in reversed(path.split(".")[:LONGEST_PATH]):
        shape = msgspec.defstruct("Level", [("inner", shape | None, None)], rename={"inner": part})
    return msgspec.json.Decoder(shape)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case dict() | list():
            return orjson.dumps(value).decode()
        case _:
            return str(value)


class Cached:
    """`body` is the JSON as it is answered, with its resource version; `revision` is that of its last write.

    `key` is "namespace/name", or "name" of a cluster-scoped object. Shared by all readers: never changed.
    """

    __slots__ = ("_at", "_fields", "_labels", "body", "key", "revision")

    def __init__(self, key: str, stored: bytes, revision: int) -> None:
        """From the bytes of the store. Raises ValueError when they are no JSON object."""
        self.key = key
        self.revision = revision
        self.body, self._at = versioned(stored, revision)
        self._labels: Mapping[str, str] | None = None
        self._fields: dict[str, str] | None = None

    @property
    def namespace(self) -> str:
        """The namespace, or "" for a cluster-scoped object."""
        return self.key.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The name."""
        return self.key.rpartition("/")[2]

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels; read once."""
        if self._labels is None:
            try:
                self._labels = _LABELS.decode(self.body).metadata.labels or {}
            except msgspec.ValidationError:
                self._labels = {}
        return self._labels

    def field(self, path: str) -> str:
        """The value at a dotted path as field selectors compare it: text, "" when absent; read once."""
        if path == "metadata.name":
            return self.name
        if path == "metadata.namespace":
            return self.namespace
        if self._fields is None:
            self._fields = {}
        value = self._fields.get(path)
        if value is None:
            value = self._fields[path] = self._read(path)
        return value

    def _read(self, path: str) -> str:
        try:
            found = _reader(path).decode(self.body)
        except msgspec.ValidationError:
            return ""
        for _ in path.split(".")[:LONGEST_PATH]:
            if found is None:
                break
            found = found.inner
        return _text(found)

    def object(self) -> dict[str, Any]:
        """The object decoded, anew each time: the caller may change it."""
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded

    def at_version(self, revision: int) -> bytes:
        """The bytes with another resource version: what a watcher is told when the object goes."""
        return reversioned(self.body, self._at, self.revision, revision)
