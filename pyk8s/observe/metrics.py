"""Metrics in the Prometheus exposition format, one registry a process.

The hot paths count with plain integers where they can and hand them over when they are scraped.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
"""What this process has to tell; nothing is registered by an import of the library itself."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def counter(name: str, text: str, *labels: str) -> Counter:
    """A count that only grows; `name` without the suffix `_total`."""
    return Counter(name, text, labels, registry=REGISTRY)


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """A value that goes up and down."""
    return Gauge(name, text, labels, registry=REGISTRY)


def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = Histogram.DEFAULT_BUCKETS) -> Histogram:
    """A distribution; `buckets` are upper bounds in the metric's unit (seconds by default)."""
    return Histogram(name, text, labels, buckets=buckets, registry=REGISTRY)


def exposition() -> bytes:
    """Everything, as a scrape would read it."""
    return generate_latest(REGISTRY)
