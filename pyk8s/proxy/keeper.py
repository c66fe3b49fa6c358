"""Keeps the kernel in step with what is pending for one address family, whatever the mode; and changes the mode.

Nothing waits for company: what is pending goes to the kernel at once, and what comes meanwhile goes together next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext, suppress
from itertools import chain
from typing import Any, Protocol

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.heap import unswept
from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.errors import KernelError, Unsupported
from pyk8s.observe import logs
from pyk8s.proxy import metrics
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.config import RESYNC_SECONDS
from pyk8s.proxy.conntrack import concerned, plan_forgetting
from pyk8s.proxy.health import Freshness
from pyk8s.proxy.modes import clean
from pyk8s.proxy.plan import Intent, Key, Otherwise

log = logs.get("proxy")

MANY = 500
"""Services at once from which on planning is no small matter."""

RETRY = Schedule(first=0.02, factor=2.0, limit=10.0)

Make = Callable[[], Backend[Any, Any]]
"""Makes a mode for the keeper's family; blocks, and raises Unsupported when this machine cannot."""


class Connections(Protocol):
    """The connections of one family that this node keeps track of."""

    def observe(self, protocol: str) -> Iterable[Flow]:
        """Every connection of `protocol`."""
        ...

    def forget(self, flows: Iterable[Flow]) -> None:
        """Forget `flows`."""
        ...


