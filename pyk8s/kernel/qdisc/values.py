"""Queueing disciplines as values. Source: tc-tbf(8), tc-mirred(8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

LATENCY = 0.025
"""Seconds a packet may wait in a token bucket before it is dropped: what the reference plugin "bandwidth" takes."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The link sends `rate` bytes a second, and `burst` bytes at once."""

    link: str
    rate: int
    burst: int

    @property
    def limit(self) -> int:
        """Bytes that may wait."""
        return int(self.rate * LATENCY) + self.burst


@dataclass(frozen=True, slots=True)
class Redirect:
    """What the link receives goes out by the link `to`, which hands it back when it has shaped it (an ifb)."""

    link: str
    to: str


Qdisc: TypeAlias = Bucket | Redirect


@dataclass(frozen=True, slots=True)
class Put:
    """Let it be so, in place of what is there of its kind."""

    qdisc: Qdisc


@dataclass(frozen=True, slots=True)
class Remove:
    """Take away the link's bucket and its redirection, as far as there are any."""

    link: str


Action: TypeAlias = Put | Remove
Transaction: TypeAlias = tuple[Action, ...]
