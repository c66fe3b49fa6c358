"""What stands behind fake clients: objects with versions, and the history that watches read."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import conflict, expired, not_found, unavailable
from pyk8s.api.refs import Ref
from pyk8s.client import fake_rules as rules
from pyk8s.client.fake_selection import Predicate
from pyk8s.client.interface import View, WatchEvent

Object = dict[str, Any]
Reaction = Callable[[str, Ref, Object], None]
"""Called with the verb, the reference and the body of each call before it is done; may raise ApiError."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object."""

    obj: Object
    body: bytes
    revision: int


@dataclass(frozen=True, slots=True)
class Change:
    """One write: `old` is None for a create, `new` carries deletion's version when `gone`."""

    revision: int
    kind: tuple[str, str]
    old: Stored | None
    new: Stored
    gone: bool


class FakeApi:
    """An API server in memory, without schema and admission; several fake clients may share one.

    Tests read `calls`, and disturb it with `reactions`, `end_watches`, `compact`, `bookmark` and `down`.
    """

    def __init__(self) -> None:
        self.revision = 1
        self.compacted = 0
        self.calls: list[tuple[str, Ref, Object]] = []
        self.reactions: list[Reaction] = []
        self._down = False
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Stored]] = {}
        self._history: list[Change | None] = []  # the change of revision n stands at n - 2; None is a bookmark
        self._changed = asyncio.Event()
        self._epoch = 0

    # For tests.

    @property
    def down(self) -> bool:
        """Whether nobody answers: every call fails and every stream ends."""
        return self._down

    @down.setter
    def down(self, value: bool) -> None:
        self._down = value
        self.end_watches()

    def end_watches(self) -> None:
        """End every open stream, as a server does from time to time."""
        self._epoch += 1
        self._wake()

    def compact(self) -> None:
        """Forget the history: watches that start before now are refused as expired."""
        self.compacted = self.revision

    def bookmark(self) -> None:
        """Advance the version without a change, and tell every watch."""
        self.revision += 1
        self._history.append(None)
        self._wake()

    def put(self, ref: Ref, obj: Object) -> Object:
        """Write `obj` as it stands, whatever the rules say; uid, time and version are added. Returns what is stored."""
        metadata = obj["metadata"]
        held = self._objects.get((ref.group, ref.resource), {}).get((metadata.get("namespace", ""), metadata["name"]))
        known = held.obj["metadata"] if held else {"uid": str(uuid.uuid4()), "creationTimestamp": now_text()}
        kept = {key: known[key] for key in ("uid", "creationTimestamp")}
        return self.write(ref, {**obj, "metadata": {**kept, **metadata}}, held).obj

    def object(self, ref: Ref, name: str, namespace: str = "") -> Object | None:
        """The object as it stands, or None."""
        held = self._objects.get((ref.group, ref.resource), {}).get((namespace or ref.namespace, name))
        return held.obj if held else None

    def objects(self, ref: Ref) -> list[Object]:
        """All objects of a resource, by namespace and name."""
        held = self._objects.get((ref.group, ref.resource), {})
        return [held[key].obj for key in sorted(held) if not ref.namespace or key[0] == ref.namespace]

    # For the clients.

    def enter(self, verb: str, ref: Ref, body: Object) -> None:
        """Note a call and let the reactions refuse it. Raises ApiError."""
        if self._down:
            raise unavailable("the fake API is down")
        self.calls.append((verb, ref, body))
        for react in list(self.reactions):
            react(verb, ref, body)

    def held(self, ref: Ref) -> Stored:
        """The object at `ref`. Raises ApiError("NotFound")."""
        found = self._objects.get((ref.group, ref.resource), {}).get((ref.namespace, ref.name))
        if found is None:
            raise not_found(ref.group, ref.resource, ref.name)
        return found

    def has(self, ref: Ref) -> bool:
        """Whether there is an object at `ref`."""
        return (ref.namespace, ref.name) in self._objects.get((ref.group, ref.resource), {})

    def select(self, ref: Ref, matches: Predicate) -> list[Stored]:
        """The objects of a collection that match, by namespace and name."""
        held = self._objects.get((ref.group, ref.resource), {})
        return [held[key] for key in sorted(held) if matches(held[key].obj)]

    def write(self, ref: Ref, obj: Object, old: Stored | None) -> Stored:
        """Store a new version; an object whose deletion has nothing left to wait for is removed instead."""
        gone = rules.is_finished(obj) and old is not None
        self.revision += 1
        metadata = {**obj["metadata"], "resourceVersion": str(self.revision)}
        obj = {**obj, "metadata": metadata}
        new = Stored(obj, orjson.dumps(obj), self.revision)
        kind = (ref.group, ref.resource)
        held = self._objects.setdefault(kind, {})
        key = (metadata.get("namespace", ""), metadata["name"])
        if gone:
            del held[key]
        else:
            held[key] = new
        self._history.append(Change(self.revision, kind, old, new, gone))
        self._wake()
        return new

    async def stream(
        self, ref: Ref, after: int, matches: Predicate, timeout: float, view: View
    ) -> AsyncIterator[Sequence[WatchEvent]]:
        """Batches of what happens to a collection. Raises ApiError("Expired") when `after` is forgotten."""
        if self._down:
            raise unavailable("the fake API is down")
        if after < self.compacted:
            raise expired(f"too old resource version: {after} ({self.compacted})")
        epoch, kind = self._epoch, (ref.group, ref.resource)
        deadline = clock.monotonic() + timeout if timeout else None
        while epoch == self._epoch:
            batch: list[WatchEvent] = []
            for index in range(max(0, after - 1), len(self._history)):
                if (event := _event(self._history[index], index + 2, kind, matches, view)) is not None:
                    batch.append(event)
            after = self.revision
            if batch:
                yield batch
                continue
            changed = self._changed
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                return

    async def next_change(self) -> None:
        """Wait for the next write (or bookmark, or end of the watches)."""
        await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _event(
    change: Change | None, revision: int, kind: tuple[str, str], matches: Predicate, view: View
) -> WatchEvent | None:
    """What a watch is told of a change: an object enters and leaves a selection as if created and deleted."""
    if change is None:
        bookmark = {"metadata": {"resourceVersion": str(revision)}}
        return WatchEvent("BOOKMARK", orjson.dumps(bookmark), str(revision))
    if change.kind != kind:
        return None
    was = change.old is not None and matches(change.old.obj)
    is_now = not change.gone and matches(change.new.obj)
    if not was and not is_now:
        return None
    type_ = "ADDED" if not was else "MODIFIED" if is_now else "DELETED"
    told = change.new
    if type_ == "DELETED" and not change.gone and change.old is not None:
        obj = change.old.obj
        obj = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}
        told = Stored(obj, orjson.dumps(obj), revision)
    return WatchEvent(type_, viewed(told, view), str(revision))


def viewed(stored: Stored, view: View) -> bytes:
    """The bytes of an object as `view` wants them."""
    if view is View.METADATA:
        head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
        return orjson.dumps({**head, "metadata": stored.obj["metadata"]})
    return stored.body


def now_text(later: float = 0.0) -> str:
    """The time now, or `later` seconds from now, as the API writes it."""
    return (clock.now() + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_preconditions(ref: Ref, held: Object, uid: str, resource_version: str) -> None:
    """Raise ApiError("Conflict") unless the object is the one that was meant."""
    metadata = held["metadata"]
    if uid and uid != metadata["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}"
        raise conflict(ref.group, ref.resource, ref.name, why)
    if resource_version and resource_version != metadata["resourceVersion"]:
        why = "the object has been modified; please apply your changes to the latest version and try again"
        raise conflict(ref.group, ref.resource, ref.name, why)
