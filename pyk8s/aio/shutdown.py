"""Ending in good order: SIGTERM and SIGINT become one event that a program's main waits for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable


def on_signals(*signals: signal.Signals) -> asyncio.Event:
    """An event that is set by the first of `signals` (SIGTERM and SIGINT when none are named)."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in signals or (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


async def until_stopped(work: Awaitable[None], stopping: asyncio.Event) -> None:
    """Run `work` until it ends or `stopping` is set; then cancel it and wait for it.

    An exception of `work` is raised here.
    """
    task = asyncio.ensure_future(work)
    waiter = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        if not task.done():
            task.cancel()
        results = await asyncio.gather(task, waiter, return_exceptions=True)
    outcome = results[0]
    if isinstance(outcome, Exception):
        raise outcome
