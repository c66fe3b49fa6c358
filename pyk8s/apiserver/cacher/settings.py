"""How much the cache keeps and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes and times of a `Cacher`; times are seconds."""

    window: int = 5_000
    """Events of each collection that are kept for watches to resume from."""
    window_bytes: int = 32 << 20
    """Bytes of bodies in those events at most."""
    backlog: int = 5_000
    """Events that may wait for one watcher; one that falls further behind is cut off."""
    prefill: int = 2_000
    """Revisions that are read again at the start, so that watches survive a restart of the server."""
    wait: float = 3.0
    """How long a read waits for the stream before it goes to the store itself."""
    bookmark_every: float = 10.0
    """How often a quiet watcher is told how far the store has come."""
    indexed: tuple[tuple[str, str], ...] = (("pods", "spec.nodeName"),)
    """(collection, field): what objects are also looked up by."""
