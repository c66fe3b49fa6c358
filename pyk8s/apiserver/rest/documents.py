"""Paths that are no resource: discovery, OpenAPI, version, health, metrics, token keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resources
from pyk8s.apiserver.parameters import parameters
from pyk8s.apiserver.request import Document, Request
from pyk8s.apiserver.rest import discovery
from pyk8s.apiserver.rest.negotiation import ranges
from pyk8s.apiserver.version import VERSION
from pyk8s.observe import metrics
from pyk8s.observe.health import Health
from pyk8s.wire.tokens import ALGORITHM, Verifier


class OpenApi(Protocol):
    """The published schema, a document for each group version."""

    def hashes(self) -> Mapping[str, str]:
        """The path below /openapi/v3 ("api/v1", "apis/apps/v1") of each document, and a hash of its content."""
        ...

    def document(self, path: str) -> bytes | None:
        """The OpenAPI v3 document of a path, as JSON."""
        ...

    def swagger(self) -> bytes:
        """All of it as one OpenAPI v2 document, as JSON."""
        ...


SWAGGER_ONCE = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
SWAGGER = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
"""How kubectl asks for OpenAPI v2 when v3 does not know a kind: all it is told is that there is none in it (field 1 of
the document, `swagger`, alone). It asks by the old name, which is no media type, and reads an answer of the new one.
Source: gnostic, openapiv2/OpenAPIv2.proto."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the documents tell of. `address` is host:port of this server."""

    resources: Resources
    openapi: OpenApi
    health: Health
    address: Callable[[], str]
    verifier: Verifier | None = None


class Documents:
    """Answers every path that is no resource; what is made from the schema table is kept until that changes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._made: dict[tuple[str, str], Document | None] = {}
        self._revision = -1

    async def handle(self, request: Request) -> Document:
        """The document at `request.path`. Raises ApiError (NotFound, MethodNotAllowed)."""
        path, _, query = request.path.partition("?")
        if request.verb != "get":
            raise ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource")
        found = self._live(path, query) or self._kept(path.rstrip("/") or "/", request.accept, query)
        if found is None:
            raise ApiError("NotFound", "the server could not find the requested resource")
        return found

    def _live(self, path: str, query: str) -> Document | None:
        """What is different each time: health and metrics."""
        if path == "/metrics":
            return Document(metrics.exposition(), metrics.CONTENT_TYPE)
        for prefix, kind in (("/readyz", "ready"), ("/livez", "live"), ("/healthz", "live")):
            if path == prefix or path.startswith(f"{prefix}/"):
                return self._health(kind, path[len(prefix) + 1 :], "verbose" in parameters(query))
        return None

    def _health(self, kind: str, name: str, verbose: bool) -> Document | None:
        health = self._parts.health
        if name:
            check = (health.live | health.ready).get(name)
            if check is None:
                return None
            well, said = not check(), check() or "ok"
        else:
            well, said = health.report(kind)
            said = said if verbose or not well else "ok"
        return Document(said.encode(), "text/plain; charset=utf-8", code=200 if well else 500)

    def _kept(self, path: str, accept: str, query: str) -> Document | None:
        if self._revision != self._parts.resources.revision:
            self._made.clear()
            self._revision = self._parts.resources.revision
        form = aggregated_form(accept) if path in ("/api", "/apis") else ""
        if path == "/openapi/v2" and "json" not in accept and "*/*" not in accept and accept:
            if not any(form in accept for form in (SWAGGER, SWAGGER_ONCE)):
                raise ApiError("NotAcceptable", f"the OpenAPI v2 document is served as application/json or {SWAGGER}")
            return Document(b"\x0a\x032.0", SWAGGER)
        key = (path, form)
        if key not in self._made:
            made = self._make(path, form)
            if made is None:
                return None
            self._made[key] = made
        return self._made[key]

    def _make(self, path: str, form: str) -> Document | None:
        parts = path.split("/")[1:]
        resources = self._parts.resources
        match parts:
            case ["api" | "apis"] if form:
                body = discovery.aggregated(resources, core=path == "/api", version=form)
                kind = f"application/json;g={discovery.AGGREGATED};v={form};as=APIGroupDiscoveryList"
                return _document(body, kind, tagged=True)
            case ["api"]:
                return _document(discovery.versions(self._parts.address()))
            case ["apis"]:
                return _document(discovery.group_list(resources))
            case ["api", version]:
                return _document(discovery.resource_list(resources, "", version))
            case ["apis", group]:
                return _document(discovery.group(resources, group))
            case ["apis", group, version]:
                return _document(discovery.resource_list(resources, group, version))
            case ["version"]:
                return _document(VERSION)
            case ["openapi", *rest]:
                return self._openapi(rest)
            case ["openid", "v1", "jwks"] if self._parts.verifier:
                return _document(self._parts.verifier.key_set(), "application/jwk-set+json")
            case [".well-known", "openid-configuration"] if self._parts.verifier:
                return _document(_openid(self._parts.verifier.issuer))
            case [""]:
                return _document({"paths": self._paths()})
        return None

    def _openapi(self, rest: list[str]) -> Document | None:
        openapi = self._parts.openapi
        match rest:
            case ["v3"]:
                urls = {
                    path: {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
                    for path, digest in openapi.hashes().items()
                }
                return _document({"paths": urls}, tagged=True)
            case ["v3", *path]:
                body = openapi.document("/".join(path))
                return _tagged(body) if body is not None else None
            case ["v2"]:
                return _tagged(openapi.swagger())
        return None

    def _paths(self) -> list[str]:
        known = ["/api", "/apis", "/healthz", "/livez", "/readyz", "/metrics", "/openapi/v2", "/openapi/v3", "/version"]
        for group, versions in self._parts.resources.groups().items():
            known += [f"/apis/{group}/{one}" if group else f"/api/{one}" for one in versions]
            known += [f"/apis/{group}"] if group else []
        return sorted(known)


def aggregated_form(accept: str) -> str:
    """The version of the aggregated discovery an Accept header prefers ("v2", "v2beta1"), "" for the plain form."""
    for one in ranges(accept):
        if one.parameters.get("as") == "APIGroupDiscoveryList" and one.parameters.get("g") == discovery.AGGREGATED:
            if one.parameters.get("v") in ("v2", "v2beta1"):
                return one.parameters["v"]
        elif one.type == "application/json":
            return ""
    return ""


def _document(body: Any, kind: str = "application/json", *, tagged: bool = False) -> Document | None:
    if body is None:
        return None
    raw = orjson.dumps(body)
    return Document(raw, kind, _digest(raw) if tagged else "")


def _tagged(raw: bytes) -> Document:
    return Document(raw, "application/json", _digest(raw))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest().upper()


def _openid(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
