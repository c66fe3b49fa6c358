"""A queue of keys to look at again.

Fair: keys are served in the order they came. Stingy: a key that comes many times before it is served is served once,
and a key that comes while it is being served is served once more afterwards, never by two workers at once. It takes
many producers and many workers, and it can be shut down.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from pyk8s.aio.backoff import Schedule

K = TypeVar("K", bound=Hashable)

RETRY = Schedule(first=0.005, factor=2.0, limit=15.0, jitter=0.2)
"""How long a key that failed waits: 5 ms, doubling; 15 s at most, as the cause is mostly somebody else's restart."""


class Backlog(Generic[K]):
    """The synchronous heart of the queue: which key is next, and which are in work."""

    def __init__(self) -> None:
        self._order: deque[K] = deque()
        self._dirty: set[K] = set()  # to be served: in `_order`, or again once it is done
        self._processing: set[K] = set()

    def add(self, key: K) -> bool:
        """Note that `key` needs serving; whether that made it available now."""
        if key in self._dirty:
            return False
        self._dirty.add(key)
        if key in self._processing:
            return False
        self._order.append(key)
        return True

    def take(self) -> K | None:
        """The next key, now in work; None when there is none."""
        if not self._order:
            return None
        key = self._order.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        return key

    def done(self, key: K) -> bool:
        """`key` is no longer in work; whether it came again meanwhile and is available now."""
        self._processing.discard(key)
        if key not in self._dirty:
            return False
        self._order.append(key)
        return True

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is in work."""
        return not self._order and not self._processing

    def __len__(self) -> int:
        return len(self._order)


class WorkQueue(Generic[K]):
    """The backlog with waiting: workers wait for keys, keys wait for their time."""

    def __init__(self, retry: Schedule = RETRY) -> None:
        self._backlog: Backlog[K] = Backlog()
        self._available = asyncio.Event()
        self._stopped = False
        self._retry = retry
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}

    def add(self, key: K) -> None:
        """Serve `key` as soon as a worker is free."""
        if not self._stopped and self._backlog.add(key):
            self._available.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Serve `key` in `seconds`; of several such wishes the earliest counts."""
        if self._stopped:
            return
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        held = self._timers.get(key)
        if held is not None:
            if held.when() <= loop.time() + seconds:
                return
            held.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def _due(self, key: K) -> None:
        del self._timers[key]
        self.add(key)

    def retry(self, key: K) -> float:
        """Serve `key` again after a pause that grows with each failure in a row; the pause in seconds."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        pause = self._retry.delay(failures, random.random())  # noqa: S311 - spreads load, guards nothing
        self.add_after(key, pause)
        return pause

    def failures(self, key: K) -> int:
        """How often in a row `key` has failed."""
        return self._failures.get(key, 0)

    def forget(self, key: K) -> None:
        """`key` succeeded: its failures are history."""
        self._failures.pop(key, None)

    async def get(self) -> K | None:
        """The next key, which is then in work until `done`; None once the queue is shut down and empty."""
        while (key := self._backlog.take()) is None:
            if self._stopped:
                return None
            self._available.clear()
            await self._available.wait()
        return key

    def done(self, key: K) -> None:
        """`key` is no longer in work."""
        if self._backlog.done(key):
            self._available.set()

    def shut_down(self) -> None:
        """Take nothing more; workers finish what is queued and then get None."""
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._available.set()

    @property
    def idle(self) -> bool:
        """Nothing waits, is in work or is due later."""
        return self._backlog.idle and not self._timers

    def __len__(self) -> int:
        return len(self._backlog)
