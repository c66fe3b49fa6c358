"""What the client takes and what it sends: the Accept and Content-Type headers.

JSON is spoken both ways, YAML too; protobuf is read, never written: a client that offers JSON beside it gets that.
Source: Kubernetes API conventions, "Receiving resources as Tables"; RFC 9110, section 12.5.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson
import yaml

from pyk8s.api.errors import ApiError, bad_request
from pyk8s.apiserver.rest.protobuf.decode import json_of
from pyk8s.client.interface import PatchType, View

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
ANYTHING = frozenset({"", "*/*", "application/*"})
VIEWS: Mapping[str, View] = {
    "": View.OBJECT,
    "Table": View.TABLE,
    "PartialObjectMetadata": View.METADATA,
    "PartialObjectMetadataList": View.METADATA,
}
MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept header with its parameters, and how much it is wanted."""

    type: str
    parameters: Mapping[str, str]
    quality: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to answer with."""

    view: View = View.OBJECT
    yaml: bool = False


PLAIN = Wanted()


def ranges(accept: str) -> list[Range]:
    """The media ranges of an Accept header, the most wanted first."""
    found = list(_parsed(accept[:MAX_HEADER]))
    return sorted((one for one in found if one.quality > 0), key=lambda one: -one.quality)


@lru_cache(maxsize=256)
def wanted(accept: str) -> Wanted:
    """What an Accept header asks of a resource. Raises ApiError (NotAcceptable) when we have nothing it takes."""
    if not accept:
        return PLAIN
    for one in ranges(accept):
        view = VIEWS.get(one.parameters.get("as", ""))
        if view is None or (view and one.parameters.get("v") != "v1"):
            continue
        if one.type == JSON or one.type in ANYTHING:
            return Wanted(view)
        if one.type in (YAML, "text/yaml", "application/x-yaml"):
            return Wanted(view, yaml=True)
    raise ApiError(
        "NotAcceptable",
        f"only the following media types are accepted: {JSON}, {JSON};as=Table;v=v1;g=meta.k8s.io, "
        f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io, {YAML}",
    )


def json_body(content_type: str, body: bytes) -> bytes:
    """A request's body as JSON. Raises ApiError (UnsupportedMediaType, BadRequest)."""
    media = content_type.partition(";")[0].strip().lower()
    if media in (JSON, "", "*/*"):
        return body
    if media in (YAML, "text/yaml", "application/x-yaml"):
        return from_yaml(body)
    if media == PROTOBUF:
        return json_of(body)
    raise ApiError(
        "UnsupportedMediaType",
        f"the body of the request was in an unknown format - accepted media types include: {JSON}, {YAML}, {PROTOBUF}",
    )


def patch_body(content_type: str, body: bytes) -> tuple[PatchType, bytes]:
    """What kind of patch a body is, and the body as JSON. Raises ApiError (UnsupportedMediaType, BadRequest)."""
    media = content_type.partition(";")[0].strip().lower()
    try:
        kind = PatchType(media)
    except ValueError:
        known = ", ".join(PatchType)
        raise ApiError(
            "UnsupportedMediaType",
            f"the body of the request was in an unknown format - accepted media types include: {known}",
        ) from None
    return kind, from_yaml(body) if kind is PatchType.APPLY else body


def from_yaml(body: bytes) -> bytes:
    """A YAML document as JSON. JSON is YAML and comes back unread. Raises ApiError (BadRequest)."""
    if body.lstrip()[:1] == b"{":
        return body
    try:
        if b"&" in body and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(body, Loader=_Loader)):
            # Aliases in aliases make a small document huge when it becomes JSON.
            raise bad_request("the body is YAML with aliases: write them out")
        return orjson.dumps(yaml.load(body, Loader=_Loader), default=str)  # noqa: S506 - it is a safe loader
    except (yaml.YAMLError, orjson.JSONEncodeError, RecursionError) as error:
        raise bad_request(f"the body is no YAML: {error}") from error


def to_yaml(body: bytes) -> bytes:
    """A JSON document as YAML."""
    text: str = yaml.dump(orjson.loads(body), Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text.encode()


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without dates: a timestamp stays the text it is."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def _parsed(accept: str) -> Iterator[Range]:
    for part in accept.split(","):
        kind, *rest = (piece.strip() for piece in part.split(";"))
        given = dict(_pair(piece) for piece in rest)
        try:
            quality = float(given.pop("q", "1"))
        except ValueError:
            quality = 0.0
        yield Range(kind.lower(), given, quality)


def _pair(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return name.strip().lower(), value.strip().strip('"')
