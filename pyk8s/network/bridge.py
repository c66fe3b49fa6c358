"""What to change about a bridge so that a network can use it: pure, and careful with a bridge that others use too.

Source: the documentation of the reference plugin bridge ("forceAddress", "isGateway", "promiscMode").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_interface

from pyk8s.kernel.errors import KernelError
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, RemoveAddress, Transaction


class BridgeTaken(KernelError):
    """The bridge's name, or the place of its address, is taken by something else; the text says by what."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge as a network wishes it. `mtu` and `mac` are for a bridge that is yet to be made.

    `addresses` ("10.244.1.1/24") are what it must hold now, `siblings` those of the network's other ranges, which it
    may hold. With `force` an address of somebody else that is in the way is removed.
    """

    name: str
    mtu: int = 0
    mac: str = ""
    promiscuous: bool = False
    addresses: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    force: bool = False


def plan_change(wish: Bridge, seen: Link | None) -> Transaction:
    """What makes the bridge as wished, and its MAC one that stays. Raises BridgeTaken."""
    if seen is None:
        made: Transaction = (Add(Link(wish.name, "bridge", mtu=wish.mtu, mac=wish.mac)),)
        if wish.promiscuous:
            made = (*made, Change(wish.name, promiscuous=True))
        return (*made, *(AddAddress(wish.name, each) for each in wish.addresses))
    check_kind(seen)
    addresses = tuple(plan_addresses(wish, seen))
    change = Change(
        wish.name,
        up=True if not seen.up else None,
        promiscuous=True if wish.promiscuous and not seen.promiscuous else None,
        # Left to itself a bridge takes its lowest port's MAC, and changes it with each pod that comes and goes.
        mac=seen.mac or None if not wish.addresses or any(isinstance(each, AddAddress) for each in addresses) else None,
    )
    return ((change,) if change != Change(wish.name) else ()) + addresses


def check_kind(seen: Link) -> None:
    """Raise BridgeTaken when the link that has the bridge's name is something else: it is not ours to remove."""
    if seen.kind != "bridge":
        raise BridgeTaken(f"{seen.name} is no bridge but a link of kind {seen.kind or 'hardware or loopback'}")


def plan_addresses(wish: Bridge, seen: Link) -> Iterator[AddAddress | RemoveAddress]:
    """What gives the link the wished addresses. Raises BridgeTaken.

    A second IPv4 address, or an IPv6 one of a range that overlaps, is in the way.
    """
    for address in wish.addresses:
        if address in seen.addresses:
            continue
        for other in seen.addresses:
            if other in (*wish.addresses, *wish.siblings) or not _excludes(other, address):
                continue
            if not wish.force:
                raise BridgeTaken(f"{wish.name} has {other} already, not {address}: forceAddress would replace it")
            yield RemoveAddress(wish.name, other)
        yield AddAddress(wish.name, address)


def _excludes(other: str, address: str) -> bool:
    held, wanted = ip_interface(other), ip_interface(address)
    if held.version != wanted.version:
        return False
    return held.version == 4 or held.ip in wanted.network or wanted.ip in held.network
