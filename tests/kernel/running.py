"""Runs a coroutine inside a network namespace, on a loop in a thread of its own, as a node's process would."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from pyk8s.kernel.netns.run import entered


class Inside:
    """A loop in a namespace: threads it starts are born there too."""

    def __init__(self, netns: str) -> None:
        self._netns = netns
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=self._main)
        self._thread.start()
        self.loop = self._ready.result(30)

    def _main(self) -> None:
        with entered(self._netns):
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._ready.set_result(asyncio.get_running_loop())
        await self._stop.wait()

    def do(self, work: Callable[[], Coroutine[Any, Any, Any]], seconds: float = 30.0) -> Any:
        """The result of `work()`, run on the loop."""
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(seconds)

    def start(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> "Future[Any]":
        """Let `work()` run on the loop until it ends or the future is cancelled."""
        return asyncio.run_coroutine_threadsafe(work(), self.loop)

    def close(self) -> None:
        """End the loop; what still runs is cancelled."""
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)


@contextmanager
def inside_loop(netns: str) -> Iterator[Inside]:
    """A loop in the namespace at path `netns`."""
    made = Inside(netns)
    try:
        yield made
    finally:
        made.close()
