"""Sets and their members as values. Source: ipset(8).

A member is written as ipset writes it: "10.96.0.20,tcp:80", "10.244.0.5,tcp:8080,10.244.0.5", "30080", "10.96.0.20".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["hash:ip", "hash:ip,port", "hash:ip,port,ip", "hash:ip,port,net", "bitmap:port"]

NAME_LIMIT = 31
"""Bytes a set's name may have."""

Member: TypeAlias = str
Members: TypeAlias = Mapping[Member, int]
"""Members with the mark each of them gives to packets, 0 for none."""


@dataclass(frozen=True, slots=True)
class Set:
    """A set: its name, what it holds, the address family (0 for ports alone), whether members bear marks, and how many
    a hash may hold."""

    name: str
    kind: Kind
    family: Literal[0, 4, 6] = 4
    marks: bool = False
    limit: int = 65536


@dataclass(frozen=True, slots=True)
class Content:
    """A set as it is: itself and its members."""

    set: Set
    members: Members = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Create:
    """Make an empty set."""

    set: Set


@dataclass(frozen=True, slots=True)
class Destroy:
    """Remove a set; no packet rule may use it any more."""

    name: str


@dataclass(frozen=True, slots=True)
class Flush:
    """Take all members out of a set."""

    name: str


@dataclass(frozen=True, slots=True)
class Add:
    """Put a member into the set; one that is there with another mark takes the new one when `again`."""

    set: Set
    member: Member
    mark: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a member out of the set."""

    set: Set
    member: Member


Action: TypeAlias = Create | Destroy | Flush | Add | Remove
Transaction: TypeAlias = tuple[Action, ...]


def member(address: str, protocol: str, port: int, second: str = "") -> Member:
    """The member of a set of addresses and ports: "10.96.0.20,tcp:80", and a second address or range."""
    return f"{address},{protocol}:{port},{second}" if second else f"{address},{protocol}:{port}"


@dataclass(frozen=True, slots=True)
class Parts:
    """A member taken apart; what its kind does not have is empty, `prefix` is 0 unless `second` is a range."""

    address: str = ""
    protocol: str = ""
    port: int = 0
    second: str = ""
    prefix: int = 0


def split(kind: Kind, written: Member) -> Parts:
    """What a member says. Raises ValueError for one that is none of this kind."""
    words = written.split(",")
    shape = kind.partition(":")[2].split(",")
    if len(words) != len(shape):
        raise ValueError(f"{written!r} is no member of a {kind} set")
    if kind == "bitmap:port":
        return Parts(port=_port(written))
    address = str(ip_address(words[0]))
    if len(words) == 1:
        return Parts(address)
    protocol, _, port = words[1].partition(":")
    if kind == "hash:ip,port,net":
        network = ip_network(words[2])
        return Parts(address, protocol, _port(port), str(network.network_address), network.prefixlen)
    return Parts(address, protocol, _port(port), str(ip_address(words[2])) if len(words) == 3 else "")


def _port(written: str) -> int:
    if not written.isdecimal() or int(written) > 65535:
        raise ValueError(f"{written!r} is no port")
    return int(written)


def plan(desired: Iterable[Content], observed: Mapping[str, Content], *, owned: Iterable[str] = ()) -> Transaction:
    """What gives the `desired` sets exactly their members; `owned` names nobody desires are removed.

    A set of another kind by a desired name is removed and made again: no rule may use it then.
    """
    actions: list[Action] = []
    wanted = list(desired)
    for content in wanted:
        held = observed.get(content.set.name)
        if held is not None and not _alike(held.set, content.set):
            actions.append(Destroy(content.set.name))
            held = None
        if held is None:
            actions.append(Create(content.set))
        actions += plan_members(content, {} if held is None else held.members)
    names = {content.set.name for content in wanted}
    actions += [Destroy(name) for name in sorted(set(owned) - names) if name in observed]
    return tuple(actions)


def plan_members(content: Content, held: Members) -> Transaction:
    """What turns the members `held` into those of `content`: first what comes, then what goes."""
    new = [
        Add(content.set, each, mark, again=each in held)
        for each, mark in content.members.items()
        if held.get(each) != mark
    ]
    return (*new, *(Remove(content.set, each) for each in held if each not in content.members))


def _alike(one: Set, other: Set) -> bool:
    # A set of another size serves as well until it is full, and one that rules use cannot be made again.
    return (one.kind, one.family, one.marks) == (other.kind, other.family, other.marks)
