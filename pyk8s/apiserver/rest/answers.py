"""Answers as HTTP: bodies are joined from the bytes the cache holds, errors are Status objects."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.request import Answer, Document, ListAnswer
from pyk8s.apiserver.rest.negotiation import JSON, YAML, to_yaml
from pyk8s.client.interface import View

GZIP_FROM = 128 * 1024
"""A body of that many bytes is compressed when the client takes it."""


def list_body(answer: ListAnswer, view: View) -> bytes:
    """The JSON of a list: its envelope around the items as they are held. A Table is whole already."""
    if view is View.TABLE:
        return b"".join(answer.items)
    metadata: dict[str, Any] = {"resourceVersion": answer.resource_version}
    if answer.continue_:
        metadata["continue"] = answer.continue_
    if answer.remaining:
        metadata["remainingItemCount"] = answer.remaining
    head = orjson.dumps({"kind": answer.kind, "apiVersion": answer.api_version, "metadata": metadata})
    return b"".join((head[:-1], b',"items":[', b",".join(answer.items), b"]}\n"))


def headers(request_id: str, warnings: Sequence[str] = ()) -> CIMultiDict[str]:
    """The headers of every answer."""
    made = CIMultiDict({"Audit-Id": request_id, "Cache-Control": "no-cache, private"})
    for warning in warnings:
        made.add("Warning", f'299 - "{quoted(warning)}"')
    return made


def quoted(warning: str) -> str:
    """The text of a warning as it may stand in a header: one line of ASCII, quotes escaped. Source: RFC 7234, 5.5."""
    line = " ".join(warning.split())[:1024]
    return line.encode("ascii", "replace").decode("ascii").replace("\\", "\\\\").replace('"', '\\"')


async def whole(body: bytes, code: int, made: CIMultiDict[str], *, yaml: bool, gzips: bool) -> web.Response:
    """A complete answer; big bodies are turned into YAML or compressed beside the loop."""
    if yaml:
        body = await asyncio.to_thread(to_yaml, body)
    made["Content-Type"] = YAML if yaml else JSON
    if gzips and len(body) >= GZIP_FROM:
        body = await asyncio.to_thread(gzip.compress, body, 1)
        made["Content-Encoding"] = "gzip"
        made["Vary"] = "Accept-Encoding"
    return web.Response(body=body, status=code, headers=made)


async def of(
    answer: Answer | ListAnswer, view: View, made: CIMultiDict[str], *, yaml: bool, gzips: bool
) -> web.Response:
    """The HTTP answer of an object or a list."""
    if isinstance(answer, Answer):
        if not yaml and len(answer.body) < GZIP_FROM:
            made["Content-Type"] = JSON
            return web.Response(body=answer.body, status=answer.code, headers=made)
        return await whole(answer.body, answer.code, made, yaml=yaml, gzips=gzips)
    return await whole(list_body(answer, view), 200, made, yaml=yaml, gzips=gzips)


async def document(answer: Document, made: CIMultiDict[str], *, known: str, gzips: bool) -> web.Response:
    """The HTTP answer of a document; 304 when the client has it already (`known` is its If-None-Match)."""
    made["Content-Type"] = answer.content_type
    body = answer.body
    if answer.etag:
        made["ETag"] = f'"{answer.etag}"'
        made["Cache-Control"] = "public, no-cache"
        made["Vary"] = "Accept, Accept-Encoding"
        if f'"{answer.etag}"' in known:
            return web.Response(status=304, headers=made)
    if gzips and len(body) >= GZIP_FROM:
        body = await asyncio.to_thread(gzip.compress, body, 1)
        made["Content-Encoding"] = "gzip"
    return web.Response(body=body, status=answer.code, headers=made)


def failure(error: ApiError, request_id: str, warnings: Sequence[str] = ()) -> web.Response:
    """The HTTP answer of an error: its Status, and when to come again."""
    made = headers(request_id, warnings)
    made["Content-Type"] = JSON
    if error.retry_after:
        made["Retry-After"] = str(error.retry_after)
    if error.code == 401:
        made["WWW-Authenticate"] = 'Bearer realm="kubernetes"'
    return web.Response(body=orjson.dumps(error.status()), status=error.code, headers=made)
