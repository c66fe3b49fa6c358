"""Change routes through rtnetlink."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pyk8s.kernel.channel import Channel
from pyk8s.kernel.errors import Absent, refused
from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.netlink import Netlink, translated
from pyk8s.kernel.route import messages
from pyk8s.kernel.route.values import Put, Remove, Route, Transaction

_RTN_UNICAST, _RTN_LOCAL = 1, 2
_ONLINK = 0x4


class Routes:
    """The routes of the kernel, through one `Netlink`, in that one's thread."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink

    def observe(self, netns: str = "", *, table: int = 254) -> tuple[Route, ...]:
        """The unicast routes of `table` in the namespace at path `netns`."""
        with self._netlink.within(netns) as route, translated(f"list routes of {netns or 'this namespace'}"):
            messages = [each for family in (socket.AF_INET, socket.AF_INET6) for each in _dump(route, family, table)]
            names = {each["index"]: each.get("IFLA_IFNAME") for each in route.get_links()} if messages else {}
        return tuple(_read(message, names) for message in messages)

    def look_up(self, destination: str, netns: str = "", *, source: str = "", link: str = "") -> Route:
        """The way that the kernel takes to the address `destination` from the namespace at path `netns`: for a packet
        of its own, or for one that comes in by `link` from `source`. An address of the namespace itself goes by "lo".

        Raises Refused when there is no way.
        """
        length = 128 if ":" in destination else 32
        arguments: dict[str, Any] = {"dst": destination, "family": socket.AF_INET6 if length == 128 else socket.AF_INET}
        with self._netlink.within(netns) as route, translated(f"find the way to {destination}"):
            if source:
                arguments["src"] = source
            if link:
                arguments["iif"] = index_of(link)
            (message,) = route.route("get", **arguments)
            names = {each["index"]: each.get("IFLA_IFNAME") for each in route.get_links()}
        if message["type"] not in (_RTN_UNICAST, _RTN_LOCAL):
            raise refused(f"find the way to {destination}", errno.ENETUNREACH)
        found = _read(message, names)
        return replace(found, device="lo") if message["type"] == _RTN_LOCAL else found

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction` in the namespace at path `netns`; raises Absent or Refused for the first that fails.

        Removing a route that is not there succeeds.
        """
        if not transaction:
            return
        with self._netlink.inside(netns):
            for action in transaction:
                _run_one(self._netlink.channel(), action)


def run(transaction: Transaction, netns: str = "") -> None:
    """Carry out `transaction` in the namespace at path `netns` ("" is this one) with a socket of its own."""
    with Netlink() as netlink:
        Routes(netlink).run(transaction, netns)


def observe(netns: str = "") -> tuple[Route, ...]:
    """The routes of the main table in the namespace at path `netns` ("" is this one)."""
    with Netlink() as netlink:
        return Routes(netlink).observe(netns)


def _run_one(channel: Channel, action: Put | Remove) -> None:
    """Carry out `action` in the namespace that the thread is in."""
    match action:
        case Put(wanted):
            channel.ask(messages.put(action, index_of(wanted.device) if wanted.device else 0))
        case Remove():
            with suppress(Absent):
                channel.ask(messages.remove(action))


def _dump(route: Any, family: int, table: int) -> list[Any]:
    held = route.get_routes(family=family, table=table)
    return [each for each in held if each["type"] == _RTN_UNICAST and not each["flags"] & 0x200]


def _read(message: Any, names: dict[int, str]) -> Route:
    everything = "::" if message["family"] == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - a range, not a socket
    return Route(
        destination=f"{message.get('RTA_DST') or everything}/{message['dst_len']}",
        gateway=message.get("RTA_GATEWAY") or "",
        device=names.get(message.get("RTA_OIF") or 0, ""),
        source=message.get("RTA_PREFSRC") or "",
        protocol=message["proto"],
        table=message.get("RTA_TABLE") or message["table"],
        onlink=bool(message["flags"] & _ONLINK),
    )
