"""The network agent of a node: serves the CNI program, keeps bridge, ways to other nodes and masquerading as they
should be.

What comes in are Nodes, the cluster's choice of a way, and the kernel's notices of what somebody changed by hand; what
to do follows from all of them each time, so a lost or doubled event does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import orjson

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import NODES
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Client
from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.neighbour.run import Neighbours
from pyk8s.kernel.notice.run import Notices
from pyk8s.kernel.pair.run import Pairs
from pyk8s.network import choice
from pyk8s.network.choice import BackendUnknown, choose
from pyk8s.network.config import Config
from pyk8s.network.errors import RangesClash, ReservationLost
from pyk8s.network.ground import Ground, Worker
from pyk8s.network.hands import LazyRules, hands_for
from pyk8s.network.install import install_programs
from pyk8s.network.keeper import Keeper
from pyk8s.network.nodes import VTEP, Node, decode, view
from pyk8s.network.server import Workers, listen, serve
from pyk8s.network.watch import Watch
from pyk8s.network.waykeeper import WayKeeper
from pyk8s.network.ways.values import Backend
from pyk8s.observe import logs

log = logs.get("network")

RESYNC_SECONDS = 60.0
"""How often everything is looked at again, for what nobody tells of."""

CHOICE_SECONDS = 5.0
"""How long the first round waits for what the cluster has chosen; then the node's own file has to do for now."""

ANNOUNCE_SECONDS = 2.0
"""How long telling the other nodes may take before the next round."""

RETRY = Schedule(first=0.05, factor=2.0, limit=10.0)


async def run(client: Client, config: Mapping[str, Any], *, started: Callable[[], None] = lambda: None) -> None:
    """Be the network agent of the node that `config` (node.yaml) describes, until cancelled.

    `started` is called once the node's network is for the first time as the Nodes say.
    """
    settings = Config.read(config)
    rules = {4: LazyRules(settings.iptables), 6: LazyRules(settings.iptables, family=6)}
    make = hands_for(settings.state_folder, rules[4], rules[6])
    workers = Workers(make)

    def ground(netlink: Any) -> Ground:
        hands = make(netlink)
        neighbours = Neighbours(netlink)
        return Ground(
            hands.links,
            hands.routes,
            neighbours,
            Pairs(netlink),
            hands.ports,
            hands.networks,
            rules,
            hands.sysctl,
        )

    ways, pods = Worker(ground), Worker(ground)
    listener = listen(settings.socket)
    rounds = Rounds(client, settings, Side(WayKeeper(settings), ways), Side(Keeper(settings), pods), started)
    notices = Notices(rounds.watch.told)
    try:
        install_programs(settings.program_folder, settings.socket, settings.state_folder)
        async with Tasks(lambda why: log.error("a task of the network agent ended", why=why)) as tasks:
            running = {
                tasks.start(serve(listener, workers), name="cni"),
                tasks.start(rounds.nodes.run(), name="informer-nodes"),
                tasks.start(rounds.maps.run(), name="informer-maps"),
                tasks.start(rounds.keep(), name="network"),
            }
            done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        notices.close()
        listener.close()
        # Only callers that are being answered are waited for; the file stays, so that the next agent finds its callers.
        for each in (workers, ways, pods):
            await asyncio.get_running_loop().run_in_executor(None, each.close)


K = TypeVar("K")


