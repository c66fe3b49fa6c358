"""What an object takes beyond itself when it is written, such as an address that no other may have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pyk8s.api.objectmeta import Object


async def nothing() -> None:
    """Nothing to do."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`obj` with what was taken for it. `undo` gives that back when the write fails; `settle`, after the write, gives
    back what the object had before and has no more."""

    obj: Object
    undo: Callable[[], Awaitable[None]] = nothing
    settle: Callable[[], Awaitable[None]] = nothing


class Claimant(Protocol):
    """Takes and gives back for one kind; everything it takes survives a crash and can be repaired."""

    async def claim(self, new: Object, old: Object | None, dry_run: bool) -> Claim:
        """Take what `new` needs and `old` has not. Raises ApiError (Invalid) when it is taken or none is left."""
        ...

    async def release(self, obj: Object) -> None:
        """Give back what a removed object had."""
        ...
