"""Tasks that belong to somebody: started, watched, restarted with back-off, and never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule

HEALTHY_AFTER = 60.0
"""A run of at least so many seconds clears the count of failures."""


async def keep_running(
    run: Callable[[], Awaitable[None]],
    *,
    failed: Callable[[Exception], None],
    schedule: Schedule | None = None,
) -> None:
    """Run `run` again whenever it raises, after a back-off; return when it returns.

    Every exception goes to `failed` first; cancellation passes through.
    """
    backoff = Backoff(schedule or Schedule())
    while True:
        started = clock.monotonic()
        try:
            return await run()
        except Exception as why:
            failed(why)
        if clock.monotonic() - started >= HEALTHY_AFTER:
            backoff.reset()
        await backoff.wait()


class Tasks:
    """Background tasks with one owner; leaving the context cancels what still runs and waits for it.

    An exception of a task goes to `failed`; it ends that task only.
    """

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], *, name: str = "") -> asyncio.Task[Any]:
        """Run `work` in the background."""
        task = asyncio.get_running_loop().create_task(work, name=name or None)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            self._failed(why)

    async def close(self) -> None:
        """Cancel what runs and wait until it has ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def __aenter__(self) -> Tasks:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
