"""Leases shared by keys that are to live equally long, few keys on each.

When a lease runs out etcd removes all its keys in one revision, and every watcher gets them in one batch: hence few.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pyk8s.aio import clock
from pyk8s.storage.interface import Store

KEYS_PER_LEASE = 100
"""Keys on one lease at most."""

SHARED_SECONDS = 60.0
"""A lease takes new keys for so long; it is granted for so much longer, as no key may go too early."""

SHARED_PART = 0.05
"""… but for no longer than this part of the time the keys are to live."""


@dataclass(slots=True)
class _Open:
    """A lease that still takes keys, until `until` on the loop's clock."""

    lease: int
    room: int
    until: float


class Leases:
    """Hands out leases of a store."""

    def __init__(self, store: Store, *, keys_per_lease: int = KEYS_PER_LEASE) -> None:
        self._store = store
        self._keys = keys_per_lease
        self._open: dict[int, _Open] = {}
        self._granting: dict[int, asyncio.Lock] = {}

    async def take(self, seconds: int) -> int:
        """A lease for one key that is to live at least `seconds`, and little longer. Raises Unavailable."""
        async with self._granting.setdefault(seconds, asyncio.Lock()):
            now = clock.monotonic()
            held = self._open.get(seconds)
            if held is None or not held.room or now >= held.until:
                shared = min(SHARED_SECONDS, max(1.0, seconds * SHARED_PART))
                lease = await self._store.grant(int(seconds + shared))
                held = self._open[seconds] = _Open(lease, self._keys, now + shared)
            held.room -= 1
            return held.lease

    def drop(self, lease: int) -> None:
        """Hand `lease` out no more: a write under it was refused with LeaseNotFound."""
        self._open = {seconds: held for seconds, held in self._open.items() if held.lease != lease}
