"""Waiting longer after each failure: exponential back-off with jitter, as a value and as a waiter."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pyk8s.aio import clock


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to wait after the n-th failure in a row: `first` seconds, times `factor` each time, at most `limit`.

    `jitter` is the share of a delay that chance may add: 0.2 makes 10 s into 10-12 s.
    """

    first: float = 0.05
    factor: float = 2.0
    limit: float = 30.0
    jitter: float = 0.2

    def delay(self, failures: int, chance: float = 0.0) -> float:
        """Seconds to wait after `failures` failures (1 or more); `chance` in [0, 1) picks the jitter."""
        if failures < 1:
            return 0.0
        # 64 doublings are past any limit; more would overflow a float.
        plain = min(self.limit, self.first * self.factor ** min(failures - 1, 64))
        return plain * (1 + self.jitter * chance)


@dataclass(slots=True)
class Backoff:
    """Counts failures in a row and waits them out; `reset` after a success."""

    schedule: Schedule = field(default_factory=Schedule)
    failures: int = 0

    def fail(self) -> float:
        """Count one more failure; the seconds to wait for it."""
        self.failures += 1
        return self.schedule.delay(self.failures, random.random())  # noqa: S311 - spreads load, guards nothing

    async def wait(self) -> None:
        """Count one more failure and wait it out."""
        await clock.sleep(self.fail())

    def reset(self) -> None:
        """Forget the failures: it worked."""
        self.failures = 0
