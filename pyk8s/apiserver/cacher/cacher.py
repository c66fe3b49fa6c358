"""The cache as the registry sees it: lookups, lists and watches."""

from __future__ import annotations

from pyk8s.api.errors import ApiError, Cause, expired, unavailable
from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.changes import bookmark
from pyk8s.apiserver.cacher.collection import CachedPage, Collection, OnChange
from pyk8s.apiserver.cacher.feed import PAGE, Feed, decoded
from pyk8s.apiserver.cacher.progress import SharedRead
from pyk8s.apiserver.cacher.selection import ALL, Selection
from pyk8s.apiserver.cacher.settings import Settings
from pyk8s.apiserver.cacher.watch import Watch
from pyk8s.client.interface import WatchEvent
from pyk8s.storage import keys
from pyk8s.storage.interface import Compacted, FutureRevision, Store


def too_large_version(wanted: int, current: int) -> ApiError:
    """504: a version that the store has not reached. Clients know it by its cause."""
    cause = Cause("ResourceVersionTooLarge", "Too large resource version")
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return ApiError("Timeout", message, causes=(cause,), retry_after=1)


class Cacher:
    """Everything under `keys.ROOT`, in memory, fed by one watch over the store. Nothing here ever writes.

    A `version` says how new an answer must be: None as new as the store is now (consistent), 0 whatever is here, and
    another number not older than that. What has to ask the store raises `storage.interface.Unavailable` when that
    cannot be reached.
    """

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        self._store = store
        self._settings = settings or Settings()
        self._feed = Feed(store, self._settings)
        self._header = SharedRead(store.revision)

    async def start(self) -> None:
        """Read the whole store and follow it; returns once as new as the store was when called."""
        await self._feed.start()

    async def close(self) -> None:
        """Stop following and end every watch."""
        await self._feed.close()

    @property
    def revision(self) -> int:
        """The revision up to which everything has been seen."""
        return self._feed.progress.revision

    def _of(self, resource: Resource) -> Collection:
        return self._feed.collection(keys.collection(resource.group, resource.plural))

    # What is here now, without waiting.

    def peek(self, resource: Resource, namespace: str, name: str) -> Cached | None:
        """The object as far as the stream has come: one dict lookup."""
        return self._of(resource).objects.get(f"{namespace}/{name}" if namespace else name)

    def select(self, resource: Resource, selection: Selection = ALL) -> list[Cached]:
        """The wanted objects as far as the stream has come, in order of their keys."""
        return self._of(resource).select(selection)

    def subscribe(self, resource: Resource, listener: OnChange) -> None:
        """Call `listener(old, new)` for every object here now (old is None) and every change from now on."""
        collection = self._of(resource)
        for one in list(collection.objects.values()):
            listener(None, one)
        collection.listeners.append(listener)

    # Waiting for what is asked.

    async def fresh(self) -> bool:
        """Wait until the stream has come to where the store is now; False when that takes too long."""
        return await self.reach(await self._header())

    async def reach(self, revision: int) -> bool:
        """Wait, but not long, until the stream has come to `revision`; whether it has."""
        return await self._feed.progress.reach(revision, self._settings.wait)

    async def _ready(self, version: int | None) -> bool:
        """Whether the cache can answer for `version`; False when the store itself must be asked."""
        if version is None:
            return await self.fresh()
        if version and not await self.reach(version):
            raise too_large_version(version, self.revision)
        return True

    async def get(self, resource: Resource, namespace: str, name: str, *, version: int | None = None) -> Cached | None:
        """The object, or None. Raises ApiError when `version` is not reached in time."""
        if await self._ready(version):
            return self.peek(resource, namespace, name)
        item, _ = await self._store.get(keys.key(resource.group, resource.plural, namespace, name))
        return decoded(item.key, item.value, item.revision) if item else None

    async def list(
        self,
        resource: Resource,
        selection: Selection = ALL,
        *,
        version: int | None = None,
        exact: bool = False,
        limit: int = 0,
        after: str = "",
    ) -> CachedPage:
        """The wanted objects behind the key `after` ("namespace/name" or "name"), at most `limit` (0: all).

        With `exact` they are those as of `version`, as the later pages of a list are. Raises ApiError when `version`
        is not reached in time ("Timeout") or is forgotten ("Expired").
        """
        here = await self._ready(version)
        collection = self._of(resource)
        revision = version if exact and version else self.revision
        if here and revision >= collection.floor:
            return collection.page(selection, revision, limit=limit, after=after)
        try:
            return await self._list_stored(resource, selection, revision if exact else 0, limit, after)
        except Compacted as why:
            raise expired(f"The resource version {revision} is too old; list again from the start.") from why
        except FutureRevision as why:
            raise too_large_version(revision, self.revision) from why

    async def _list_stored(
        self, resource: Resource, selection: Selection, revision: int, limit: int, after: str
    ) -> CachedPage:
        prefix = keys.prefix(resource.group, resource.plural, selection.namespace)
        root = keys.prefix(resource.group, resource.plural)
        found: list[Cached] = []
        last = root + after if after else ""
        while True:
            page = await self._store.list(prefix, revision=revision, limit=min(limit or PAGE, PAGE), after=last)
            revision = page.revision
            for at, item in enumerate(page.items):
                one = decoded(item.key, item.value, item.revision)
                if one is None or not selection.matches(one):
                    continue
                if limit and len(found) == limit:
                    rest = len(page.items) - at + page.remaining if selection.selects_none else 0
                    return CachedPage(found, revision, found[-1].key, rest)
                found.append(one)
            last = page.after
            if not last:
                return CachedPage(found, revision)

    async def watch(
        self,
        resource: Resource,
        selection: Selection = ALL,
        *,
        after: int | None = None,
        initial: bool = False,
        bookmarks: bool = False,
        timeout: float = 0.0,
    ) -> Watch:
        """What happens to the wanted objects above revision `after`; without one (None: as new as the store, 0: as
        new as the cache), or with `initial`, what is there comes first, as added.

        With `initial` and `bookmarks` a bookmark marks where that ends. `timeout` seconds (0: none) end the watch.
        Raises ApiError: "Expired" when `after` is forgotten, "Timeout" when it is not reached in time.
        """
        if not await self._ready(after):
            raise unavailable("the watch cache is behind the store; try again")
        collection = self._of(resource)
        if after and not initial and after < collection.floor:
            raise expired(f"too old resource version: {after} ({collection.floor})")
        watch = Watch(
            resource,
            selection,
            bookmarks=bookmarks,
            backlog=self._settings.backlog,
            closed=collection.audience.remove,
        )
        if initial or not after:
            begin = [WatchEvent("ADDED", one.body, str(one.revision)) for one in collection.select(selection)]
            if initial and bookmarks:
                begin.append(bookmark(resource, self.revision, initial_end=True))
        else:
            changes = collection.since(after)
            begin = [told for change in changes if (told := change.told(selection)) is not None]
        watch.begin(begin)
        collection.audience.add(watch)
        if timeout:
            watch.end_after(timeout, lambda: self.revision)
        return watch
