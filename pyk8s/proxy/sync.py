"""Keeps the kernel's rules as Services and EndpointSlices ask: whole at the start, by differences from then on.

Nothing waits for company: what is pending goes to the kernel at once, and what comes meanwhile goes together next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any, Protocol, TypeVar

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import ENDPOINT_SLICES, SERVICES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.kernel.conntrack.run import Conntrack
from pyk8s.kernel.conntrack.values import Flow
from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.iptables.run import Iptables, probe
from pyk8s.kernel.iptables.values import Survey, Transaction
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.observe import logs, metrics
from pyk8s.proxy import health
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.config import Config
from pyk8s.proxy.conntrack import concerned, plan_forgetting
from pyk8s.proxy.health import Freshness
from pyk8s.proxy.iptables.ruleset import Ruleset
from pyk8s.proxy.objects import decode_service, decode_slice
from pyk8s.proxy.plan import Intent, Key, Settings

log = logs.get("proxy")
T = TypeVar("T")

RESYNC_SECONDS = 30.0
"""How often the kernel is looked at for what somebody else changed."""

RETRY = Schedule(first=0.02, factor=2.0, limit=10.0)

TABLES = ("nat", "filter")

SECONDS = metrics.histogram("kubeproxy_sync_proxy_rules_duration_seconds", "How long a change of the rules took.")
FAILURES = metrics.counter("kubeproxy_sync_proxy_rules_iptables_restore_failures", "Changes that the kernel refused.")
SYNCED = metrics.gauge("kubeproxy_sync_proxy_rules_last_timestamp_seconds", "When the rules were last right.")


class Rules(Protocol):
    """The packet rules of this node."""

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises KernelError."""
        ...

    def survey(self, table: str) -> Survey:
        """What `table` holds, roughly."""
        ...


class Connections(Protocol):
    """The connections that this node keeps track of."""

    def observe(self, protocol: str) -> Iterable[Flow]:
        """Every connection of `protocol`."""
        ...

    def forget(self, flows: Iterable[Flow]) -> None:
        """Forget `flows`."""
        ...


async def run(client: Client, config: Mapping[str, Any], *, started: Callable[[], None] = lambda: None) -> None:
    """Be the proxy of the node that `config` (node.yaml) describes, until cancelled.

    `started` is called once the kernel has for the first time every rule that there should be.
    """
    settings = Config.read(config)
    rules = Iptables(await asyncio.to_thread(probe, prefer=settings.backend))
    log.info("packet rules go through iptables", backend=rules.backend, node=settings.node)
    await asyncio.to_thread(_prepare)
    proxy = Proxy(settings, rules, Conntrack())
    services = Informer(client, SERVICES, decode=decode_service)
    slices = Informer(client, ENDPOINT_SLICES, decode=decode_slice)
    services.on_change(proxy.note_service)
    slices.on_change(proxy.note_slice)
    server = None
    async with Tasks(lambda why: log.error("a task of the proxy ended", why=why)) as tasks:
        try:
            if settings.health is not None:
                server = await health.serve(proxy.freshness, *settings.health)
            running = {tasks.start(each.run(), name=f"informer-{each.ref.resource}") for each in (services, slices)}
            running.add(tasks.start(_keep(proxy, (services, slices), started), name="proxy"))
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            if server is not None:
                server.close()


def _prepare() -> None:
    # Node ports answer on 127.0.0.1 too; the rules of KUBE-FIREWALL keep others from reaching it this way.
    try:
        set_sysctl("net/ipv4/conf/all/route_localnet", "1")
    except KernelError as why:
        log.warning("node ports will not answer on 127.0.0.1", why=why)


async def _keep(proxy: Proxy, informers: Iterable[Informer], started: Callable[[], None]) -> None:
    for informer in informers:
        await informer.synced()
    await proxy.keep(started)


class Proxy:
    """The rules of one node and what is pending for them. `in_thread` carries out what blocks."""

    def __init__(
        self,
        config: Config,
        rules: Rules,
        connections: Connections,
        in_thread: Callable[..., Any] = asyncio.to_thread,
    ) -> None:
        self._config = config
        self._rules = rules
        self._connections = connections
        self._in_thread = in_thread
        self._settings = Settings(cluster_ranges=config.cluster_ranges)
        self._changes = Changes(config.node)
        self._ruleset = Ruleset(self._settings)
        self._woken = asyncio.Event()
        self._whole = True
        self._written = False
        self.freshness = Freshness(limit=2 * RESYNC_SECONDS)

    def note_service(self, old: Any, new: Any) -> None:
        """For the informer of Services."""
        self._changes.note_service(old, new)
        self._wake()

    def note_slice(self, old: Any, new: Any) -> None:
        """For the informer of EndpointSlices."""
        self._changes.note_slice(old, new)
        self._wake()

    def _wake(self) -> None:
        self.freshness.note_waiting()
        self._woken.set()

    async def keep(self, started: Callable[[], None] = lambda: None) -> None:
        """Bring the kernel to what is pending, whenever something is, and look at it every RESYNC_SECONDS; `started` is
        called once the kernel has everything for the first time."""
        backoff = Backoff(RETRY)
        begun = False
        while True:
            self._woken.clear()
            try:
                await self.sync()
            except KernelError as why:
                FAILURES.inc()
                self._whole = True  # what the kernel has of it is unknown now
                log.error("the packet rules could not be written", why=why, failures=backoff.failures + 1)
                await backoff.wait()
                continue
            backoff.reset()
            if not begun:
                begun = True
                started()
            if not await self._something(RESYNC_SECONDS) and not await self._stands():
                log.warning("somebody else has changed the packet rules: writing them again")
                self._whole = True

    async def sync(self) -> None:
        """Bring the kernel to what is pending now. Raises KernelError; the next call then writes everything."""
        started, taken = clock.monotonic(), clock.wall()
        if self._changes.pending:
            self.freshness.note_waiting()
        services = self._changes.take()
        before = self._intents(services)
        transaction = self._ruleset.change(services)
        if self._whole:
            surveys = await self._survey()
            before = [] if not self._written else before
            services = dict(self._ruleset.intents)
            transaction = self._ruleset.whole(surveys)
        if transaction:
            await self._in_thread(self._rules.run, transaction)
            SECONDS.observe(clock.monotonic() - started)
            log.debug("packet rules written", services=len(services), actions=len(transaction), whole=self._whole)
        self._whole = False
        self._written = True
        self.freshness.note_synced(taken)
        SYNCED.set(clock.wall())
        await self._forget(before, list(chain.from_iterable(services.values())))

    def _intents(self, keys: Collection[Key]) -> list[Intent]:
        return [intent for key in keys for intent in self._ruleset.intents.get(key, ())]

    async def _survey(self) -> dict[str, Survey]:
        return {table: await self._in_thread(self._rules.survey, table) for table in TABLES}

    async def _stands(self) -> bool:
        try:
            return self._ruleset.stands(await self._survey())
        except KernelError:
            return False

    async def _forget(self, before: list[Intent], after: list[Intent]) -> None:
        """Forget UDP connections that go where no new one would. That this fails must not undo what was written."""
        if not concerned(before, after):
            return
        nodes = (self._config.address, "127.0.0.1")

        def work() -> None:
            flows = plan_forgetting(self._connections.observe("udp"), before, after, nodes)
            self._connections.forget(flows)

        try:
            await self._in_thread(work)
        except KernelError as why:
            log.warning("stale UDP connections could not be forgotten", why=why)

    async def _something(self, seconds: float) -> bool:
        """Whether something became pending within `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._woken.wait()
        return False
