"""The cache's one task: follow the store, keep the collections current, tell who watches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from pyk8s.aio import clock
from pyk8s.aio.backoff import Backoff, Schedule
from pyk8s.api.errors import expired
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.changes import Change
from pyk8s.apiserver.cacher.collection import Collection
from pyk8s.apiserver.cacher.progress import Progress
from pyk8s.apiserver.cacher.settings import Settings
from pyk8s.observe import logs
from pyk8s.storage import keys
from pyk8s.storage.interface import Batch, Compacted, FutureRevision, Page, StorageError, Store, Unavailable

log = logs.get("cacher")

PAGE = 500
"""Keys asked for at once when the whole store is read."""


def decoded(full: str, value: bytes, revision: int) -> Cached | None:
    """The object of one stored key; None, and a line in the log, when it is none: one bad value must stop nothing."""
    try:
        return Cached(keys.split(full)[1], value, revision)
    except ValueError as why:
        log.error("a value in the store is no object and is left out", key=full, revision=revision, why=str(why))
        return None


class Feed:
    """Collections by name ("pods", "apps/deployments"), as new as `progress` says."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.progress = Progress()
        self._store, self._settings = store, settings
        self._collections: dict[str, Collection] = {}
        self._base = 0
        self._tasks: list[asyncio.Task[None]] = []

    def collection(self, name: str) -> Collection:
        """The collection `name`, empty when nothing was ever in it."""
        found = self._collections.get(name)
        if found is None:
            indexed = [path for of, path in self._settings.indexed if of == name]
            found = self._collections[name] = Collection(self._settings, indexed, self._base)
        return found

    async def start(self) -> None:
        """Read the whole store, then follow it. Returns once as new as the store was when called."""
        now = await self._store.revision()
        await self._load_past(max(1, now - self._settings.prefill))
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._follow(), name="cacher"),
            loop.create_task(self._mark(), name="bookmarks"),
        ]
        while not await self.progress.reach(now, self._settings.wait):
            log.info("still catching up with the store", revision=self.progress.revision, wanted=now)

    async def _load_past(self, revision: int) -> None:
        """Begin as far back as `revision`, or as history goes: what follows from there can then be resumed."""
        try:
            try:
                await self._load(revision)
            except Compacted as why:
                await self._load(why.compacted)
        except Compacted:
            await self._load(0)  # compacted again meanwhile

    async def close(self) -> None:
        """Stop following and end every watch."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for collection in self._collections.values():
            collection.audience.end()

    async def _follow(self) -> None:
        backoff = Backoff(Schedule(first=0.05, limit=5.0))
        while True:
            try:
                async for batch in self._store.watch(keys.ROOT, after=self.progress.revision, previous=False):
                    self._take(batch)
                    backoff.reset()
                    # A long backlog must not fill the queues of watchers that had no chance to read.
                    await clock.sleep(0)
            except (Compacted, FutureRevision) as why:
                log.warning("the store is read anew: the stream cannot be resumed", why=str(why))
                with contextlib.suppress(Compacted, Unavailable):
                    await self._load(0)
            except StorageError as why:
                log.warning("the stream of the store ended", why=str(why))
            await backoff.wait()

    async def _mark(self) -> None:
        while True:
            await clock.sleep(self._settings.bookmark_every)
            for collection in list(self._collections.values()):
                for watch in collection.audience:
                    watch.mark(self.progress.revision)

    def _take(self, batch: Batch) -> None:
        changed: dict[Collection, list[Change]] = {}
        events = batch.events
        for at, event in enumerate(events):
            try:
                name, key = keys.split(event.key)
            except ValueError:
                continue  # nobody's object; the stream is of every key below the root
            new = None if event.value is None else decoded(event.key, event.value, event.revision)
            more = at + 1 < len(events) and events[at + 1].revision == event.revision
            collection = self.collection(name)
            change = collection.change(key, event.revision, new, more=more)
            if change is not None:
                changed.setdefault(collection, []).append(change)
        self.progress.advance(batch.revision)
        for collection, changes in changed.items():
            collection.publish(changes)

    async def _load(self, revision: int) -> None:
        """Become what the store is at `revision` (0: now). Watches end: nobody can tell them what happened between."""
        found: dict[str, list[Cached]] = {name: [] for name in self._collections}
        page = Page((), revision)
        while True:
            page = await self._store.list(keys.ROOT, revision=page.revision, limit=PAGE, after=page.after)
            for item in page.items:
                one = decoded(item.key, item.value, item.revision)
                if one is not None:
                    found.setdefault(keys.split(item.key)[0], []).append(one)
            if not page.after:
                break
        self._base = page.revision
        changes = {name: self._become(self.collection(name), items) for name, items in found.items()}
        self.progress.advance(page.revision)
        for name, changed in changes.items():
            self.collection(name).publish(changed)

    def _become(self, collection: Collection, items: Sequence[Cached]) -> list[Change]:
        collection.audience.end(expired("the server had to read its store anew: list again"))
        wanted = collection.difference(items)
        changes = [collection.change(key, one.revision if one else self._base, one) for key, one in wanted]
        collection.forget(self._base)
        return [change for change in changes if change is not None]
