"""Change neighbours and forwarding entries through rtnetlink."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

from pyk8s.kernel.errors import Absent
from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.neighbour.values import Action, Entry, Forwarding, Neighbour, Put, Transaction
from pyk8s.kernel.netlink import Netlink, translated

_PERMANENT = 0x80
_SELF = 0x2


class Neighbours:
    """The lasting neighbours and forwarding entries of the kernel, through one `Netlink`, in that one's thread."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink

    def observe(self, devices: Collection[str], netns: str = "") -> tuple[Entry, ...]:
        """The lasting entries of those of the links `devices` that there are, in the namespace at path `netns`."""
        with self._netlink.within(netns) as route:
            return tuple(entry for device in devices for entry in _entries(route, device))

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction` in the namespace at path `netns`; raises Absent or Refused for the first that fails.

        Removing an entry that is not there succeeds.
        """
        if not transaction:
            return
        with self._netlink.within(netns) as route:
            for action in transaction:
                with translated(action):
                    _run_one(route, action)


def _run_one(route: Any, action: Action) -> None:
    if isinstance(action, Put):
        _send(route, "replace", action.entry, index_of(action.entry.device))
        return
    with suppress(Absent), translated(action):
        _send(route, "del", action.entry, index_of(action.entry.device))


def _send(route: Any, command: str, entry: Entry, index: int) -> None:
    if isinstance(entry, Neighbour):
        family = socket.AF_INET6 if ":" in entry.address else socket.AF_INET
        route.neigh(command, dst=entry.address, lladdr=entry.mac, ifindex=index, family=family, state=_PERMANENT)
        return
    flags = {"state": _PERMANENT, "flags": _SELF}
    route.fdb(command, dst=entry.destination, lladdr=entry.mac, ifindex=index, **flags)


def _entries(route: Any, device: str) -> Iterator[Entry]:
    try:
        index = index_of(device)
    except Absent:
        return
    with translated(f"list the neighbours of {device}"):
        neighbours = list(route.neigh("dump", ifindex=index))
        forwarded = list(route.fdb("dump", ifindex=index))
    for each in neighbours:
        if each["state"] & _PERMANENT and each["family"] in (socket.AF_INET, socket.AF_INET6) and _mac(each):
            yield Neighbour(device, each.get("NDA_DST"), _mac(each))
    for each in forwarded:
        if each["state"] & _PERMANENT and each.get("NDA_DST"):
            yield Forwarding(device, _mac(each), each.get("NDA_DST"))


def _mac(message: Any) -> str:
    return message.get("NDA_LLADDR") or ""
