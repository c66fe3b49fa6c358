"""Attributes of nf_tables' netlink messages, and the bytes of values in them. Pure.

Source of the numbers: linux/netfilter/nf_tables.h; of the registers' layout: every field of a key takes whole words.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from socket import IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, inet_pton

from pyk8s.kernel.nftables.values import At, Data, Goto, Jump, Key, Verdict

FAMILIES = {"ip": 2, "ip6": 10}
PROTOCOLS = {"tcp": IPPROTO_TCP, "udp": IPPROTO_UDP, "sctp": IPPROTO_SCTP}
NESTED = 0x8000
HOOKS: tuple[At, ...] = ("prerouting", "input", "forward", "output", "postrouting")
TYPES = {"ipv4_addr": 7, "ipv6_addr": 8, "inet_proto": 12, "inet_service": 13}
VERDICT = 0xFFFFFF00
"""What a map of verdicts leads to, in the place of a type."""
CODES = {"drop": 0, "accept": 1, "return": -5}
JUMP, GOTO = -3, -4


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, filled up to whole words."""
    length = len(value)
    return struct.pack("=HH", length + 4, kind) + value + bytes(-length % 4)


def nested(kind: int, *inner: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NESTED, b"".join(inner))


def number(kind: int, value: int) -> bytes:
    """An attribute with a 32-bit number."""
    return struct.pack("=HH", 8, kind) + struct.pack("!I", value & 0xFFFFFFFF)


def text(kind: int, value: str) -> bytes:
    """An attribute with a name."""
    return attribute(kind, value.encode() + b"\0")


def value(kind: int, held: bytes) -> bytes:
    """NFTA_DATA_VALUE in an attribute."""
    length = len(held)
    return _two_heads(kind, length) + held + bytes(-length % 4)


@lru_cache(maxsize=1 << 10)
def _two_heads(kind: int, length: int) -> bytes:
    return struct.pack("=HHHH", length + -length % 4 + 8, kind | NESTED, length + 4, 1)


@lru_cache(maxsize=1 << 10)
def head(kind: int, length: int) -> bytes:
    """What stands before `length` bytes of attributes in an attribute of this kind."""
    return struct.pack("=HH", length + 4, kind | NESTED)


def address(said: str) -> bytes:
    """An address as the packet has it. Raises ValueError."""
    try:
        return inet_pton(FAMILIES["ip6" if ":" in said else "ip"], said)
    except OSError as why:
        raise ValueError(f"{said!r} is no address") from why


@lru_cache(maxsize=1 << 16)
def word(said: str | int) -> bytes:
    """One field of a key, filled up to whole words: a port, a protocol, or an address."""
    if isinstance(said, int):
        return struct.pack("!HH", said, 0)
    if said in PROTOCOLS:
        return bytes((PROTOCOLS[said], 0, 0, 0))
    return address(said)


def key(said: Key) -> bytes:
    """A key as it lies in the registers: a single field as long as it is, several in whole words."""
    if len(said) > 1:
        return b"".join(map(word, said))
    held = word(said[0])
    if isinstance(said[0], int):
        return held[:2]
    return held[:1] if said[0] in PROTOCOLS else held


def verdict(said: Data) -> bytes:
    """NFTA_DATA_VERDICT."""
    if isinstance(said, Goto):
        return nested(2, number(1, GOTO), text(2, said.chain))
    if isinstance(said, Jump):
        return nested(2, number(1, JUMP), text(2, said.chain))
    assert isinstance(said, Verdict)
    return nested(2, number(1, CODES[said.name]))


def comment(kind: int, said: str) -> bytes:
    """User data with a comment as nft keeps it; nothing for none."""
    if not said:
        return b""
    held = said.encode()[:127] + b"\0"
    return attribute(kind, bytes((0, len(held))) + held)
