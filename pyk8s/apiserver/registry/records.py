"""Objects in the store, one at a time: read, added, replaced, removed, each under the revision it was read at.

A change starts from the object as the watch cache has it, which may be old; when the store refuses the write, or what
was found wrong may be due to that, it is tried again on the object as the store has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import orjson

from pyk8s.api.errors import ApiError, already_exists, conflict, too_large, unavailable
from pyk8s.api.errors import internal as internal_error
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.registry.objects import Held, encode, without
from pyk8s.storage import keys
from pyk8s.storage.interface import (
    Item,
    KeyExists,
    KeyNotFound,
    LeaseNotFound,
    RevisionMismatch,
    StorageError,
    Store,
    Unavailable,
    ValueTooLarge,
)
from pyk8s.storage.lease import Leases

MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
TRIES = 64
"""How often a change is tried on ever newer versions of an object before it ends in a conflict."""

T = TypeVar("T")


class Stale(Exception):
    """The object is not what it was taken for; `current` is what the store has, None when it is gone."""

    def __init__(self, current: Held | None) -> None:
        super().__init__()
        self.current = current


class Records:
    """Single objects of every kind in one store."""

    def __init__(self, store: Store, cacher: Cacher, leases: Leases) -> None:
        self._store = store
        self._cacher = cacher
        self._leases = leases

    def cached(self, resource: Resource, namespace: str, name: str) -> Held | None:
        """The object as the watch cache has it: maybe old, maybe missing yet."""
        found = self._cacher.peek(resource, namespace, name)
        if found is None:
            return None
        obj = found.object()
        obj["metadata"].pop("resourceVersion", None)
        return Held(obj, found.revision)

    async def stored(self, resource: Resource, namespace: str, name: str) -> Held | None:
        """The object as the store has it. Raises ApiError (ServiceUnavailable)."""
        try:
            item, _ = await self._store.get(keys.key(resource.group, resource.plural, namespace, name))
        except StorageError as error:
            raise refusal(error) from error
        return held(item) if item else None

    async def attempt(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        act: Callable[[Held, bool], Awaitable[T]],
        missing: Callable[[], Awaitable[T]],
    ) -> T:
        """What `act(held, live)` returns, called again while it raises `Stale`; `missing()` when there is no object.

        `live` says that the object was read from the store. Raises ApiError of either, and Conflict after many tries.
        """
        current = self.cached(resource, namespace, name)
        live = current is None
        if current is None:
            current = await self.stored(resource, namespace, name)
        for _ in range(TRIES):
            if current is None:
                return await missing()
            try:
                return await act(current, live)
            except Stale as stale:
                current, live = stale.current, True
            except ApiError:
                if live:
                    raise
                newest = await self.stored(resource, namespace, name)
                if newest is not None and newest.revision == current.revision:
                    raise
                current, live = newest, True
        raise conflict(resource.group, resource.plural, name, MODIFIED)

    async def seen(self, revision: int) -> None:
        """Wait, but not long, until the watch cache has come to `revision`."""
        await self._cacher.reach(revision)

    async def rewrite(self, resource: Resource, namespace: str, name: str, make: Callable[[Object], Object]) -> None:
        """Store what `make` makes of the object, with no other rule; nothing happens when it is gone."""

        async def act(current: Held, live: bool) -> None:
            body = encode(make(current.obj))
            await self.replace(resource, namespace, name, body, current.revision)

        async def missing() -> None:
            return None

        await self.attempt(resource, namespace, name, act, missing)

    async def add(self, resource: Resource, namespace: str, name: str, body: bytes, lifetime: int = 0) -> int:
        """Store a new object; the revision. Raises ApiError (AlreadyExists, …)."""
        key = keys.key(resource.group, resource.plural, namespace, name)
        try:
            if not lifetime:
                return await self._store.create(key, body)
            return await self._leased(lifetime, lambda lease: self._store.create(key, body, lease=lease))
        except KeyExists:
            raise already_exists(resource.group, resource.plural, name) from None
        except StorageError as error:
            raise refusal(error) from error

    async def replace(
        self, resource: Resource, namespace: str, name: str, body: bytes, expected: int, lifetime: int = 0
    ) -> int:
        """Store another version of the object that has revision `expected`; the new one. Raises Stale, ApiError."""
        key = keys.key(resource.group, resource.plural, namespace, name)
        try:
            if not lifetime:
                return await self._store.update(key, body, expected=expected)
            return await self._leased(
                lifetime, lambda lease: self._store.update(key, body, expected=expected, lease=lease)
            )
        except RevisionMismatch as error:
            raise Stale(held(error.current)) from None
        except KeyNotFound:
            raise Stale(None) from None
        except StorageError as error:
            raise refusal(error) from error

    async def _leased(self, lifetime: int, write: Callable[[int], Awaitable[int]]) -> int:
        lease = await self._leases.take(lifetime)
        try:
            return await write(lease)
        except LeaseNotFound:  # it ran out before its time: the store was turned back or stood still
            self._leases.drop(lease)
            return await write(await self._leases.take(lifetime))

    async def remove(self, resource: Resource, namespace: str, name: str, expected: int) -> int:
        """Take away the object that has revision `expected`; the revision of that. Raises Stale, ApiError."""
        key = keys.key(resource.group, resource.plural, namespace, name)
        try:
            return await self._store.delete(key, expected=expected)
        except RevisionMismatch as error:
            raise Stale(held(error.current)) from None
        except KeyNotFound:
            raise Stale(None) from None
        except StorageError as error:
            raise refusal(error) from error


def held(item: Item) -> Held:
    """The object of a stored item."""
    return Held(orjson.loads(item.value), item.revision)


def refusal(error: StorageError) -> ApiError:
    """What the API says when the store refuses or cannot be reached."""
    match error:
        case ValueTooLarge():
            return too_large(str(error))
        case Unavailable(unknown=True):
            return ApiError("ServerTimeout", f"it is not known whether the write happened: {error}", retry_after=1)
        case Unavailable():
            return unavailable(str(error))
        case _:
            return internal_error(str(error))


def same(new: Object, old: Object) -> bool:
    """Whether storing `new` over `old` would change nothing; the resource version does not count."""
    return without(new, "metadata") == without(old, "metadata") and (
        without(new["metadata"], "resourceVersion") == without(old["metadata"], "resourceVersion")
    )
