"""Named network namespaces as values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

FOLDER = "/run/netns"
"""Where a namespace's name is a file: iproute2's folder."""


@dataclass(frozen=True, slots=True)
class Add:
    """Make a namespace `name`, its loopback up."""

    name: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Let go of the name; the namespace dies with its last process."""

    name: str


Action: TypeAlias = Add | Remove
Transaction: TypeAlias = tuple[Action, ...]


def path(name: str) -> str:
    """The file of the namespace `name`."""
    return f"{FOLDER}/{name}"


def plan(desired: Collection[str], observed: Collection[str], *, owned: Collection[str] = ()) -> Transaction:
    """Make the `desired` names that are not `observed`; remove the `owned` ones that are no longer desired."""
    stale = [Remove(name) for name in sorted(owned) if name in observed and name not in desired]
    return (*stale, *(Add(name) for name in sorted(desired) if name not in observed))
