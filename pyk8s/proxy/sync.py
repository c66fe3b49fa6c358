"""The proxy of a node put together: what it hears of, the keeper of each family's rules, and those who ask it.

Changes come from informers (or from files: see `standalone`); the mode and its settings from the node's own
configuration, with kube-proxy's over it when there is one, in a file or in the ConfigMap kube-system/kube-proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.refs import CONFIG_MAPS, ENDPOINT_SLICES, NODES, SERVICES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.kernel.conntrack.run import Conntrack
from pyk8s.kernel.errors import KernelError, Unsupported
from pyk8s.kernel.link.addresses import Addresses
from pyk8s.kernel.netns.run import set_sysctl
from pyk8s.observe import logs
from pyk8s.observe.pages import served
from pyk8s.proxy import kubeproxy, metrics, modes
from pyk8s.proxy.backend import Backend
from pyk8s.proxy.balancers import Checks, now_well, plan_check
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.config import Config
from pyk8s.proxy.health import Health
from pyk8s.proxy.keeper import Connections, Keeper
from pyk8s.proxy.objects import (
    ZONE,
    ConfigMap,
    EndpointSlice,
    Node,
    Service,
    decode_config_map,
    decode_node,
    decode_service,
    decode_slice,
    owner,
)
from pyk8s.proxy.plan import Settings
from pyk8s.proxy.told import read_document, settle

log = logs.get("proxy")

GOING = "ToBeDeletedByClusterAutoscaler"
"""The taint of a node that is about to be taken away."""

PATIENCE = 2.0
"""Seconds that the start waits for what it can do without: the node's own object, and kube-proxy's ConfigMap."""


def observe_addresses() -> frozenset[str]:
    """The addresses of this node but those that the mode ipvs gave it. Blocks; none when they cannot be listed."""
    try:
        return Addresses().observe_all(without=modes.IPVS_LINK)
    except KernelError as why:
        log.warning("the addresses of this node cannot be listed", why=why)
        return frozenset()


class Proxy:
    """Everything that one node's proxy is, but where its objects come from."""

    def __init__(
        self,
        config: Config,
        *,
        make: Callable[[Config, Settings], Backend[Any, Any]] = modes.make,
        connections: Callable[[int], Connections] = lambda family: Conntrack(family=6 if family == 6 else 4),
        addresses: Callable[[], frozenset[str]] = observe_addresses,
        in_thread: Callable[..., Any] = asyncio.to_thread,
    ) -> None:
        self.config = config
        self._base = config
        self._document: kubeproxy.Document | None = None
        self._make_mode = make
        self._observe = addresses
        self._in_thread = in_thread
        self._addresses: frozenset[str] = frozenset()
        self._node: Node | None = None
        self._settings: dict[int, Settings] = {}
        self.keepers = {
            family: Keeper(
                Changes(config.node, family),
                partial(self._make, family),
                connections(family),
                addresses=self._own_addresses,
                resync=config.resync,
                in_thread=in_thread,
            )
            for family in config.families
        }
        self.health = Health(
            [keeper.freshness for keeper in self.keepers.values()], mode=self._mode, measure=self._measure
        )
        self.checks = Checks(self._check_hosts, now_well(self.health.ready))

    def note_service(self, old: Service | None, new: Service | None) -> None:
        """A Service was added (`old` is None), changed, or removed (`new` is None)."""
        metrics.SERVICES_TOTAL.inc()
        metrics.SERVICES_PENDING.inc()
        for keeper in self.keepers.values():
            keeper.changes.note_service(old, new)
            keeper.wake()
        held = new or old
        if held is not None:
            self._check(f"{held.metadata.namespace}/{held.metadata.name}")

    def note_slice(self, old: EndpointSlice | None, new: EndpointSlice | None) -> None:
        """An EndpointSlice was added, changed or removed."""
        metrics.ENDPOINTS_TOTAL.inc()
        metrics.ENDPOINTS_PENDING.inc()
        for keeper in self.keepers.values():
            keeper.changes.note_slice(old, new)
            keeper.wake()
        for key in {owner(each) for each in (old, new) if each is not None}:
            self._check(key)

    def note_node(self, old: Node | None, new: Node | None) -> None:
        """The proxy's own node was added, changed or removed."""
        self._node = new
        going = new is None or new.metadata.deletion_timestamp is not None
        self.health.eligible = not going and not any(each.key == GOING for each in (new and new.spec.taints) or ())
        zone = new.metadata.labels.get(ZONE, "") if new is not None else ""
        for keeper in self.keepers.values():
            if keeper.changes.zone != zone:
                keeper.changes.move(zone)
                keeper.wake()
        self.configure(self.config)

    def note_document(self, document: object) -> None:
        """kube-proxy's configuration says so; None: there is none. One that is wrong is told of, and not taken."""
        try:
            said = None if document is None else kubeproxy.decode(document)
            self._follow(self._base, said)
        except ValueError as why:
            log.error("the configuration of kube-proxy stays as it was", why=why)
            return
        for field in kubeproxy.unknown(document) if isinstance(document, Mapping) else ():
            log.warning("the configuration of kube-proxy has a field that is not known", field=field)
        for field in kubeproxy.ignored(said) if said is not None else ():
            log.warning("a field of kube-proxy's configuration has no effect here", field=field)

    def rebase(self, config: Config) -> None:
        """What this node itself says is `config` now; what kube-proxy's configuration says stays over it. Raises
        ValueError, with nothing changed, when both together make no sense."""
        self._follow(config, self._document)

    def _follow(self, base: Config, document: kubeproxy.Document | None) -> None:
        config = base if document is None else kubeproxy.apply(document, base)
        self._base, self._document = base, document
        self.configure(config)

    def note_config_map(self, old: ConfigMap | None, new: ConfigMap | None) -> None:
        """The ConfigMap with kube-proxy's configuration was added, changed or removed."""
        try:
            document = read_document(new)
        except ValueError as why:
            log.error("the ConfigMap kube-proxy is of no use: the configuration stays as it was", why=why)
        else:
            self.note_document(document)

    def configure(self, config: Config) -> None:
        """Let the rules follow `config` and what is known of the node. Names, families and the addresses to answer at
        stay as they were at the start."""
        changed = (config.mode, config.backend) != (self.config.mode, self.config.backend)
        self.config = config
        self.checks.look()
        for family, keeper in self.keepers.items():
            keeper.resync = config.resync
            if family in self._settings and (changed or self._settings[family] != self._now(family)):
                keeper.switch(partial(self._make, family))

    async def keep(self, started: Callable[[], None] = lambda: None) -> None:
        """Keep all families in step until cancelled; `started` is called once all rules are there.

        Raises Unsupported when this machine cannot do the mode.
        """
        await self._in_thread(self._prepare)
        ready = {family: asyncio.Event() for family in self.keepers}
        async with Tasks(lambda why: log.error("a task of the proxy ended", why=why)) as tasks:
            running = {tasks.start(self._keep_family(family, ready[family])) for family in self.keepers}
            running.add(tasks.start(self.checks.keep(), name="checks"))
            running.add(tasks.start(self._look_around(), name="addresses"))
            tasks.start(self._begin(ready, started), name="started")
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _keep_family(self, family: int, ready: asyncio.Event) -> None:
        try:
            await self.keepers[family].keep(ready.set)
        except Unsupported as why:
            if not self.config.lenient or family == self.config.families[0]:
                raise
            log.warning("there are no rules of one family: this machine cannot", family=metrics.NAMES[family], why=why)
            self.health.parts = [each for each in self.health.parts if each is not self.keepers[family].freshness]
            ready.set()
            await asyncio.get_running_loop().create_future()

    async def _begin(self, ready: Mapping[int, asyncio.Event], started: Callable[[], None]) -> None:
        """Tell that all rules are there, and take away what a proxy of another mode left in this place."""
        for each in ready.values():
            await each.wait()
        started()
        for family, keeper in self.keepers.items():
            keeper.leave(await self._in_thread(self._leftovers, family))

    def _prepare(self) -> None:
        self._addresses = self._observe()
        for name, value in self.config.sysctls.items():
            try:
                set_sysctl(name, value)
            except KernelError as why:
                log.warning("a setting of the connection tracking was not taken", name=name, why=why)

    def _leftovers(self, family: int) -> list[Backend[Any, Any]]:
        return list(modes.leftovers(self.config.mode, self.config, self._now(family)))

    def _make(self, family: int) -> Backend[Any, Any]:
        """The mode that is wanted for `family`, as the node is now. Blocks."""
        before, settings = self._settings.get(family), self._now(family)
        # Known before it is made: what changes meanwhile is made after it.
        self._settings[family] = settings
        try:
            backend = self._make_mode(self.config, settings)
        except BaseException:
            if before is None:
                del self._settings[family]
            else:
                self._settings[family] = before
            raise
        log.info("packet rules are written", mode=backend.mode, family=metrics.NAMES[family], node=self.config.node)
        return backend

    def _now(self, family: int) -> Settings:
        return settle(self.config, self._node, self._addresses, family)

    def _own_addresses(self) -> frozenset[str]:
        return self._addresses | frozenset(self.config.addresses) | {"127.0.0.1"}

    async def _look_around(self) -> None:
        """Notice addresses that came or went."""
        while True:
            await clock.sleep(self.config.resync)
            self._addresses = await self._in_thread(self._observe)
            self.configure(self.config)

    def _mode(self) -> str:
        """The mode at work; it is not the one that is wanted while this machine cannot do that."""
        return next(iter(self.keepers.values())).mode

    def _measure(self) -> None:
        for keeper in self.keepers.values():
            keeper.measure()

    def _check(self, key: str) -> None:
        """Answer load balancers for the service `key` as it is now. Its slices of both families count."""
        changes = next(iter(self.keepers.values())).changes
        service = changes.services.get(key)
        self.checks.want(key, plan_check(service, changes.slices.get(key, {}).values(), self.config.node))

    def _check_hosts(self) -> Iterable[str]:
        for family in self.keepers:
            settings = self._now(family)
            yield from settings.node_ports_on if settings.node_port_ranges else ("0.0.0.0" if family == 4 else "::",)  # noqa: S104


