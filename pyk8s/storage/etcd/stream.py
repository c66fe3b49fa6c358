"""etcd's watch: one stream read into batches that never split a revision, and resumed when it breaks.

Every revision has at least one event, and the whole store is watched, so a revision that is missing from the stream is
one that was lost: at the compacted revision itself etcd 3.4 leaves a delete out without a word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

import grpc
from aetcd import rpc

from pyk8s.aio.backoff import Backoff
from pyk8s.storage.etcd import requests
from pyk8s.storage.etcd.calls import AGAIN, Calls, Interrupted, translate
from pyk8s.storage.interface import Batch, Compacted, Event, FutureRevision, Unavailable


class Assembler:
    """Puts responses of one stream together: pure, so that it can be tested without etcd."""

    def __init__(self, after: int) -> None:
        self.revision = after
        """Everything up to here has been handed out."""
        self._held: list[Event] = []

    def add(self, response: Any) -> tuple[Event, ...]:
        """The events that are complete with this response. Raises Compacted when a revision is missing."""
        self._held += [_event(event) for event in response.events]
        complete = self._held
        if response.fragment and complete:
            # More of the last revision may follow in the next fragment.
            last = complete[-1].revision
            complete = [event for event in self._held if event.revision < last]
        self._held = self._held[len(complete) :]
        for event in complete:
            if event.revision > self.revision + 1:
                raise Compacted(f"revision {self.revision + 1} has been compacted", event.revision)
            self.revision = max(self.revision, event.revision)
        return tuple(complete)


def _event(event: Any) -> Event:
    pair = event.kv
    removed = event.type == rpc.Event.DELETE
    previous = requests.item(event.prev_kv) if event.HasField("prev_kv") else None
    return Event(pair.key.decode(), pair.mod_revision, None if removed else pair.value, previous)


async def follow(calls: Calls, prefix: str, after: int, *, previous: bool) -> AsyncIterator[Batch]:
    """`interface.Store.watch` on etcd."""
    backoff = Backoff(AGAIN)
    while True:
        try:
            async with aclosing(_stream(calls, after, previous)) as stream:
                async for events, revision in stream:
                    after = revision
                    backoff.reset()
                    yield Batch(tuple(event for event in events if event.key.startswith(prefix)), revision)
        except Interrupted:
            pass
        if calls.closed:
            raise Unavailable("the store is closed")
        await backoff.wait()


async def _stream(calls: Calls, after: int, previous: bool) -> AsyncGenerator[tuple[tuple[Event, ...], int], None]:
    """One stream, until it breaks: complete events and the revision they reach."""
    assembler = Assembler(after)
    async with _opened(calls, requests.watch(requests.WHOLE, requests.WHOLE, after, previous=previous)) as responses:
        at = (await anext(responses)).header.revision
        if at < after:
            raise FutureRevision(f"revision {after} has not been reached; etcd is at {at}")
        await _not_compacted(calls, after)
        async for response in responses:
            events = assembler.add(response)
            if events:
                yield events, assembler.revision


async def _not_compacted(calls: Calls, after: int) -> None:
    """Raise Compacted when `after` is below the compacted revision: a read there is refused, a watch is not."""
    request = rpc.RangeRequest(key=requests.WHOLE, limit=1, keys_only=True, revision=max(after, 1))
    try:
        await calls.once(calls.kv.Range, request)
    except Compacted as why:
        raise await explained(calls, why) from why


async def explained(calls: Calls, why: Compacted) -> Compacted:
    """The same error with the compacted revision in it, which etcd tells to none but a watch from the very start."""
    async with _opened(calls, requests.watch(requests.WHOLE, requests.WHOLE, 0, previous=False)) as responses:
        try:
            async for response in responses:
                if response.events:
                    break
        except Compacted as told:
            return Compacted(f"{why}; {told.compacted} is the oldest", told.compacted)
    return why


@asynccontextmanager
async def _opened(calls: Calls, request: Any) -> AsyncIterator[AsyncIterator[Any]]:
    """A watch that etcd has accepted: its responses, the first of which says that it was created."""
    if calls.closed:
        raise Unavailable("the store is closed")
    call = calls.watches.Watch()
    try:
        yield _responses(calls, call, request)
    finally:
        call.cancel()


async def _responses(calls: Calls, call: Any, request: Any) -> AsyncIterator[Any]:
    try:
        await calls.bounded(call.write(request))
        while (response := await call.read()) is not grpc.aio.EOF:
            if response.compact_revision:
                raise Compacted("the revision to watch from has been compacted", response.compact_revision)
            if response.canceled:
                raise Interrupted(f"etcd ended the watch: {response.cancel_reason}")
            yield response
    except grpc.aio.AioRpcError as why:
        raise translate(why) from why
    except (grpc.aio.UsageError, asyncio.InvalidStateError) as why:
        raise Interrupted("the stream broke off") from why
    except asyncio.CancelledError:
        calls.raise_if_closed()
        raise
    raise Interrupted("etcd ended the stream")


async def first_event(calls: Calls, key: str, after: int, wanted: Callable[[Event], bool], seconds: float) -> Event:
    """The first event on `key` above revision `after` that is `wanted`. Raises Interrupted, Compacted."""
    start = key.encode()
    request = requests.watch(start, start + b"\0", after, previous=True)
    try:
        async with asyncio.timeout(seconds), _opened(calls, request) as responses:
            async for response in responses:
                for event in map(_event, response.events):
                    if wanted(event):
                        return event
    except TimeoutError as why:
        raise Interrupted(f"the history of {key} did not come in time") from why
    raise Interrupted(f"the history of {key} ended")
