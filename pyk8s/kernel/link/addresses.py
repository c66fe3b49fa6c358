"""The addresses of one link, thousands of them in a few calls: what `link.run` does one by one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from pyk8s.kernel.attributes import address, attribute, attributes, packed, u32
from pyk8s.kernel.channel import CREATE, EXCLUSIVE, Request, channel
from pyk8s.kernel.errors import Absent
from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.link.values import AddAddress, RemoveAddress

_ROUTE, _NEW, _REMOVE, _LIST = 0, 20, 21, 22
_ADDRESS, _LOCAL, _FLAGS = 1, 2, 8
_NO_DETECTION = 0x2
_HEAD = struct.Struct("=BBBBI")


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the links in the namespace at path `netns` ("" is the calling thread's)."""

    netns: str = ""

    def observe(self, link: str) -> frozenset[str]:
        """The addresses of `link`, "10.96.0.1/32"; raises Absent when there is no such link."""
        with channel(_ROUTE, self.netns) as netlink:
            index = index_of(link)
            request = Request(_LIST, _HEAD.pack(0, 0, 0, 0, index), f"list addresses of {link}")
            found = (data for kind, data in netlink.dump(request) if kind == _NEW)
            return frozenset(_read(data) for data in found if _HEAD.unpack_from(data)[4] == index)

    def observe_all(self, without: str = "") -> frozenset[str]:
        """The addresses of all links but `without`, "10.96.0.1"; what the kernel gives every link itself left out."""
        with channel(_ROUTE, self.netns) as netlink:
            try:
                index = index_of(without) if without else 0
            except Absent:
                index = 0
            found = list(netlink.dump(Request(_LIST, _HEAD.pack(0, 0, 0, 0, 0), "list addresses")))
        held = (data for kind, data in found if kind == _NEW and _HEAD.unpack_from(data)[4] != index)
        addresses = (_read(data).partition("/")[0] for data in held)
        return frozenset(each for each in addresses if not ip_address(each).is_link_local)

    def run(self, actions: Iterable[AddAddress | RemoveAddress]) -> None:
        """Carry out `actions` in their order. Raises Exists, Absent or Refused for the first that failed, with some of
        those after it done."""
        indexes: dict[str, int] = {}
        with channel(_ROUTE, self.netns) as netlink:
            held = list(actions)
            for name in {action.name for action in held}:
                indexes[name] = index_of(name)
            netlink.run(_request(action, indexes[action.name]) for action in held)


def _request(action: AddAddress | RemoveAddress, index: int) -> Request:
    held, _, length = action.address.partition("/")
    family = socket.AF_INET6 if ":" in held else socket.AF_INET
    data = _HEAD.pack(family, int(length), 0, 0, index) + attribute(_LOCAL, packed(held))
    data += attribute(_ADDRESS, packed(held))
    if isinstance(action, RemoveAddress):
        return Request(_REMOVE, data, action)
    # Nobody else on the link has it: without this flag a fresh IPv6 address is unusable for a second.
    data += u32(_FLAGS, _NO_DETECTION) if family == socket.AF_INET6 else b""
    return Request(_NEW, data, action, CREATE | EXCLUSIVE)


def _read(data: bytes) -> str:
    _, length, _, _, _ = _HEAD.unpack_from(data)
    held = dict(attributes(data[_HEAD.size :]))
    return f"{address(held.get(_LOCAL) or held[_ADDRESS])}/{length}"