@dataclass(frozen=True)
class Side(Generic[K]):
    """One of the two sides of a node's network: who brings it to where it should be, in which thread, and what wakes
    it. Each has its own, so that no route waits for packet rules to be written."""

    keeper: K
    worker: Worker
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Rounds:
    """When the node's network is looked at, and what is told of it afterwards."""

    client: Client
    settings: Config
    ways: Side[WayKeeper]
    pods: Side[Keeper]
    started: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.watch = Watch(self._wake)
        self.nodes = Informer(self.client, NODES, decode=decode)
        self.maps = Informer(self.client, choice.MAPS, fields=choice.FIELDS, decode=choice.decode)
        self.nodes.on_change(self._note)
        self.maps.on_change(lambda old, new: self._wake())
        self._backend: Backend = self.settings.backend
        self._waiting = 2

    def _wake(self) -> None:
        self.ways.changed.set()
        self.pods.changed.set()

    def _note(self, old: Any, new: Any) -> None:
        """Nodes report every few seconds that they are alive: only what this room reads of them is a change."""
        if old is None or new is None or view(old) != view(new):
            self._wake()

    async def keep(self) -> None:
        """Bring the node's network to where the Nodes say, whenever one changes, the cluster chooses another way or
        the kernel tells that something went, and every RESYNC_SECONDS."""
        await self.nodes.synced()
        with suppress(TimeoutError):
            async with asyncio.timeout(CHOICE_SECONDS):
                await self.maps.synced()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep(self.ways.changed, self._bring_ways))
            tasks.create_task(self._keep(self.pods.changed, self._bring_pods))

    async def _keep(self, changed: asyncio.Event, bring: Callable[[bool], Awaitable[float | None]]) -> None:
        """Have one side brought, again and again; `bring` is told whether to be thorough, and says in how many seconds
        there is something left to do."""
        backoff = Backoff(RETRY)
        thorough, begun = True, False
        while True:
            changed.clear()
            try:
                again = await bring(thorough)
            except (KernelError, OSError, RangesClash, ReservationLost, ApiError) as why:
                log.warning("the node's network is not as it should be yet", why=why, failures=backoff.failures + 1)
                thorough = True
                await _wait(changed, backoff.fail())
                continue
            backoff.reset()
            if not begun:
                begun = True
                self._begin()
            # Nothing came: time to look at what nobody tells of.
            thorough = not await _wait(changed, RESYNC_SECONDS if again is None else again) and again is None

    def _begin(self) -> None:
        """One side is for the first time as it should be."""
        self._waiting -= 1
        if not self._waiting:
            self.started()

    async def _bring_ways(self, thorough: bool) -> float | None:
        nodes = [view(node) for node in self.nodes.list()]
        backend = self._chosen()
        now = clock.monotonic()
        keeper = self.ways.keeper
        outcome = await self.ways.worker.do(lambda ground: keeper.bring(nodes, backend, ground, now=now))
        self.watch.follow(outcome.links, outcome.indexes)
        if backend != self._backend:
            log.info("packets to other nodes take another way", backend=backend, before=self._backend)
            self._backend = backend
        await self._announce(nodes, outcome.vtep)
        if outcome.failures:
            raise outcome.failures[0]
        return outcome.again

    async def _bring_pods(self, thorough: bool) -> None:
        nodes = [view(node) for node in self.nodes.list()]
        backend = self._chosen()
        keeper = self.pods.keeper
        await self.pods.worker.do(lambda ground: keeper.bring(nodes, backend, ground, thorough=thorough))

    def _chosen(self) -> Backend:
        try:
            return choose(self.maps.list(), self.settings.backend)
        except BackendUnknown as why:
            log.error("the way between nodes is not changed", why=why)
            return self._backend

    async def _announce(self, nodes: list[Node], vtep: str) -> None:
        """Tell the other nodes, by this one's Node, where its VXLAN links are found, or that it has none."""
        own = next((node for node in nodes if node.name == self.settings.node), None)
        if own is not None and own.vtep != vtep:
            patch = {"metadata": {"annotations": {VTEP: vtep or None}}}
            # An API that is away keeps nobody from mending what somebody breaks meanwhile.
            async with asyncio.timeout(ANNOUNCE_SECONDS):
                await self.client.patch(NODES.of(own.name), orjson.dumps(patch))


async def _wait(changed: asyncio.Event, seconds: float) -> bool:
    """Whether something changed within `seconds`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await changed.wait()
    return False
