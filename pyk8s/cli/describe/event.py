"""What an event says, in either of its forms (core/v1 and events.k8s.io/v1): when, how often, and what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pyk8s.api.columns.values import since

Event = Mapping[str, Any]


def last_seen(event: Event) -> str:
    """When it happened last, RFC 3339; "" when it does not say."""
    series = (event.get("series") or {}).get("lastObservedTime")
    return str(series or event.get("lastTimestamp") or event.get("eventTime") or "")


def times(event: Event, now: datetime) -> str:
    """How long ago it happened, and how often: "5s", "5s (x3 over 2m)"."""
    count = (event.get("series") or {}).get("count") or event.get("count") or 1
    seen = since(last_seen(event), now)
    if count <= 1:
        return seen
    return f"{seen} (x{count} over {since(event.get('firstTimestamp') or event.get('eventTime'), now)})"


def message(event: Event) -> str:
    """What it says, on one line."""
    return str(event.get("message") or event.get("note") or "").strip().replace("\n", " ")
