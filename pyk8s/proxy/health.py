"""Whether the proxy keeps up, told over HTTP as kube-proxy tells it: /healthz, /livez, /metrics.

Source: Kubernetes, kube-proxy's healthzBindAddress and metricsBindAddress.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from pyk8s.aio import clock
from pyk8s.observe import metrics

PATIENCE = 5.0
"""Seconds a caller has for its request."""

REQUEST_LIMIT = 8192


@dataclass(slots=True)
class Freshness:
    """When the rules were last right, and since when something has been waiting; in seconds since 1970, 0 is never.

    The proxy is well when nothing has waited for longer than `limit` seconds.
    """

    limit: float
    synced: float = 0.0
    waiting_since: float = 0.0

    def note_waiting(self) -> None:
        """Something is to be done."""
        self.waiting_since = self.waiting_since or clock.wall()

    def note_synced(self, taken: float) -> None:
        """All that was known at `taken` is in the kernel."""
        self.synced = clock.wall()
        if self.waiting_since <= taken:
            self.waiting_since = 0.0

    def well(self, now: float) -> bool:
        """Whether the rules have been written once, and nothing waits too long."""
        return bool(self.synced) and not (self.waiting_since and now - self.waiting_since > self.limit)


async def serve(freshness: Freshness, host: str, port: int) -> asyncio.Server:
    """Answer on `host`:`port` (0 picks one) until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(respond(head, freshness, clock.wall()))
                await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, host, port, limit=REQUEST_LIMIT)


def respond(head: bytes, freshness: Freshness, now: float) -> bytes:
    """The whole answer to a request whose first lines are `head`."""
    method, _, rest = head.partition(b" ")
    path = rest.split(b" ", 1)[0].split(b"?", 1)[0]
    if method not in (b"GET", b"HEAD"):
        return _page("405 Method Not Allowed", "text/plain", b"use GET\n")
    if path in (b"/healthz", b"/livez"):
        well = freshness.well(now)
        body = {
            "lastUpdated": _time(freshness.synced),
            "currentTime": _time(now),
            "healthy": well,
            "waitingSeconds": round(now - freshness.waiting_since, 3) if freshness.waiting_since else 0,
        }
        return _page("200 OK" if well else "503 Service Unavailable", "application/json", orjson.dumps(body))
    if path == b"/metrics":
        return _page("200 OK", metrics.CONTENT_TYPE, metrics.exposition())
    return _page("404 Not Found", "text/plain", b"/healthz, /livez and /metrics are here\n")


def _page(status: str, kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
