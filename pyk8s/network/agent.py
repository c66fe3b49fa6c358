"""The network agent of a node: serves the CNI program, keeps bridge, ways to other nodes and masquerading as they
should be.

What comes in are Nodes, the cluster's choice of a way, and the kernel's notices of what somebody changed by hand; what
to do follows from all of them each time, so a lost or doubled event does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

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
from pyk8s.network.keeper import Keeper, Outcome
from pyk8s.network.nodes import VTEP, Node, decode, view
from pyk8s.network.server import Workers, listen, serve
from pyk8s.network.watch import Watch
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

    worker = Worker(ground)
    listener = listen(settings.socket)
    rounds = Rounds(client, settings, Keeper(settings), worker, started)
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
        for each in (workers, worker):
            await asyncio.get_running_loop().run_in_executor(None, each.close)


@dataclass
class Rounds:
    """When the node's network is looked at, and what is told of it afterwards."""

    client: Client
    settings: Config
    keeper: Keeper
    worker: Worker
    started: Callable[[], None] = lambda: None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.watch = Watch(self.changed.set)
        self.nodes = Informer(self.client, NODES, decode=decode)
        self.maps = Informer(self.client, choice.MAPS, fields=choice.FIELDS, decode=choice.decode)
        self.nodes.on_change(self._note)
        self.maps.on_change(lambda old, new: self.changed.set())
        self._backend: Backend = self.settings.backend

    def _note(self, old: Any, new: Any) -> None:
        """Nodes report every few seconds that they are alive: only what this room reads of them is a change."""
        if old is None or new is None or view(old) != view(new):
            self.changed.set()

    async def keep(self) -> None:
        """Bring the node's network to where the Nodes say, whenever one changes, the cluster chooses another way or
        the kernel tells that something went, and every RESYNC_SECONDS."""
        await self.nodes.synced()
        with suppress(TimeoutError):
            async with asyncio.timeout(CHOICE_SECONDS):
                await self.maps.synced()
        backoff = Backoff(RETRY)
        thorough, begun = True, False
        while True:
            self.changed.clear()
            try:
                outcome = await self._round(thorough)
            except (KernelError, OSError, RangesClash, ReservationLost, ApiError) as why:
                log.warning("the node's network is not as it should be yet", why=why, failures=backoff.failures + 1)
                thorough = True
                await self._wait(backoff.fail())
                continue
            backoff.reset()
            if not begun:
                begun = True
                self.started()
            # Nothing came: time to look at what nobody tells of.
            wait = RESYNC_SECONDS if outcome.again is None else outcome.again
            thorough = not await self._wait(wait) and outcome.again is None

    async def _round(self, thorough: bool) -> Outcome:
        nodes = [view(node) for node in self.nodes.list()]
        backend = self._chosen()
        now = clock.monotonic()
        outcome = await self.worker.do(
            lambda ground: self.keeper.bring(nodes, backend, ground, thorough=thorough, now=now)
        )
        self.watch.follow(outcome.links, outcome.indexes)
        if backend != self._backend:
            log.info("packets to other nodes take another way", backend=backend, before=self._backend)
            self._backend = backend
        await self._announce(nodes, outcome.vtep)
        return outcome

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

    async def _wait(self, seconds: float) -> bool:
        """Whether something changed within `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self.changed.wait()
        return False
