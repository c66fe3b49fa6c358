"""The documents, made when they are asked for and kept until the table changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha512
from typing import Any, Final

import orjson

from pyk8s.api.openapi.paths import paths_of
from pyk8s.api.openapi.schemas import COMMON, COMPONENTS, DEFINITIONS, published
from pyk8s.api.resources import Resource, Resources
from pyk8s.api.schema import RELEASE, Schema

FORM: Final = "1"
"""Changes when these documents are written differently, so that clients let go of what they keep by hash."""

_SCALE: Final = "io.k8s.api.autoscaling.v1.Scale"


class OpenApi:
    """The published schema of a table of resources."""

    def __init__(self, resources: Resources, schema: Schema | None = None) -> None:
        self._resources = resources
        self._schema = schema or Schema.builtin()
        self._documents: dict[str, bytes] = {}
        self._swagger = b""
        self._revision = -1

    def hashes(self) -> Mapping[str, str]:
        """The path below /openapi/v3 of each document ("api/v1", "apis/apps/v1"), with a hash that changes with it.

        The hash is one of what the document is made from, so that no document has to be made to tell it.
        """
        return {
            path_of(group, version): _hash(self._resources.of(group, version))
            for group, versions in self._resources.groups().items()
            for version in versions
        }

    def document(self, path: str) -> bytes | None:
        """The OpenAPI v3 document of one group version, as JSON; None when nothing is served there."""
        self._forget_old()
        if path not in self._documents:
            rows = self._rows(path)
            if not rows:
                return None
            self._documents[path] = orjson.dumps(self._version_three(rows))
        return self._documents[path]

    def swagger(self) -> bytes:
        """All group versions as one OpenAPI v2 document, as JSON."""
        self._forget_old()
        if not self._swagger:
            rows = tuple(self._resources)
            paths: dict[str, Any] = {}
            for row in rows:
                paths |= paths_of(row, version=2)
            definitions = published(self._schema, _names(rows), DEFINITIONS)
            self._swagger = orjson.dumps(
                {"swagger": "2.0", "info": _info(), "paths": paths, "definitions": definitions}
            )
        return self._swagger

    def _version_three(self, rows: Sequence[Resource]) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for row in rows:
            paths |= paths_of(row, version=3)
        schemas = published(self._schema, _names(rows), COMPONENTS)
        return {"openapi": "3.0.0", "info": _info(), "paths": paths, "components": {"schemas": schemas}}

    def _rows(self, path: str) -> tuple[Resource, ...]:
        match path.split("/"):
            case ["api", version]:
                return self._resources.of("", version)
            case ["apis", group, version] if group:
                return self._resources.of(group, version)
        return ()

    def _forget_old(self) -> None:
        if self._revision != self._resources.revision:
            self._revision = self._resources.revision
            self._documents.clear()
            self._swagger = b""


def path_of(group: str, version: str) -> str:
    """Where the document of a group version stands, below /openapi/v3."""
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _names(rows: Sequence[Resource]) -> list[str]:
    named = [name for row in rows for name in (row.definition, f"{row.definition}List") if row.definition]
    scale = [_SCALE] if any("scale" in row.subresources for row in rows) else []
    return [*named, *scale, *COMMON]


def _info() -> dict[str, str]:
    return {"title": "Kubernetes", "version": RELEASE}


def _hash(rows: Sequence[Resource]) -> str:
    return sha512(f"{FORM} {RELEASE} {rows!r}".encode()).hexdigest().upper()
