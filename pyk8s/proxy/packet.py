"""A packet, what becomes of it, and by which rules: what every interpreter of plans and rules takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, TypeAlias

What: TypeAlias = Literal["goes", "rejected", "dropped", "passes"]


class UnknownRule(Exception):
    """A match or target whose effect a walk does not know."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection: addresses, the port asked for, and "tcp", "udp" or "sctp"."""

    source: str
    destination: str
    port: int
    protocol: str = "tcp"

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.destination else 4


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a packet: it "goes" `to` an endpoint ("10.244.1.5:8080", "[fd00::5]:8080"), with the node as its
    source when `masqueraded`; is "rejected" (the client is told), "dropped" (it is not), or "passes" untouched."""

    what: What
    to: str = ""
    masqueraded: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """One fate and the rules that lead to it, each as the kernel's own tools show it; the last one decides."""

    fate: Fate
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ground:
    """What a walk must know of the node beside its rules.

    `local` are the node's addresses ("127.0.0.1" and all of 127.0.0.0/8, and "::1", go without saying); `seen` the
    endpoints ("10.244.1.5:8080") that the packet's source was sent to before, within the time of session affinity.
    """

    local: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()

    def is_local(self, address: str) -> bool:
        """Whether `address` is one of this node's."""
        return address in self.local or ip_address(address).is_loopback


def place(address: str, port: int) -> str:
    """An address and a port in one word: "10.244.1.5:8080", "[fd00::5]:8080"."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def split_place(text: str) -> tuple[str, int]:
    """What `place` put together."""
    address, _, port = text.rpartition(":")
    return address.strip("[]"), int(port)


def fates(ways: Iterable[Way]) -> frozenset[Fate]:
    """The fates alone."""
    return frozenset(way.fate for way in ways)
