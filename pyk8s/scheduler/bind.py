"""Bindings on their way to the API, many in a call, a few calls at once.

The outcome of every binding becomes known: one that is not answered is sent again as it is, so the place that is held
for the pod is given up only when the API has said that the pod will not take it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import PODS
from pyk8s.client.interface import Binding, Client
from pyk8s.observe import logs
from pyk8s.scheduler.config import Config
from pyk8s.scheduler.objects import Pod
from pyk8s.scheduler.objects import pod as decoded

log = logs.get("scheduler")

REFUSALS = (400, 403, 404, 409, 413, 422)
"""Codes that mean: it was understood and not done. After any other the same binding is sent again."""

AGAIN = Schedule(first=0.05, factor=2.0, limit=2.0, jitter=0.2)


class Outcomes(Protocol):
    """Told what became of each binding."""

    def bound(self, binding: Binding) -> None:
        """The pod is on its node."""
        ...

    def refused(self, binding: Binding, why: ApiError, pod: Pod | None) -> None:
        """It is not, and never will be by this binding; `pod` is what the API has now, None when it is gone."""
        ...


class Binder:
    """Sends bindings in the order they are submitted."""

    def __init__(self, client: Client, outcomes: Outcomes, config: Config) -> None:
        self._client, self._outcomes = client, outcomes
        self._batch = config.batch
        self._waiting: deque[Binding] = deque()
        self._news = asyncio.Event()
        self._slots = asyncio.Semaphore(config.calls)

    def submit(self, binding: Binding) -> None:
        """Send `binding` with the next call."""
        self._waiting.append(binding)
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled."""
        async with Tasks(lambda why: log.error("a batch of bindings failed", why=why)) as tasks:
            while True:
                await self._news.wait()
                await self._slots.acquire()
                batch = [self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting)))]
                if not self._waiting:
                    self._news.clear()
                if not batch:
                    self._slots.release()
                    continue
                tasks.start(self._send(batch), name="bind").add_done_callback(lambda _: self._slots.release())

    async def _send(self, batch: Sequence[Binding]) -> None:
        """Send until each of `batch` is answered."""
        backoff = Backoff(AGAIN)
        while batch:
            try:
                answers = await self._client.bind(batch)
            except ApiError as why:
                answers = [why] * len(batch)
            batch = [one for one, answer in zip(batch, answers, strict=True) if not await self._settle(one, answer)]
            if batch:
                log.info("bindings are sent again", count=len(batch))
                await backoff.wait()

    async def _settle(self, binding: Binding, answer: ApiError | None) -> bool:
        """Tell the outcome; False when it is not known."""
        if answer is None:
            self._outcomes.bound(binding)
        elif answer.code not in REFUSALS:
            return False
        elif answer.code == 404:
            self._outcomes.refused(binding, answer, None)
        else:
            try:
                now = await self._read(binding)
            except ApiError:
                return False
            if now is not None and now.spec.node_name:
                # An earlier answer may have been lost; wherever it is, the informer tells.
                self._outcomes.bound(binding)
            else:
                self._outcomes.refused(binding, answer, now)
        return True

    async def _read(self, binding: Binding) -> Pod | None:
        """The pod of `binding` as it is now; None when it is gone. Raises ApiError."""
        try:
            found = decoded(await self._client.get(PODS.of(binding.name, binding.namespace)))
        except ApiError as why:
            if why.code == 404:
                return None
            raise
        return found if found.metadata.uid == binding.uid else None
