"""Whether the proxy keeps up, told over HTTP as kube-proxy tells it: /healthz, /livez, /readyz, /metrics.

Source: Kubernetes, kube-proxy's healthzBindAddress and metricsBindAddress.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import orjson

from pyk8s.aio import clock
from pyk8s.observe.pages import Look, Page, metrics_page
from pyk8s.observe.pages import serve as serve_pages


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
    return await serve_pages(pages(freshness), host, port)


def pages(freshness: Freshness) -> Look:
    """The proxy's pages."""

    def look(path: str, query: str) -> Page | None:
        if path == "/metrics":
            return metrics_page()
        return health_page(freshness, clock.wall()) if path in ("/healthz", "/livez", "/readyz") else None

    return look


def health_page(freshness: Freshness, now: float) -> Page:
    """Whether all is well at `now`, and since when; 503 when it is not."""
    well = freshness.well(now)
    body = {
        "lastUpdated": _time(freshness.synced),
        "currentTime": _time(now),
        "healthy": well,
        "waitingSeconds": round(now - freshness.waiting_since, 3) if freshness.waiting_since else 0,
    }
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return Page(orjson.dumps(body), status, "application/json")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