class Keeper:
    """The rules of one node and family. `in_thread` carries out what blocks; `addresses` are those of this node."""

    def __init__(
        self,
        changes: Changes,
        make: Make,
        connections: Connections,
        *,
        addresses: Callable[[], Collection[str]] = tuple,
        resync: float = RESYNC_SECONDS,
        in_thread: Callable[..., Any] = asyncio.to_thread,
    ) -> None:
        self.changes = changes
        self.resync = resync
        self.freshness = Freshness(limit=2 * resync)
        self.backend: Backend[Any, Any] | None = None
        self.refused = ""
        self._next: Make | None = make
        self._leaving: list[Backend[Any, Any]] = []
        self._draining: list[Backend[Any, Any]] = []
        self._connections = connections
        self._addresses = addresses
        self._in_thread = in_thread
        self._label = metrics.NAMES[changes.family]
        self._woken = asyncio.Event()
        self._switching = Backoff(RETRY)
        self._triggers: list[float] = []
        self._whole = True
        self._written = False

    def wake(self) -> None:
        """Something is pending in `changes`."""
        self.freshness.note_waiting()
        metrics.QUEUED.labels(self._label).set(clock.wall())
        self._woken.set()

    def rewrite(self) -> None:
        """Write everything, whatever the kernel has."""
        self._whole = True
        self.wake()

    def switch(self, make: Make) -> None:
        """Go over to another mode, or the same with other settings, as soon as the kernel is free: all new rules are
        written before the old mode's are taken away. A mode that this machine cannot is told of, and not taken; one
        that the kernel refuses for now is tried again."""
        self._next = make
        self._switching.reset()
        self.wake()

    async def keep(self, started: Callable[[], None] = lambda: None) -> None:
        """Bring the kernel to what is pending, whenever something is, and look at it every `resync` seconds.

        `started` is called once all of it is there. Raises Unsupported when there is no first mode.
        """
        backoff = Backoff(RETRY)
        told = False
        while True:
            self._woken.clear()
            try:
                await self.sync()
            except Unsupported:
                raise
            except KernelError as why:
                self._note_failure(why, backoff.failures + 1)
                await backoff.wait()
                continue
            backoff.reset()
            if not told:
                told = True
                started()
            await self._rest()

    async def sync(self) -> None:
        """Bring the kernel to what is pending now. Raises KernelError; the next call then writes everything."""
        started, taken = clock.monotonic(), clock.wall()
        await self._take_over()
        assert self.backend is not None
        if self.changes.pending:
            self.freshness.note_waiting()
        with unswept() if self._whole or len(self.changes.pending) > MANY else nullcontext():
            before, after = await self._write(started)
        self._whole, self._written = False, True
        self.freshness.note_synced(taken)
        metrics.SYNCED.labels(self._label).set(clock.wall())
        if not self.changes.pending:
            metrics.SERVICES_PENDING.set(0)
            metrics.ENDPOINTS_PENDING.set(0)
        await self._leave()
        await self._forget(before, after)

    async def _write(self, started: float) -> tuple[list[Intent], list[Intent]]:
        """Write what is pending, or everything; what the services concerned meant before, and mean now."""
        assert self.backend is not None
        whole, waited = self._whole, self.freshness.waiting_since
        services = self.changes.take()
        self._triggers += self.changes.triggers
        self.changes.triggers.clear()
        before = self._intents(services)
        transaction = self.backend.ruleset.change(services)
        if whole:
            seen = await self._in_thread(self.backend.kernel.survey)
            before = [] if not self._written else before
            services = dict(self.backend.ruleset.intents)
            transaction = self.backend.ruleset.whole(seen)
        if transaction:
            await self._in_thread(self.backend.kernel.run, transaction)
            self._note_written(clock.monotonic() - started, len(services), whole=whole)
            if waited and self._written:
                self._note_programmed(waited)
        self._triggers.clear()
        return before, list(chain.from_iterable(services.values()))

    async def _take_over(self) -> None:
        """Make the mode that is wanted next the one whose rules are written."""
        if self._next is None:
            return
        make = self._next
        try:
            backend = await self._in_thread(make)
        except Unsupported as why:
            if self.backend is None:
                raise
            self._made(make, str(why))
            log.error("the proxy's mode stays as it is: this machine cannot do the other", mode=self.mode, why=why)
            return
        except KernelError as why:
            if self.backend is None:
                raise
            self.refused = str(why)
            log.warning("the proxy's mode stays as it is for now", mode=self.mode, why=why)
            return
        self._made(make)
        if self.backend is not None:
            backend.ruleset.change(dict(self.backend.ruleset.intents))
            if backend.mode != self.backend.mode:
                log.info("the proxy changes its mode", before=self.backend.mode, after=backend.mode)
                self._leaving.append(self.backend)
            else:
                await self._close(self.backend)
        self.backend, self._whole = backend, True

    def _made(self, make: Make, refused: str = "") -> None:
        """`make` has been answered; whoever was asked for meanwhile is still to come."""
        self.refused = refused
        self._switching.reset()
        if self._next is make:
            self._next = None

    async def _close(self, backend: Backend[Any, Any]) -> None:
        if backend.close is not None:
            await self._in_thread(backend.close)

    async def _leave(self) -> None:
        """Take away what modes before this one have in the kernel. What fails is tried again at the next look."""
        for old in list(self._leaving):
            if self.backend is None or old.mode == self.backend.mode:
                self._leaving.remove(old)
                await self._close(old)
                continue
            if old.linger is not None:
                old.linger()
            try:
                await self._in_thread(clean, old, self.backend.chains)
            except KernelError as why:
                log.warning("rules of the former mode could not be removed yet", mode=old.mode, why=why)
                if old.mode == "nftables":
                    metrics.CLEANUP_FAILURES.labels(self._label).inc()
                continue
            self._leaving.remove(old)
            if old.tend is not None:
                self._draining.append(old)
            else:
                await self._close(old)

    def leave(self, others: Iterable[Backend[Any, Any]]) -> None:
        """Take away what `others` may have left in the kernel."""
        self._leaving += others
        if self._leaving:
            self.wake()

    @property
    def mode(self) -> str:
        """The mode at work, "" before the first."""
        return self.backend.mode if self.backend is not None else ""

    async def _rest(self) -> None:
        """Wait for something to do; look at the kernel when nothing came."""
        if self._next is not None:
            await self._tend()
            await self._something(self._switching.fail())
            return
        until = clock.monotonic() + self.resync
        while (left := until - clock.monotonic()) > 0:
            wanted = await self._tend()
            if await self._something(left if wanted is None else min(left, wanted)):
                return
        if not await self._stands():
            log.warning("somebody else has changed the packet rules: writing them again")
            self._whole = True
        elif self._leaving:
            await self._leave()

    async def _tend(self) -> float | None:
        """Do what time has brought; seconds until something is to be done again."""
        wanted = []
        for backend in filter(None, (self.backend, *self._draining)):
            if backend.tend is None:
                continue
            try:
                again = await self._in_thread(backend.tend)
            except KernelError as why:
                log.warning("connections could not be looked after", mode=backend.mode, why=why)
                again = self.resync
            if again is not None:
                wanted.append(max(again, RETRY.first))
            elif backend in self._draining:
                self._draining.remove(backend)
                await self._close(backend)
        return min(wanted, default=None)

    def measure(self) -> None:
        """Count what nobody needs to know but those who ask."""
        held = [each for intents in self._all().values() for each in intents]
        inside = sum(1 for each in held if each.inside.otherwise is Otherwise.DROP and not each.inside.endpoints)
        outside = sum(
            1 for each in held if each.keeps_source and each.everyone.endpoints and not each.outside.endpoints
        )
        metrics.NO_LOCAL.labels(self._label, "internal").set(inside)
        metrics.NO_LOCAL.labels(self._label, "external").set(outside)

    def _all(self) -> dict[Key, tuple[Intent, ...]]:
        return self.backend.ruleset.intents if self.backend is not None else {}

    def _note_failure(self, why: KernelError, failures: int) -> None:
        metrics.FAILURES[self.mode or "iptables"].labels(self._label).inc()
        if not self._whole and self.mode == "iptables":
            metrics.PARTIAL_FAILURES.labels(self._label).inc()
        self._whole = True  # what the kernel has of it is unknown now
        log.error("the packet rules could not be written", why=why, failures=failures)

    def _note_written(self, seconds: float, services: int, *, whole: bool) -> None:
        metrics.SECONDS.labels(self._label).observe(seconds)
        (metrics.FULL_SECONDS if whole else metrics.PARTIAL_SECONDS).labels(self._label).observe(seconds)
        log.debug("packet rules written", services=services, whole=whole, mode=self.mode, family=self._label)

    def _note_programmed(self, waited: float) -> None:
        """From when what is written now began: where a slice says so, the change it follows; else when we heard."""
        now, spent = clock.wall(), metrics.PROGRAMMING.labels(self._label)
        for begun in self._triggers or [waited]:
            spent.observe(max(0.0, now - begun))

    def _intents(self, keys: Collection[Key]) -> list[Intent]:
        assert self.backend is not None
        return [intent for key in keys for intent in self.backend.ruleset.intents.get(key, ())]

    async def _stands(self) -> bool:
        assert self.backend is not None
        try:
            return self.backend.ruleset.stands(await self._in_thread(self.backend.kernel.survey))
        except KernelError:
            return False

    async def _forget(self, before: list[Intent], after: list[Intent]) -> None:
        """Forget UDP connections that go where no new one would. That this fails must not undo what was written."""
        if not concerned(before, after):
            return
        nodes = self._addresses()

        def work() -> int:
            flows = plan_forgetting(self._connections.observe("udp"), before, after, nodes)
            self._connections.forget(flows)
            return len(flows)

        started = clock.monotonic()
        try:
            metrics.FORGOTTEN.labels(self._label).inc(await self._in_thread(work))
        except KernelError as why:
            log.warning("stale UDP connections could not be forgotten", why=why)
        metrics.FORGETTING.labels(self._label).observe(clock.monotonic() - started)

    async def _something(self, seconds: float) -> bool:
        """Whether something became pending within `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        return False
