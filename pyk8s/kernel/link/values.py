"""Links as values: how they are, how they should be, and what to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TypeAlias

NAME_LIMIT = 15
"""Bytes a link's name may have: IFNAMSIZ less its terminator."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a veth pair: its name, and the path of the namespace it is born in ("" is the same)."""

    name: str
    netns: str = ""
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Vxlan:
    """What a link of kind "vxlan" is: frames of network `id` in UDP to `port`, sent from the address `local`.

    It learns nothing from what arrives: who is where stands in its forwarding entries. Source: RFC 7348.
    """

    id: int
    local: str
    port: int


@dataclass(frozen=True, slots=True)
class Link:
    """One link. As a wish, an empty field leaves the matter as it is; as an observation, every field is the kernel's.

    `kind` is the kernel's: "bridge", "veth", …; "" for loopback and hardware. `mtu` in bytes; `addresses` in the form
    "10.244.0.1/24"; `master` the bridge it is a port of, `hairpin` whether that port sends back where it came from;
    `alias` what it says of itself, at most 255 bytes.
    """

    name: str
    kind: str = ""
    up: bool = True
    mtu: int = 0
    mac: str = ""
    master: str = ""
    hairpin: bool = False
    promiscuous: bool = False
    addresses: tuple[str, ...] = ()
    peer: Peer | None = None
    alias: str = ""
    vxlan: Vxlan | None = None


@dataclass(frozen=True, slots=True)
class Add:
    """Make a link with its kind, what that kind needs, MTU, MAC, master, peer and state; not its addresses, hairpin or
    alias."""

    link: Link


@dataclass(frozen=True, slots=True)
class Change:
    """Set what is not None."""

    name: str
    up: bool | None = None
    mtu: int | None = None
    mac: str | None = None
    master: str | None = None
    hairpin: bool | None = None
    promiscuous: bool | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class AddAddress:
    """Give the link an address, "10.244.0.1/24"."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class RemoveAddress:
    """Take an address from the link."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the link, and of a veth pair both ends."""

    name: str


Action: TypeAlias = Add | Change | AddAddress | RemoveAddress | Remove
Transaction: TypeAlias = tuple[Action, ...]


def plan(desired: Iterable[Link], observed: Mapping[str, Link], *, owned: Iterable[str] = ()) -> Transaction:
    """What to do so that the `desired` links are there; `owned` names that are no longer desired are removed.

    A link of the wrong kind, or of another VXLAN, is removed and made again. Addresses nobody asked for go, link-local
    ones stay, and a wish without addresses leaves them all. Masters come before their ports, whatever the order of
    `desired`.
    """
    wishes = sorted(desired, key=lambda link: bool(link.master))
    names = {link.name for link in wishes}
    stale = (Remove(name) for name in sorted(set(owned) - names) if name in observed)
    return (*stale, *(action for wish in wishes for action in plan_link(wish, observed.get(wish.name))))


def plan_link(wish: Link, seen: Link | None) -> Transaction:
    """What to do so that one link is as wished; () when it is."""
    if seen is not None and ((wish.kind and seen.kind != wish.kind) or (wish.vxlan and seen.vxlan != wish.vxlan)):
        return (Remove(wish.name), *plan_link(wish, None))
    if seen is None:
        made = (Add(wish),)
        hairpin = (Change(wish.name, hairpin=True),) if wish.hairpin else ()
        promiscuous = (Change(wish.name, promiscuous=True),) if wish.promiscuous else ()
        return (*made, *hairpin, *promiscuous, *(AddAddress(wish.name, each) for each in wish.addresses))
    change = Change(
        wish.name,
        up=True if wish.up and not seen.up else None,
        mtu=wish.mtu if wish.mtu and wish.mtu != seen.mtu else None,
        mac=wish.mac if wish.mac and wish.mac != seen.mac else None,
        master=wish.master if wish.master and wish.master != seen.master else None,
        hairpin=True if wish.hairpin and not seen.hairpin else None,
        promiscuous=True if wish.promiscuous and not seen.promiscuous else None,
    )
    changes = (change,) if change != Change(wish.name) else ()
    return (*changes, *_plan_addresses(wish, seen))


def _plan_addresses(wish: Link, seen: Link) -> Iterator[AddAddress | RemoveAddress]:
    if not wish.addresses:
        return
    for address in seen.addresses:
        if address not in wish.addresses and not ip_interface(address).is_link_local:
            yield RemoveAddress(wish.name, address)
    for address in wish.addresses:
        if address not in seen.addresses:
            yield AddAddress(wish.name, address)
