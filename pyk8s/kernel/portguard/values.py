"""Guards on bridge ports as values, and as the text that nft reads. Source: nft(8), "bridge" family, verdict maps.

One table of our own, with one map from a port to the chain that knows its MAC: to guard a port or to stop is an element
of that map, and costs the same with ten ports as with a thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

TABLE = "pyk8s-cni"
MAP = "ports"


@dataclass(frozen=True, slots=True)
class Guard:
    """Drop what the port `link` sends under another MAC than `mac`."""

    link: str
    mac: str


@dataclass(frozen=True, slots=True)
class Release:
    """Let the port send as it likes; one that is not guarded is no error."""

    link: str


Action: TypeAlias = Guard | Release
Transaction: TypeAlias = tuple[Action, ...]


def render(transaction: Transaction) -> str:
    """What nft is to read: all of it is done or nothing. "" for nothing to do."""
    lines: list[str] = []
    for action in transaction:
        lines += _guard(action) if isinstance(action, Guard) else _release(action)
    return "\n".join([*_FRAME, *lines, ""]) if lines else ""


_FRAME = (
    f"add table bridge {TABLE}",
    f"add map bridge {TABLE} {MAP} {{ type ifname : verdict; }}",
    f"add chain bridge {TABLE} prerouting {{ type filter hook prerouting priority -300; policy accept; }}",
    f"flush chain bridge {TABLE} prerouting",
    f"add rule bridge {TABLE} prerouting iifname vmap @{MAP}",
)


def _guard(action: Guard) -> tuple[str, ...]:
    chain = f"bridge {TABLE} {action.link}"
    return (
        f"add chain {chain}",
        f"flush chain {chain}",
        f"add rule {chain} ether saddr {action.mac} return",
        f"add rule {chain} drop",
        f"add element bridge {TABLE} {MAP} {_element(action.link)}",
    )


def _release(action: Release) -> tuple[str, ...]:
    chain = f"bridge {TABLE} {action.link}"
    # Made before it is removed: what is not there cannot be, and nobody has to look.
    return (
        f"add chain {chain}",
        f"add element bridge {TABLE} {MAP} {_element(action.link)}",
        f"delete element bridge {TABLE} {MAP} {_element(action.link)}",
        f"flush chain {chain}",
        f"delete chain {chain}",
    )


def _element(link: str) -> str:
    return f'{{ "{link}" : jump {link} }}'
