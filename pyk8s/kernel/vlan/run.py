"""Change the VLANs of bridge ports through rtnetlink."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import Any

from pyk8s.kernel.errors import Absent, Refused, Unsupported
from pyk8s.kernel.link.run import index_of
from pyk8s.kernel.netlink import Netlink, translated
from pyk8s.kernel.vlan.values import Action, Join, Leave, Membership, Separate, Transaction

_PRIMARY, _UNTAGGED = 0x2, 0x4  # BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED


class Vlans:
    """The VLANs of this namespace's bridge ports, through one `Netlink`, in that one's thread."""

    def __init__(self, netlink: Netlink) -> None:
        self._netlink = netlink

    def observe(self, link: str) -> tuple[Membership, ...]:
        """The memberships of the port `link`, by number; raises Absent when there is no such link."""
        number = index_of(link)
        with self._netlink.within() as route, translated(f"list VLANs of {link}"):
            messages = route.get_vlans(index=number)
        return tuple(_read(link, info) for message in messages for info in _infos(message))

    def run(self, transaction: Transaction) -> None:
        """Carry out `transaction`; raises Unsupported for a kernel without VLANs on bridges, Absent or Refused."""
        with self._netlink.within() as route:
            for action in transaction:
                with _able(action), translated(action):
                    _run_one(route, action)


class _able:  # noqa: N801 - reads as a word
    """Refusals of a kernel that lacks the feature, as Unsupported."""

    def __init__(self, action: Action) -> None:
        self._action = action

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, why: BaseException | None, trace: object) -> None:
        if isinstance(why, Refused) and why.number in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise Unsupported(
                f"{self._action}: this kernel cannot keep VLANs apart on a bridge (CONFIG_BRIDGE_VLAN_FILTERING)"
            ) from why


def _run_one(route: Any, action: Action) -> None:
    match action:
        case Separate(bridge):
            route.link("set", index=index_of(bridge), kind="bridge", br_vlan_filtering=1)
        case Join(membership):
            flags = (_PRIMARY if membership.primary else 0) | (_UNTAGGED if membership.untagged else 0)
            info = {"vid": membership.number, "flags": flags}
            route.vlan_filter("add", index=index_of(membership.link), vlan_info=info)
        case Leave(link, number):
            with suppress(Absent), translated(action):
                route.vlan_filter("del", index=index_of(link), vlan_info={"vid": number})


def _infos(message: Any) -> list[Any]:
    if message.get("family", socket.AF_BRIDGE) != socket.AF_BRIDGE:
        return []
    spec = message.get("IFLA_AF_SPEC")
    if spec is None:
        return []
    return [value for name, value in spec["attrs"] if name == "IFLA_BRIDGE_VLAN_INFO"]


def _read(link: str, info: Any) -> Membership:
    flags = info["flags"]
    return Membership(link, info["vid"], primary=bool(flags & _PRIMARY), untagged=bool(flags & _UNTAGGED))
