"""Small pages for those who watch a program: /healthz, /livez, /readyz, /metrics over HTTP, for few callers.

Enters: what says how the program is. Leaves: whole answers, one a connection. Source: Kubernetes API health endpoints,
RFC 9112 for what little of HTTP is spoken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from pyk8s.observe import logs, metrics
from pyk8s.observe.health import Health

log = logs.get("pages")

PATIENCE = 5.0
"""Seconds a caller has for its request."""

REQUEST_LIMIT = 8192
"""Bytes of a request that are read."""

PATHS = "/healthz, /livez, /readyz and /metrics are here\n"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer; `headers` are whole lines."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/plain; charset=utf-8"
    headers: tuple[str, ...] = ()


Look: TypeAlias = Callable[[str, str], Page | None]
"""The page at a path, with the query behind it; None is "not found"."""


def metrics_page() -> Page:
    """Everything that this process counts."""
    return Page(metrics.exposition(), kind=metrics.CONTENT_TYPE)


def pages_of(health: Health) -> Look:
    """The pages of a program with these checks. `?verbose`, or a check that fails, shows each check."""

    def look(path: str, query: str) -> Page | None:
        if path == "/metrics":
            return metrics_page()
        if path not in ("/healthz", "/livez", "/readyz"):
            return None
        well, text = health.report("ready" if path == "/readyz" else "live")
        if well and "verbose" not in query.split("&"):
            text = "ok"
        return Page(text.encode(), HTTPStatus.OK if well else HTTPStatus.INTERNAL_SERVER_ERROR)

    return look


def respond(head: bytes, look: Look) -> bytes:
    """The whole answer to a request whose first lines are `head`."""
    method, _, rest = head.partition(b" ")
    path, _, query = rest.split(b" ", 1)[0].decode("latin-1").partition("?")
    if method not in (b"GET", b"HEAD"):
        page = Page(b"use GET\n", HTTPStatus.METHOD_NOT_ALLOWED)
    else:
        page = look(path, query) or Page(PATHS.encode(), HTTPStatus.NOT_FOUND)
    lines = (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        f"Content-Type: {page.kind}",
        f"Content-Length: {len(page.body)}",
        "Connection: close",
        *page.headers,
    )
    return "\r\n".join((*lines, "", "")).encode() + (page.body if method != b"HEAD" else b"")


async def serve(look: Look, host: str, port: int) -> asyncio.Server:
    """Answer on `host`:`port` (0 picks one) until the server is closed. Raises OSError when that cannot be had."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                writer.write(respond(await reader.readuntil(b"\r\n\r\n"), look))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, port, limit=REQUEST_LIMIT)


def address(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:10248" or "[::1]:10248". Raises ValueError, which says what to write."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text!r} is no address: write one such as 127.0.0.1:10248, or nothing for none")
    return host.strip("[]"), int(port)


@asynccontextmanager
async def served(look: Look, where: tuple[str, int] | None) -> AsyncIterator[None]:
    """Answer at `where` meanwhile. That it cannot be had is told in the log: no work waits for being watched."""
    server = None
    if where is not None:
        try:
            server = await serve(look, *where)
        except OSError as why:
            log.error("health and metrics are not served", address=f"{where[0]}:{where[1]}", why=why)
    try:
        yield
    finally:
        if server is not None:
            server.close()
