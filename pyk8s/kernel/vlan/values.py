"""VLANs of bridge ports as values. Source: bridge(8), "bridge vlan"; ip-link(8), "vlan_filtering"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

DEFAULT = 1
"""The VLAN that a kernel makes every new port a member of."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The port `link` takes part in VLAN `number`. An access port's is `untagged` and its `primary` one (PVID)."""

    link: str
    number: int
    primary: bool = False
    untagged: bool = False


@dataclass(frozen=True, slots=True)
class Separate:
    """Let the bridge keep VLANs apart (vlan_filtering)."""

    bridge: str


@dataclass(frozen=True, slots=True)
class Join:
    """Make the port a member."""

    membership: Membership


@dataclass(frozen=True, slots=True)
class Leave:
    """End the membership; one that is not there is no error."""

    link: str
    number: int


Action: TypeAlias = Separate | Join | Leave
Transaction: TypeAlias = tuple[Action, ...]
