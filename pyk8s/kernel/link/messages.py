"""Changes of links as rtnetlink messages. Pure: bytes out, no socket.

Every pod's start waits for half a dozen of these; pyroute2 takes longer to make one than the kernel to carry it out.
Source of the numbers: the kernel's include/uapi/linux/{rtnetlink,if_link,if_addr}.h; rtnetlink(7).
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Interface, ip_interface

from pyk8s.kernel.attributes import attribute, nested, packed, text, u8, u32
from pyk8s.kernel.channel import CREATE, EXCLUSIVE, Request
from pyk8s.kernel.link.values import Add, AddAddress, Change, Link, Peer, Remove, RemoveAddress

_NEW_LINK, _REMOVE_LINK, _SET_LINK, _NEW_ADDRESS, _REMOVE_ADDRESS = 16, 17, 19, 20, 21
_MAC, _NAME, _MTU, _MASTER, _PORT, _INFO, _ALIAS, _NAMESPACE = 1, 3, 4, 10, 12, 18, 20, 28
_KIND, _DATA, _PEER, _HAIRPIN = 1, 2, 1, 4
_FULL, _LOCAL, _BROADCAST, _FLAGS = 1, 2, 4, 8
_UP, _PROMISCUOUS, _NO_DETECTION = 0x1, 0x100, 0x2
_BRIDGE_FAMILY = 7
_LINK_HEAD = struct.Struct("=BxHiII")
_ADDRESS_HEAD = struct.Struct("=BBBBI")


def make(action: Add, master: int, namespace: int | None) -> Request:
    """Make the link, a port of the link with the number `master` (0 is none); `namespace` is an open descriptor of the
    one that its peer is born in, None for the same."""
    link = action.link
    flags = _UP if link.up else 0
    kind = text(_KIND, link.kind)
    if link.peer is not None:
        kind += nested(_DATA, nested(_PEER, _head(), *_peer(link, link.peer, namespace)))
    parts = [text(_NAME, link.name), *_settings(link.mtu, link.mac), nested(_INFO, kind)]
    if master:
        parts.append(u32(_MASTER, master))
    return Request(_NEW_LINK, _head(flags=flags, change=flags) + b"".join(parts), action, CREATE | EXCLUSIVE)


def _peer(link: Link, peer: Peer, namespace: int | None) -> tuple[bytes, ...]:
    place = () if namespace is None else (u32(_NAMESPACE, namespace),)
    return text(_NAME, peer.name), *_settings(link.mtu, peer.mac), *place


def _settings(mtu: int, mac: str) -> tuple[bytes, ...]:
    found = (u32(_MTU, mtu),) if mtu else ()
    return (*found, attribute(_MAC, bytes.fromhex(mac.replace(":", "")))) if mac else found


def change(action: Change, index: int, master: int) -> tuple[Request, ...]:
    """Set what is not None of the link with the number `index`; `master` is its master's."""
    flags = mask = 0
    for bit, on in ((_UP, action.up), (_PROMISCUOUS, action.promiscuous)):
        if on is not None:
            mask |= bit
            flags |= bit if on else 0
    parts = list(_settings(action.mtu or 0, action.mac or ""))
    if action.master is not None:
        parts.append(u32(_MASTER, master))
    if action.alias is not None:
        parts.append(attribute(_ALIAS, action.alias.encode()))
    found: list[Request] = []
    if mask or parts:
        found.append(Request(_NEW_LINK, _head(index, flags, mask) + b"".join(parts), action))
    if action.hairpin is not None:
        port = nested(_PORT, u8(_HAIRPIN, int(action.hairpin)))
        found.append(Request(_SET_LINK, _head(index, family=_BRIDGE_FAMILY) + port, action))
    return tuple(found)


def remove(action: Remove, index: int) -> Request:
    """Remove the link with the number `index`."""
    return Request(_REMOVE_LINK, _head(index), action)


def address(action: AddAddress | RemoveAddress, index: int) -> Request:
    """Give the link with the number `index` an address, or take it."""
    held = ip_interface(action.address)
    local = packed(str(held.ip))
    family = 2 if held.version == 4 else 10
    parts = [attribute(_LOCAL, local), attribute(_FULL, local)]
    if isinstance(action, RemoveAddress):
        return Request(
            _REMOVE_ADDRESS, _ADDRESS_HEAD.pack(family, held.network.prefixlen, 0, 0, index) + b"".join(parts), action
        )
    if isinstance(held, IPv4Interface) and held.network.prefixlen < 31:
        parts.append(attribute(_BROADCAST, held.network.broadcast_address.packed))
    if held.version == 6:
        # Otherwise a fresh IPv6 address stays tentative, and unusable, for a second.
        parts.append(u32(_FLAGS, _NO_DETECTION))
    payload = _ADDRESS_HEAD.pack(family, held.network.prefixlen, 0, 0, index) + b"".join(parts)
    return Request(_NEW_ADDRESS, payload, action, CREATE | EXCLUSIVE)


def _head(index: int = 0, flags: int = 0, change: int = 0, family: int = 0) -> bytes:
    return _LINK_HEAD.pack(family, 0, index, flags, change)
