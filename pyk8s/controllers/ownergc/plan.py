"""What to do about an object, given how its owners are.

Source: the Kubernetes concept pages "Garbage Collection" and "Owners and Dependents" (cascading deletion in the
foreground, in the background, and orphaning).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from pyk8s.controllers.ownergc.graph import Item
from pyk8s.reconcile.fields import Metadata, OwnerReference

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


class Owner(Enum):
    """How an owner is, as seen by one dependent."""

    SOLID = "there, and staying"
    WAITING = "being deleted, and waiting for this dependent to go first"
    GONE = "no longer there"


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object, with this propagation."""

    propagation: str


@dataclass(frozen=True, slots=True)
class Disown:
    """Take the references to these owners (uids) off the object."""

    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unblock:
    """Take this finalizer off: nothing holds the object any longer."""

    finalizer: str


@dataclass(frozen=True, slots=True)
class Pursue:
    """Look at these dependents: the object waits for their end."""

    dependents: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """Take the object's references off these dependents; then it may go without them."""

    dependents: tuple[Item, ...]


Action: TypeAlias = Delete | Disown | Unblock | Pursue | Release


def is_waiting(metadata: Metadata) -> bool:
    """Whether the object is being deleted in the foreground: its dependents go first."""
    return metadata.deleting and FOREGROUND in metadata.finalizers


def is_orphaning(metadata: Metadata) -> bool:
    """Whether the object is being deleted, and its dependents are to stay."""
    return metadata.deleting and ORPHAN in metadata.finalizers


def state_of(owner: Metadata, reference: OwnerReference) -> Owner:
    """How an owner that is there is, for the dependent that has `reference` to it."""
    return Owner.WAITING if is_waiting(owner) and reference.block_owner_deletion else Owner.SOLID


def plan_owner(metadata: Metadata, dependents: Sequence[Item]) -> Action | None:
    """What an object being deleted needs for its dependents' sake; None when it needs nothing."""
    if is_orphaning(metadata):
        return Release(tuple(dependents)) if dependents else Unblock(ORPHAN)
    if is_waiting(metadata):
        blocking = tuple(one for one in dependents if _blocks(one, metadata.uid))
        return Pursue(blocking) if blocking else Unblock(FOREGROUND)
    return None


def _blocks(dependent: Item, owner: str) -> bool:
    return any(one.uid == owner and one.block_owner_deletion for one in dependent.metadata.owner_references)


def plan_dependent(
    metadata: Metadata, owners: Iterable[tuple[OwnerReference, Owner]], *, has_dependents: bool
) -> Action | None:
    """What to do about an object with owners in these states; None to leave it alone.

    One owner that stays keeps the object; references to the others are taken off. With none left it is deleted: in the
    foreground when an owner waits for it and it has dependents of its own, else as its finalizers say, or in the
    background.
    """
    states = list(owners)
    if metadata.deleting or not states:
        return None
    left = tuple(reference.uid for reference, state in states if state is not Owner.SOLID)
    if not left:
        return None
    if any(state is Owner.SOLID for _, state in states):
        return Disown(left)
    if has_dependents and any(state is Owner.WAITING for _, state in states):
        return Delete("Foreground")
    if ORPHAN in metadata.finalizers:
        return Delete("Orphan")
    if FOREGROUND in metadata.finalizers:
        return Delete("Foreground")
    return Delete("Background")
