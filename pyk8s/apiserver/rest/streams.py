"""Answers that go on: watches as lines of JSON, logs as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import orjson
from aiohttp import web
from multidict import CIMultiDict

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.rest.negotiation import JSON
from pyk8s.client.interface import WatchEvent

HEADS = {
    kind: b'{"type":"%s","object":' % kind.encode() for kind in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")
}
TAIL = b"}\n"


def lines(events: Sequence[WatchEvent]) -> bytes:
    """Watch events as the API sends them: a line of JSON each, joined from the bytes of the objects."""
    parts: list[bytes] = []
    for event in events:
        parts += (HEADS[event.type], event.object, TAIL)
    return b"".join(parts)


def error_line(error: ApiError) -> bytes:
    """The line that ends a watch which went wrong."""
    return b"".join((HEADS["ERROR"], orjson.dumps(error.status()), TAIL))


async def send_watch(
    http: web.BaseRequest, batches: AsyncIterator[Sequence[WatchEvent]], made: CIMultiDict[str]
) -> web.StreamResponse:
    """Send a watch until it ends on either side. A client that does not read holds up only itself: the cache cuts it
    off when too much is waiting for it."""
    made["Content-Type"] = JSON
    response = web.StreamResponse(headers=made)
    response.enable_chunked_encoding()
    try:
        await response.prepare(http)
        async for events in batches:
            await response.write(lines(events))
    except ApiError as error:
        await response.write(error_line(error))
    finally:
        await _let_go(batches)
    await response.write_eof()
    return response


async def send_stream(
    http: web.BaseRequest, chunks: AsyncIterator[bytes], made: CIMultiDict[str]
) -> web.StreamResponse:
    """Send bytes as they come. An error before the first of them is raised, a later one ends the answer."""
    made["Content-Type"] = "text/plain"
    response = web.StreamResponse(headers=made)
    response.enable_chunked_encoding()
    try:
        begun = await anext(chunks, b"")
        await response.prepare(http)
        if begun:
            await response.write(begun)
        async for chunk in chunks:
            await response.write(chunk)
    except ApiError as error:
        if not response.prepared:
            raise
        await response.write(f"\n{error.message}\n".encode())
    finally:
        await _let_go(chunks)
    await response.write_eof()
    return response


async def _let_go(source: object) -> None:
    """Close what was read from: a generator, or a watch that knows how to."""
    if (aclose := getattr(source, "aclose", None)) is not None:
        await asyncio.shield(aclose())
    elif (close := getattr(source, "close", None)) is not None:
        close()
