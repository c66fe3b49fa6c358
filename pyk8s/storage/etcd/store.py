"""The store on etcd, put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from aetcd import rpc

from pyk8s.storage.etcd import reading, requests
from pyk8s.storage.etcd.calls import Calls
from pyk8s.storage.etcd.outcome import Writer
from pyk8s.storage.etcd.stream import explained, follow
from pyk8s.storage.interface import Batch, Compacted, Item, Page, Unavailable
from pyk8s.storage.limits import require_size

CONNECT_SECONDS = 60.0
DEFRAGMENT_SECONDS = 60.0

WORTH_DEFRAGMENTING = 16 << 20
"""Bytes of file that must be unused, and be half of it, before it is worth stopping etcd to rewrite it."""


class EtcdStore:
    """`interface.Store` on etcd; make it with `connect`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._writer = Writer(calls)

    @classmethod
    async def connect(
        cls, endpoints: Sequence[str], ca: Path, cert: Path, key: Path, *, seconds: float = CONNECT_SECONDS
    ) -> EtcdStore:
        """A store on the etcd at `endpoints` (https URLs) with these PEM files, once it answers.

        Raises Unavailable when it does not answer in `seconds`, ValueError for a wrong endpoint, OSError for a file.
        """
        store = cls(Calls(endpoints, ca=ca, cert=cert, key=key))
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        await store.revision()
                        return store
                    except Unavailable:
                        continue
        except TimeoutError as why:
            await store.close()
            raise Unavailable(f"etcd at {', '.join(endpoints)} did not answer within {seconds:.0f} s") from why

    async def create(self, key: str, value: bytes, *, lease: int = 0) -> int:
        """Write `key` if it is absent and return the revision."""
        require_size(key, value)
        return await self._writer.create(key, value, lease)

    async def update(self, key: str, value: bytes, *, expected: int, lease: int = 0) -> int:
        """Write `key` if its revision is `expected` and return the new one."""
        require_size(key, value)
        return await self._writer.update(key, value, expected, lease)

    async def delete(self, key: str, *, expected: int = 0) -> int:
        """Remove `key`, if its revision is `expected` (0: whatever it is)."""
        return await self._writer.delete(key, expected)

    async def get(self, key: str) -> tuple[Item | None, int]:
        """The item, or None, and the revision."""
        answer = await self._calls.read(self._calls.kv.Range, requests.read(key))
        self._writer.seen = max(self._writer.seen, answer.header.revision)
        return requests.item(answer.kvs[0]) if answer.kvs else None, answer.header.revision

    async def list(self, prefix: str, *, revision: int = 0, limit: int = 0, after: str = "") -> Page:
        """The items under `prefix` as of `revision`."""
        return await reading.page(self._calls, prefix, revision, limit, after)

    def watch(self, prefix: str, *, after: int, previous: bool = True) -> AsyncIterator[Batch]:
        """Every write under `prefix` above `after`, across restarts of etcd."""
        return follow(self._calls, prefix, after, previous=previous)

    async def revision(self) -> int:
        """The revision now."""
        request = rpc.RangeRequest(key=requests.WHOLE, limit=1, keys_only=True)
        answer = await self._calls.read(self._calls.kv.Range, request)
        self._writer.seen = max(self._writer.seen, answer.header.revision)
        return int(answer.header.revision)

    async def grant(self, seconds: int) -> int:
        """A new lease of `seconds`. One whose answer is lost runs out by itself."""
        answer = await self._calls.read(self._calls.leases.LeaseGrant, rpc.LeaseGrantRequest(TTL=seconds))
        return int(answer.ID)

    async def compact(self, revision: int) -> None:
        """Forget what was written over or removed before `revision`."""
        request = rpc.CompactionRequest(revision=revision)

        async def attempt(failures: int) -> None:
            try:
                await self._calls.once(self._calls.kv.Compact, request)
            except Compacted as why:
                if not failures:
                    raise await explained(self._calls, why) from why

        await self._calls.again(attempt)

    async def defragment(self) -> None:
        """Rewrite etcd's file without the unused space; nothing happens while that would gain little."""
        status = await self._calls.read(self._calls.maintenance.Status, rpc.StatusRequest())
        unused = status.dbSize - status.dbSizeInUse
        if unused >= WORTH_DEFRAGMENTING and unused * 2 >= status.dbSize:
            await self._calls.read(self._calls.maintenance.Defragment, rpc.DefragmentRequest(), DEFRAGMENT_SECONDS)

    async def close(self) -> None:
        """End watches and connections; afterwards every method raises Unavailable."""
        await self._calls.close()
