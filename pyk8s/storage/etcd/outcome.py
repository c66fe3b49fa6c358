"""Writes, and what became of one whose answer was lost.

A write compares before it writes, so the very same one may be sent again: if the first got through, the second is
refused. Then the key's history tells whose write it was that came first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyk8s.storage.etcd import requests
from pyk8s.storage.etcd.calls import ATTEMPT_SECONDS, Calls, Interrupted
from pyk8s.storage.etcd.stream import first_event
from pyk8s.storage.interface import (
    Event,
    Item,
    KeyExists,
    KeyNotFound,
    LeaseNotFound,
    RevisionMismatch,
    StorageError,
    Unavailable,
)

DELETE_ATTEMPTS = 100
"""How often an unconditional delete follows a key that keeps changing under it."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What came of a write: `doubtful` when an earlier attempt may have got through, `held` what stood in its way."""

    written: bool
    revision: int
    doubtful: bool
    held: Item | None


class Writer:
    """Create, update and delete, each known to have happened or not when it returns or raises.

    The exception is `Unavailable` with `unknown`: etcd did not come back in time to be asked.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.seen = 0
        """The newest revision that etcd has told of: no write sent from now on is older."""

    async def create(self, key: str, value: bytes, lease: int) -> int:
        """Write `key` if it is absent. Raises KeyExists, LeaseNotFound."""
        before = self.seen
        sent = await self._send(requests.create(key, value, lease))
        if sent.written:
            return sent.revision
        if sent.doubtful and sent.held is not None:
            last = sent.held.revision
            mine = await self._history(key, before, lambda event: _creates(event, value) or event.revision >= last)
            if _creates(mine, value):
                return mine.revision
        raise KeyExists(f"{key} exists already")

    async def update(self, key: str, value: bytes, expected: int, lease: int) -> int:
        """Write `key` if its revision is `expected`. Raises KeyNotFound, RevisionMismatch, LeaseNotFound."""
        sent = await self._send(requests.update(key, value, expected, lease))
        if sent.written:
            return sent.revision
        if sent.doubtful:
            following = await self._history(key, expected, _any)
            if following.value == value:
                return following.revision
        raise _refused(key, expected, sent.held)

    async def delete(self, key: str, expected: int) -> int:
        """Remove `key`, if its revision is `expected` (0: whatever it is). Raises KeyNotFound, RevisionMismatch."""
        if expected:
            return await self._delete(key, expected)
        for _ in range(DELETE_ATTEMPTS):
            answer = await self._calls.read(self._calls.kv.Range, requests.read(key))
            if not answer.kvs:
                raise KeyNotFound(f"{key} does not exist")
            try:
                return await self._delete(key, answer.kvs[0].mod_revision)
            except RevisionMismatch:
                continue
        raise Unavailable(f"{key} changes faster than it can be removed")

    async def _delete(self, key: str, expected: int) -> int:
        sent = await self._send(requests.delete(key, expected))
        if sent.written:
            return sent.revision
        if sent.doubtful:
            following = await self._history(key, expected, _any)
            if following.value is None:
                return following.revision
        raise _refused(key, expected, sent.held)

    async def _send(self, request: Any) -> _Sent:
        """Send until it is answered. Raises Unavailable when it is not."""
        doubtful = False

        async def attempt(_: int) -> Any:
            nonlocal doubtful
            try:
                return await self._calls.once(self._calls.kv.Txn, request)
            except Interrupted as why:
                doubtful |= why.sent
                raise

        try:
            answer = await self._calls.again(attempt)
        except (Unavailable, LeaseNotFound) as why:
            if doubtful:
                raise Unavailable(f"it is not known whether the write happened: {why}", unknown=True) from why
            raise
        self.seen = max(self.seen, answer.header.revision)
        return _Sent(
            answer.succeeded, answer.header.revision, doubtful, None if answer.succeeded else requests.found(answer)
        )

    async def _history(self, key: str, after: int, wanted: Callable[[Event], bool]) -> Event:
        """The first event on `key` above `after` that is `wanted`. Raises Unavailable when it cannot be known."""
        try:
            return await self._calls.again(lambda _: first_event(self._calls, key, after, wanted, ATTEMPT_SECONDS))
        except StorageError as why:
            raise Unavailable(f"it is not known whether {key} was written: {why}", unknown=True) from why


def _any(_: Event) -> bool:
    return True


def _creates(event: Event, value: bytes) -> bool:
    return event.value == value and event.previous is None


def _refused(key: str, expected: int, held: Item | None) -> StorageError:
    if held is None:
        return KeyNotFound(f"{key} does not exist")
    return RevisionMismatch(f"{key} is at revision {held.revision}, not {expected}", held)
