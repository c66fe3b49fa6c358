"""The loop that every controller runs: take a key, reconcile it, and come back to it when that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pyk8s.api.errors import ApiError
from pyk8s.observe import logs
from pyk8s.observe.metrics import counter
from pyk8s.reconcile.workqueue import WorkQueue

log = logs.get("reconcile")

ROUNDS = counter("pyk8s_reconcile_rounds", "Keys served, by controller and outcome.", "controller", "outcome")

Reconcile = Callable[[str], Awaitable[float | None]]
"""Brings the object of a key to where it should be. Returns seconds after which to look again, or None."""

QUIET = frozenset({"Conflict", "AlreadyExists", "NotFound", "ServiceUnavailable", "Timeout", "TooManyRequests"})
"""Reasons that are everyday: our cache was a moment behind, or the server is away."""


async def serve(queue: WorkQueue[str], reconcile: Reconcile, name: str) -> None:
    """Serve keys until the queue shuts down."""
    done, failed = ROUNDS.labels(name, "done"), ROUNDS.labels(name, "failed")
    while (key := await queue.get()) is not None:
        try:
            again = await reconcile(key)
        except Exception as why:  # cancellation is not an Exception and passes through
            failed.inc()
            pause = queue.retry(key)
            _tell(name, key, why, pause)
        else:
            done.inc()
            queue.forget(key)
            if again is not None:
                queue.add_after(key, again)
        finally:
            queue.done(key)


def _tell(name: str, key: str, why: Exception, pause: float) -> None:
    if isinstance(why, ApiError):
        say = log.debug if why.reason in QUIET else log.warning
        say("will try again", controller=name, key=key, seconds=round(pause, 3), reason=why.reason, why=why)
    else:
        log.error("a mistake of ours; will try again", controller=name, key=key, why=why, exc_info=True)


async def run(queue: WorkQueue[str], reconcile: Reconcile, name: str, workers: int = 4) -> None:
    """Serve `queue` by several workers until it shuts down or this is cancelled."""
    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            group.create_task(serve(queue, reconcile, name), name=f"{name}-{number}")
