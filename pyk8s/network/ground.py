"""What a node's own network is changed with, and the thread that does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pyk8s.kernel.neighbour.values import Entry, Transaction
from pyk8s.kernel.netlink import Netlink
from pyk8s.network.interface import Links, Routes
from pyk8s.network.networks import Networks
from pyk8s.network.portmap import HostPorts, Rules

T = TypeVar("T")


class Neighbours(Protocol):
    """The lasting neighbours and forwarding entries of a kernel."""

    def observe(self, devices: Collection[str]) -> tuple[Entry, ...]:
        """Those of some links."""
        ...

    def run(self, transaction: Transaction) -> None:
        """Change them."""
        ...


class Pairs(Protocol):
    """The pairs that lead to pods."""

    def fit(self, names: Collection[str], mtu: int) -> frozenset[str]:
        """Give both ends of some an MTU; which of them have it."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """The parts of a kernel that a node's network is made of; `rules` by family."""

    links: Links
    routes: Routes
    neighbours: Neighbours
    pairs: Pairs
    ports: HostPorts
    networks: Networks
    rules: Mapping[int, Rules]
    sysctl: Callable[[str, str], None]


class Worker:
    """The one thread in which a node's network is changed, with a netlink socket of its own: calls of the CNI program
    keep no route waiting."""

    def __init__(self, make: Callable[[Netlink], Ground]) -> None:
        self._make = make
        self._netlink: Netlink | None = None
        self._ground: Ground | None = None
        self._pool = ThreadPoolExecutor(1, "node-network")

    async def do(self, work: Callable[[Ground], T]) -> T:
        """Let the thread do `work`, and wait for what it returns or raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._do, work)

    def _do(self, work: Callable[[Ground], T]) -> T:
        if self._ground is None:
            self._netlink = Netlink()
            self._ground = self._make(self._netlink)
        return work(self._ground)

    def close(self) -> None:
        """Finish what is being done, and let go of the socket."""
        self._pool.submit(self._let_go)
        self._pool.shutdown(wait=True)

    def _let_go(self) -> None:
        if self._netlink is not None:
            self._netlink.close()