async def run(client: Client, config: Mapping[str, Any], *, started: Callable[[], None] = lambda: None) -> None:
    """Be the proxy of the node that `config` (node.yaml) describes, until cancelled.

    `started` is called once the kernel has for the first time every rule that there should be.
    """
    await serve(Proxy(Config.read(config)), client, started)


async def serve(
    proxy: Proxy, client: Client, started: Callable[[], None] = lambda: None, more: Iterable[Any] = ()
) -> None:
    """Let `proxy` follow what the API says, until cancelled; `more` is done beside it."""
    services = Informer(client, SERVICES, decode=decode_service)
    slices = Informer(client, ENDPOINT_SLICES, decode=decode_slice)
    node = Informer(client, NODES, fields=f"metadata.name={proxy.config.node}", decode=decode_node)
    told = Informer(
        client, CONFIG_MAPS.within("kube-system"), fields="metadata.name=kube-proxy", decode=decode_config_map
    )
    services.on_change(proxy.note_service)
    slices.on_change(proxy.note_slice)
    node.on_change(proxy.note_node)
    told.on_change(proxy.note_config_map)

    async def keep() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(node.synced(), told.synced())
        await asyncio.gather(services.synced(), slices.synced())
        await proxy.keep(started)

    await attend(proxy, [keep(), *(each.run() for each in (services, slices, node, told)), *more])


async def attend(proxy: Proxy, work: Iterable[Any]) -> None:
    """Do `work` until one of it ends, and answer those who ask how the proxy is meanwhile."""
    async with Tasks(lambda why: log.error("a task of the proxy ended", why=why)) as tasks, AsyncExitStack() as stack:
        for where in dict.fromkeys((proxy.config.health, proxy.config.metrics)):
            await stack.enter_async_context(served(proxy.health.pages, where))
        running = {tasks.start(each) for each in work}
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
