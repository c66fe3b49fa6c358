"""Which objects a controller has written and its cache still shows as they were.

Working from such a view leads to writes that are refused as conflicts, or to the same write again. Whoever waits for
the event of its own write instead, which is on its way, also writes less: what happens meanwhile is taken along.
"""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 5.0
"""Seconds after which the event of a write is no longer waited for."""


class Freshness:
    """Versions that were written over, by key. A version of "" stands for an object that was not there.

    Only for writes with the version as a precondition, and for creates: there the version that follows is our own.
    """

    def __init__(self) -> None:
        self._replaced: dict[str, tuple[str, float]] = {}

    def wrote(self, key: str, before: str, after: str, now: float) -> None:
        """The object `key` was written over its version `before` and is `after` now; `now` is monotonic."""
        if after != before:  # a write that changed nothing has no event
            self._replaced[key] = (before, now)

    def is_behind(self, key: str, version: str, now: float) -> bool:
        """Whether a cache that shows `version` of the object has not seen our last write of it."""
        held = self._replaced.get(key)
        if held is None:
            return False
        if held[0] == version and now - held[1] < PATIENCE:
            return True
        del self._replaced[key]
        return False
