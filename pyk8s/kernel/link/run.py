"""Change links through rtnetlink."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyk8s.kernel.channel import Channel
from pyk8s.kernel.errors import refused
from pyk8s.kernel.link import messages
from pyk8s.kernel.link.values import Action, Add, AddAddress, Change, Link, Remove, RemoveAddress, Transaction, Vxlan
from pyk8s.kernel.netlink import Netlink, translated

_IFF_UP, _IFF_PROMISC = 0x1, 0x100


class Links:
    """The links of the kernel, through one `Netlink`, in that one's thread."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink

    def observe(self, netns: str = "") -> dict[str, Link]:
        """Every link of the namespace at path `netns` with its addresses, by name. Peers are not told."""
        with self._netlink.within(netns) as route, translated(f"list links of {netns or 'this namespace'}"):
            addresses: dict[int, list[str]] = {}
            for message in route.get_addr():
                held = message.get("IFA_LOCAL") or message.get("IFA_ADDRESS")
                addresses.setdefault(message["index"], []).append(f"{held}/{message['prefixlen']}")
            messages = list(route.get_links())
        names = {message["index"]: message.get("IFLA_IFNAME") for message in messages}
        return {link.name: link for link in (_read(each, names, addresses) for each in messages)}

    def index(self, name: str, netns: str = "") -> int:
        """The number of the link `name`, 0 when there is none; a link that is made again has another."""
        with self._netlink.inside(netns):
            return _index(name)

    def run(self, transaction: Transaction, netns: str = "") -> None:
        """Carry out `transaction` in the namespace at path `netns`, action by action.

        Raises Exists, Absent or Refused for the first that fails; those before it are done.
        """
        if not transaction:
            return
        with self._netlink.inside(netns):
            for action in transaction:
                if isinstance(action, Add) and action.link.vxlan is not None:
                    self._add_vxlan(action)
                else:
                    _run_one(self._netlink.channel(), action)

    def _add_vxlan(self, action: Add) -> None:
        with self._netlink.within() as route, translated(action):
            _add(route, action.link)


def run(transaction: Transaction, netns: str = "") -> None:
    """Carry out `transaction` in the namespace at path `netns` ("" is this one) with a socket of its own."""
    with Netlink() as netlink:
        Links(netlink).run(transaction, netns)


def observe(netns: str = "") -> dict[str, Link]:
    """Every link of the namespace at path `netns` ("" is this one), by name."""
    with Netlink() as netlink:
        return Links(netlink).observe(netns)


def index_of(name: str) -> int:
    """The index of the link `name` in this thread's namespace; raises Absent."""
    if found := _index(name):
        return found
    raise refused(f"find link {name}", errno.ENODEV)


def _index(name: str) -> int:
    # An ioctl: a tenth of what asking by netlink and decoding sixty attributes takes.
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def _run_one(channel: Channel, action: Action) -> None:
    """Carry out `action` in the namespace that the thread is in."""
    match action:
        case Add(link):
            master = index_of(link.master) if link.master else 0
            with _opened(link.peer.netns if link.peer else "") as namespace:
                channel.ask(messages.make(action, master, namespace))
        case Change():
            master = index_of(action.master) if action.master else 0
            for request in messages.change(action, _index_for(action, action.name), master):
                channel.ask(request)
        case AddAddress(name) | RemoveAddress(name):
            channel.ask(messages.address(action, _index_for(action, name)))
        case Remove(name):
            channel.ask(messages.remove(action, _index_for(action, name)))


def _index_for(action: Action, name: str) -> int:
    if found := _index(name):
        return found
    raise refused(action, errno.ENODEV)


@contextmanager
def _opened(netns: str) -> Iterator[int | None]:
    """A descriptor of the namespace at a path, None for ""; raises Absent when there is none."""
    if not netns:
        yield None
        return
    try:
        descriptor = os.open(netns, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as why:
        raise refused(f"open network namespace {netns}", why.errno or 0) from why
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _add(route: Any, link: Link) -> None:
    wanted: dict[str, Any] = {"ifname": link.name, "kind": link.kind}
    if link.up:
        wanted["flags"], wanted["change"] = _IFF_UP, _IFF_UP
    if link.mtu:
        wanted["mtu"] = link.mtu
    if link.mac:
        wanted["address"] = link.mac
    if link.master:
        wanted["master"] = index_of(link.master)
    if link.vxlan is not None:
        wanted |= _vxlan(link.vxlan)
    route.link("add", **wanted)


def _vxlan(vxlan: Vxlan) -> dict[str, Any]:
    local = "vxlan_local6" if ":" in vxlan.local else "vxlan_local"
    # Checksums in IPv6 are the default; both ends must agree, or packets are dropped.
    return {"vxlan_id": vxlan.id, local: vxlan.local, "vxlan_port": vxlan.port, "vxlan_learning": 0}


def _read(message: Any, names: dict[int, str], addresses: dict[int, list[str]]) -> Link:
    info = message.get("IFLA_LINKINFO")
    port = info.get("IFLA_INFO_SLAVE_DATA") if info else None
    return Link(
        name=message.get("IFLA_IFNAME"),
        kind=(info.get("IFLA_INFO_KIND") or "") if info else "",
        up=bool(message["flags"] & _IFF_UP),
        mtu=message.get("IFLA_MTU") or 0,
        mac=message.get("IFLA_ADDRESS") or "",
        master=names.get(message.get("IFLA_MASTER") or 0, ""),
        hairpin=bool(port.get("IFLA_BRPORT_MODE")) if port else False,
        promiscuous=bool(message["flags"] & _IFF_PROMISC),
        addresses=tuple(addresses.get(message["index"], ())),
        alias=message.get("IFLA_IFALIAS") or "",
        vxlan=_read_vxlan(info) if info and info.get("IFLA_INFO_KIND") == "vxlan" else None,
    )


def _read_vxlan(info: Any) -> Vxlan:
    data = info.get("IFLA_INFO_DATA")
    local = data.get("IFLA_VXLAN_LOCAL") or data.get("IFLA_VXLAN_LOCAL6") or ""
    return Vxlan(data.get("IFLA_VXLAN_ID") or 0, local, data.get("IFLA_VXLAN_PORT") or 0)
