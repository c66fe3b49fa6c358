"""What happened, counted cheaply: requests by verb, resource and code, and how long they took.

The names are those of Kubernetes, so that its dashboards read them. Counts are plain integers and become metrics only
when somebody reads /metrics. Source: Kubernetes metrics reference (apiserver_request_*).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pyk8s.apiserver.request import Request

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds in seconds."""

LABELS = ("verb", "group", "version", "resource", "subresource", "scope")


@dataclass(slots=True)
class Durations:
    """A histogram: how many fell under each bound (the last is beyond all), and their sum in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0


@dataclass(slots=True, eq=False)
class Record(Collector):
    """The counts of one API server."""

    codes: dict[tuple[str, ...], int] = field(default_factory=dict)
    durations: dict[tuple[str, ...], Durations] = field(default_factory=dict)

    def add(self, request: Request, code: int, seconds: float) -> None:
        """Count one finished request."""
        resource = request.resource
        if resource is None:
            key: tuple[str, ...] = (request.verb, "", "", "", "", "")
        else:
            scope = "resource" if request.name else "namespace" if request.namespace else "cluster"
            key = (request.verb, resource.group, resource.version, resource.plural, request.subresource, scope)
        coded = (*key, str(code))
        self.codes[coded] = self.codes.get(coded, 0) + 1
        spread = self.durations.get(key)
        if spread is None:
            spread = self.durations[key] = Durations()
        spread.counts[bisect_left(BUCKETS, seconds)] += 1
        spread.total += seconds

    def collect(self) -> Iterator[Metric]:
        """The metrics, for the registry that is scraped."""
        counted = CounterMetricFamily(
            "apiserver_request", "Requests by verb, resource and code.", labels=[*LABELS, "code"]
        )
        for coded, count in self.codes.items():
            counted.add_metric(_shown(coded), count)
        yield counted
        spread = HistogramMetricFamily(
            "apiserver_request_duration_seconds", "How long requests took, watches until they were open.", labels=LABELS
        )
        for key, durations in self.durations.items():
            spread.add_metric(_shown(key), _cumulative(durations), durations.total)
        yield spread


def _shown(key: tuple[str, ...]) -> list[str]:
    return [key[0].upper(), *key[1:]]


def _cumulative(durations: Durations) -> list[tuple[str, float]]:
    below, bounds = 0, []
    for bound, count in zip([*(str(bound) for bound in BUCKETS), "+Inf"], durations.counts, strict=True):
        below += count
        bounds.append((bound, float(below)))
    return bounds
