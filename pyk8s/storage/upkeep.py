"""Compaction and defragmentation on a schedule; the API server runs it, one of several at a time does the work.

A round writes the key `keys.COMPACTION` and compacts at the revision where the round before wrote it. That revision
holds this write and nothing else, so no delete stands at the edge, and history is kept for one whole round at least.
"""

from __future__ import annotations

from pyk8s.aio import clock
from pyk8s.observe import logs
from pyk8s.storage.interface import Compacted, KeyExists, KeyNotFound, RevisionMismatch, StorageError, Store
from pyk8s.storage.keys import COMPACTION

log = logs.get("storage")

EVERY = 300.0
"""Seconds from one round to the next: how long watches and continue tokens can be resumed at least."""

DEFRAGMENT_EVERY = 12
"""Rounds from one defragmentation to the next."""


async def keep(store: Store, *, every: float = EVERY, defragment_every: int = DEFRAGMENT_EVERY) -> None:
    """Compact and defragment until cancelled; what fails is told and tried again in the next round."""
    marked, rounds = 0, 0
    while True:
        try:
            marked = await compact(store, marked)
            rounds += 1
            if rounds % defragment_every == 0:
                await store.defragment()
        except StorageError as why:
            log.warning("a round of compaction failed", why=str(why))
        await clock.sleep(every)


async def compact(store: Store, marked: int) -> int:
    """One round: mark now, compact at `marked`, the revision of the round before (0: there was none).

    Returns the revision to compact at in the next round. When another API server has made a mark since, this one
    leaves the work to it.
    """
    try:
        if not marked:
            return await store.create(COMPACTION, b"")
        following = await store.update(COMPACTION, b"", expected=marked)
    except KeyExists:
        held, _ = await store.get(COMPACTION)
        return held.revision if held else 0
    except KeyNotFound:
        return await store.create(COMPACTION, b"")
    except RevisionMismatch as why:
        return why.current.revision
    try:
        await store.compact(marked)
    except Compacted:
        pass  # somebody has done more by hand
    return following
