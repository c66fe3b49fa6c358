"""One clock for everything that waits: the running event loop's, so that tests can replace it by a virtual one.

`VirtualLoop` is an event loop whose time stands still while anything is ready to run and jumps to the next deadline
when nothing is. Code under it may use `asyncio.timeout`, `call_later` and everything here; it must not do real I/O.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

VIRTUAL_EPOCH = 1_700_000_000.0
"""Seconds since 1970 that a virtual loop starts at: 2023-11-14T22:13:20Z."""


def monotonic() -> float:
    """Seconds on the running loop's clock; only differences mean anything."""
    return asyncio.get_running_loop().time()


def wall() -> float:
    """Seconds since 1970, of the running loop when that is virtual."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return time.time()
    return VIRTUAL_EPOCH + loop.time() if isinstance(loop, VirtualLoop) else time.time()


def now() -> datetime:
    """The time now, in UTC, of the running loop when that is virtual."""
    return datetime.fromtimestamp(wall(), UTC)


async def sleep(seconds: float) -> None:
    """Wait out `seconds` of the loop's clock: for back-off and deadlines, never to wait for something to happen."""
    await asyncio.sleep(max(0.0, seconds))


async def sleep_until(deadline: float) -> None:
    """Wait until `monotonic()` is `deadline`."""
    await sleep(deadline - monotonic())


class _IdleSelector(selectors.DefaultSelector):
    """Tells its loop to jump instead of waiting; what is ready on real descriptors is still seen first."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("a virtual loop waits for something that can never happen")
        if not ready and timeout is not None and timeout > 0:
            self.loop.advance(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock starts at 0 and moves only when every task waits."""

    def __init__(self) -> None:
        selector = _IdleSelector()
        self._virtual_now = 0.0
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual_now

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._virtual_now += seconds


def run_virtual(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run `main()` to its end in virtual time and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())
