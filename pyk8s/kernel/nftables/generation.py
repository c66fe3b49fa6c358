"""The number that the kernel counts up with every change of nftables in a namespace. Source: nf_tables netlink."""

from __future__ import annotations

import socket
import struct

_GET, _NEW, _ID = 0x0A10, 0x0A0F, 1
"""NFT_MSG_GETGEN and NFT_MSG_NEWGEN of the subsystem NFNL_SUBSYS_NFTABLES, and the attribute NFTA_GEN_ID."""

_NETFILTER = 12
"""NETLINK_NETFILTER."""

SECONDS = 5.0
"""How long an answer may take."""


class Generations:
    """Asks the namespace of the thread that made it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER)
        self._socket.settimeout(SECONDS)

    def current(self) -> int | None:
        """The present number; None when the kernel does not tell."""
        try:
            self._socket.send(struct.pack("=IHHII4x", 20, _GET, 1, 0, 0))
            answer = self._socket.recv(4096)
        except OSError:
            return None
        _, kind = struct.unpack_from("=IH", answer)
        at = 20
        while kind == _NEW and at + 8 <= len(answer):
            length, name = struct.unpack_from("=HH", answer, at)
            if name == _ID:
                return int(struct.unpack_from("!I", answer, at + 4)[0])
            at += max(4, (length + 3) & ~3)
        return None

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
