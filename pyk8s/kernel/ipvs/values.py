"""Virtual servers and the real servers behind them as values. Source: ipvsadm(8), linux/ip_vs.h."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Method: TypeAlias = Literal["masq", "local", "tunnel", "route"]
"""How packets get to a real server; only the first translates addresses and ports."""

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "sed", "nq", "fo", "ovf", "twos")
"""The ways of choosing that the kernel knows, each a module ip_vs_NAME."""


@dataclass(frozen=True, slots=True, order=True)
class Front:
    """What clients connect to: a protocol, an address and a port."""

    protocol: str
    address: str
    port: int

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4

    def __str__(self) -> str:
        where = f"[{self.address}]" if self.family == 6 else self.address
        return f"{self.protocol} {where}:{self.port}"


@dataclass(frozen=True, slots=True, order=True)
class Marked:
    """All packets of one address family that bear this mark, wherever they go; it comes before any `Front`."""

    mark: int
    family: int = 4

    def __str__(self) -> str:
        return f"mark {self.mark:#x} of IPv{self.family}"


Key: TypeAlias = Front | Marked


PORTS_COUNT = "flag-2"
"""The flag by which the schedulers sh and mh look at the client's port, too. Source: ipvsadm(8)."""


@dataclass(frozen=True, slots=True)
class Server:
    """A virtual server: how it chooses, and for how many seconds a client stays with its choice (0: not at all).

    `flags` are those of the schedulers, "flag-1" to "flag-3" (sh and mh: fallback, and the client's port counts), and
    "ops" for a choice for every packet.
    """

    scheduler: str = "rr"
    persistence: int = 0
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a real server is."""

    address: str
    port: int

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.address else 4

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if self.family == 6 else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Real:
    """A real server: its weight (0: nobody new), and how packets get there."""

    weight: int = 1
    method: Method = "masq"


@dataclass(frozen=True, slots=True)
class Load:
    """Connections to a real server: those in use, those that are closing, and clients that are bound to it."""

    active: int = 0
    inactive: int = 0
    persistent: int = 0

    @property
    def total(self) -> int:
        """Connections that end when it is removed."""
        return self.active + self.inactive


@dataclass(frozen=True, slots=True)
class Entry:
    """A virtual server with its real ones; `loads` only where it was read from a kernel."""

    server: Server = Server()
    reals: Mapping[Place, Real] = field(default_factory=dict)
    loads: Mapping[Place, Load] = field(default_factory=dict, compare=False)


Table: TypeAlias = Mapping[Key, Entry]
"""Every virtual server."""


@dataclass(frozen=True, slots=True)
class Add:
    """Make a virtual server without real ones."""

    key: Key
    server: Server = Server()


@dataclass(frozen=True, slots=True)
class Change:
    """Give a virtual server another scheduler, persistence or flags."""

    key: Key
    server: Server


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a virtual server and all its real ones; what is connected loses its way."""

    key: Key


@dataclass(frozen=True, slots=True)
class AddReal:
    """Put a real server behind a virtual one."""

    key: Key
    place: Place
    real: Real = Real()


@dataclass(frozen=True, slots=True)
class ChangeReal:
    """Give a real server another weight or method."""

    key: Key
    place: Place
    real: Real


@dataclass(frozen=True, slots=True)
class RemoveReal:
    """Take a real server away; what is connected to it loses its way."""

    key: Key
    place: Place


@dataclass(frozen=True, slots=True)
class Flush:
    """Remove everything, of both families."""


@dataclass(frozen=True, slots=True)
class SetTimeouts:
    """Keep an idle TCP connection, a closing one and a UDP one for so many seconds, in the whole namespace; 0 leaves
    what is."""

    tcp: int = 0
    closing: int = 0
    udp: int = 0


Action: TypeAlias = Add | Change | Remove | AddReal | ChangeReal | RemoveReal | Flush | SetTimeouts
Transaction: TypeAlias = tuple[Action, ...]


def plan(desired: Table, observed: Table) -> Transaction:
    """What turns `observed` into `desired`: first what is new or other, then what nobody wants."""
    new: list[Action] = []
    gone: list[Action] = []
    for key, entry in desired.items():
        held = observed.get(key)
        if held is None:
            new.append(Add(key, entry.server))
        elif held.server != entry.server:
            new.append(Change(key, entry.server))
        before = held.reals if held is not None else {}
        new += plan_reals(key, entry.reals, before)
        gone += [RemoveReal(key, place) for place in before if place not in entry.reals]
    gone += [Remove(key) for key in observed if key not in desired]
    return (*new, *gone)


def plan_reals(key: Key, wanted: Mapping[Place, Real], held: Mapping[Place, Real]) -> Transaction:
    """What gives a virtual server the real ones it lacks, and the others their weights; nothing is taken away."""
    return tuple(
        ChangeReal(key, place, real) if place in held else AddReal(key, place, real)
        for place, real in wanted.items()
        if held.get(place) != real
    )
