"""Whether the proxy keeps up, told over HTTP as kube-proxy tells it: /healthz, /livez, /readyz, /metrics.

Source: Kubernetes, kube-proxy's healthzBindAddress and metricsBindAddress.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

import orjson

from pyk8s.aio import clock
from pyk8s.observe.pages import Page, metrics_page
from pyk8s.proxy.metrics import HEALTHZ, LIVEZ


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
        """Whether nothing waits too long: one that only starts is well."""
        return not (self.waiting_since and now - self.waiting_since > self.limit)

    def ready(self, now: float) -> bool:
        """Whether it is well, and the rules have been written once."""
        return bool(self.synced) and self.well(now)


@dataclass(slots=True)
class Health:
    """How the whole proxy is: that of each family's rules, and whether the node is one that may be sent anything;
    `mode` says which mode is at work, `measure` brings up to date what is counted only for those who ask."""

    parts: Sequence[Freshness] = ()
    eligible: bool = True
    mode: Callable[[], str] = str
    measure: Callable[[], None] = lambda: None

    def well(self, now: float) -> bool:
        """Whether every family's rules are."""
        return all(each.well(now) for each in self.parts)

    def ready(self, now: float) -> bool:
        """Whether every family's rules are there, and well."""
        return all(each.ready(now) for each in self.parts)

    def pages(self, path: str, query: str) -> Page | None:
        """The proxy's pages."""
        if path == "/metrics":
            self.measure()
            return metrics_page()
        if path == "/proxyMode":
            return Page(self.mode().encode())
        if path in ("/healthz", "/livez", "/readyz"):
            page = self.page(clock.wall(), whole=path != "/livez", written=path == "/readyz")
            counts = {"/healthz": HEALTHZ, "/livez": LIVEZ}.get(path)
            if counts is not None:
                counts.labels(str(page.status.value)).inc()
            return page
        return None

    def page(self, now: float, *, whole: bool, written: bool = False) -> Page:
        """Whether all is well at `now`, and since when; 503 when it is not. A node that is going away is ill only as a
        `whole`: load balancers are to leave it, its proxy is not to be restarted. One that only starts is ill for those
        who ask whether the rules are `written`, and for nobody else: restarted, it would start again."""
        well = self.ready(now) if written else self.well(now)
        synced = min((each.synced for each in self.parts), default=0.0)
        waiting = min((each.waiting_since for each in self.parts if each.waiting_since), default=0.0)
        body: dict[str, object] = {
            "lastUpdated": _time(now if well else synced),
            "currentTime": _time(now),
            "healthy": well,
            "waitingSeconds": round(now - waiting, 3) if waiting else 0,
        }
        if whole:
            body["nodeEligible"] = self.eligible
        good = well and (self.eligible or not whole)
        return Page(orjson.dumps(body), HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE, "application/json")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
