"""What a CNI command changes things with: the parts of a kernel, and the programs it hands work to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyk8s.kernel.link.values import Link, Transaction
from pyk8s.kernel.portguard.values import Transaction as GuardTransaction
from pyk8s.kernel.qdisc.values import Qdisc
from pyk8s.kernel.qdisc.values import Transaction as QdiscTransaction
from pyk8s.kernel.route.values import Route
from pyk8s.kernel.route.values import Transaction as RouteTransaction
from pyk8s.kernel.vlan.values import Membership
from pyk8s.kernel.vlan.values import Transaction as VlanTransaction
from pyk8s.network import portmap
from pyk8s.network.networks import Networks

Answer = dict[str, Any] | None
"""What to print, or None for nothing."""


class Links(Protocol):
    """The links of a kernel."""

    def observe(self, netns: str = "") -> Mapping[str, Link]:
        """All of them."""
        ...

    def index(self, name: str, netns: str = "") -> int:
        """The number of one of them, 0 when it is not there."""
        ...

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Change them."""
        ...


class Routes(Protocol):
    """The routes of a kernel."""

    def observe(self, netns: str = "") -> tuple[Route, ...]:
        """All of them."""
        ...

    def run(self, transaction: RouteTransaction, netns: str = "") -> None:
        """Change them."""
        ...


class Qdiscs(Protocol):
    """The queueing disciplines of this namespace's links."""

    def observe(self, link: str) -> tuple[Qdisc, ...]:
        """Those of one link."""
        ...

    def run(self, transaction: QdiscTransaction) -> None:
        """Change them."""
        ...


class Vlans(Protocol):
    """The VLANs that ports of bridges are members of."""

    def observe(self, link: str) -> tuple[Membership, ...]:
        """Those of one port."""
        ...

    def run(self, transaction: VlanTransaction) -> None:
        """Change them."""
        ...


class PortGuards(Protocol):
    """Which bridge ports may send under one MAC only."""

    def observe(self) -> Mapping[str, str]:
        """The guarded ports with their MACs."""
        ...

    def run(self, transaction: GuardTransaction) -> None:
        """Change them."""
        ...


class Loopbacks(Protocol):
    """The loopback link of a namespace."""

    def switch(self, netns: str, up: bool) -> None:
        """On or off."""
        ...

    def is_up(self, netns: str) -> bool:
        """Whether it is on."""
        ...


Programs = Callable[[str, Mapping[str, str], bytes], tuple[int, bytes]]
"""Runs the program at a path with CNI_ variables and a standard input: exit code and standard output."""


@dataclass(slots=True)
class Hands:
    """What a command changes things with.

    `inside` enters a namespace once for several changes; `own` says whether a path is the host's own namespace;
    `bridges` are those known to be as they should, by wish and number, with their MACs.
    """

    links: Links
    routes: Routes
    qdiscs: Qdiscs
    vlans: Vlans
    ports: portmap.HostPorts
    networks: Networks
    guards: PortGuards
    loopbacks: Loopbacks
    inside: Callable[[str], AbstractContextManager[object]]
    own: Callable[[str], bool]
    sysctl: Callable[[str, str], None]
    programs: Programs
    bridges: dict[tuple[object, int], str] = field(default_factory=dict)
