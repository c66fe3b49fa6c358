"""What a controller has asked for and its cache has not shown yet.

A cache lags behind the controller's own writes. Whoever counted pods in it right after creating some would create them
again. So a controller notes what it expects to see, and counts again only when it has seen it, or when so much time
has passed that something must have been lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

TIMEOUT = 300.0
"""Seconds after which an expectation no longer holds anything up."""


@dataclass(slots=True)
class Expected:
    """Creations still to be seen, as a number, and deletions, by uid; `since` is a monotonic time."""

    creations: int = 0
    deletions: set[str] = field(default_factory=set)
    since: float = 0.0


class Expectations:
    """Expectations by controller key. Times are seconds of one monotonic clock."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._by_key: dict[str, Expected] = {}

    def expect(self, key: str, now: float, *, creations: int = 0, deletions: Iterable[str] = ()) -> None:
        """The cache will show so many creations, and the deletion of these uids, for the controller `key`."""
        self._by_key[key] = Expected(creations, set(deletions), now)

    def created(self, key: str, count: int = 1) -> None:
        """`count` creations were seen, or will never be as they failed."""
        if (expected := self._by_key.get(key)) is not None:
            expected.creations -= count

    def deleted(self, key: str, uid: str) -> None:
        """The deletion of `uid` was seen, or will never be as it failed."""
        if (expected := self._by_key.get(key)) is not None:
            expected.deletions.discard(uid)

    def satisfied(self, key: str, now: float) -> bool:
        """Whether the cache shows everything that was asked for, as far as it matters."""
        expected = self._by_key.get(key)
        if expected is None:
            return True
        if expected.creations <= 0 and not expected.deletions:
            return True
        return now - expected.since >= self._timeout

    def forget(self, key: str) -> None:
        """The controller is gone, and so is what it expected."""
        self._by_key.pop(key, None)
