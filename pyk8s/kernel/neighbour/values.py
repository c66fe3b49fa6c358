"""Neighbours and forwarding entries as values."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The `address` on the link `device` is at `mac`, for good: the kernel neither asks (ARP, NDP) nor forgets."""

    device: str
    address: str
    mac: str


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Frames for `mac` leave the VXLAN link `device` towards the host `destination`."""

    device: str
    mac: str
    destination: str


Entry: TypeAlias = Neighbour | Forwarding


@dataclass(frozen=True, slots=True)
class Put:
    """Set the entry, in place of any for the same address, or the same MAC."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the entry."""

    entry: Entry


Action: TypeAlias = Put | Remove
Transaction: TypeAlias = tuple[Action, ...]


def key(entry: Entry) -> tuple[str, str]:
    """What an entry is found by; of two with the same the later replaces the earlier."""
    return entry.device, entry.address if isinstance(entry, Neighbour) else entry.mac


def plan(desired: Iterable[Entry], observed: Collection[Entry]) -> Transaction:
    """What makes `observed`, all lasting entries of some links, exactly the `desired` ones.

    New ones come before old ones go.
    """
    wishes = {(type(entry), key(entry)): entry for entry in desired}
    held = {(type(entry), key(entry)): entry for entry in observed}
    new = tuple(Put(entry) for place, entry in wishes.items() if held.get(place) != entry)
    gone = tuple(Remove(entry) for place, entry in held.items() if place not in wishes)
    return new + gone
