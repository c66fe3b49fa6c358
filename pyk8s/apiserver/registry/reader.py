"""Reads: one object, a list, a watch, as objects, tables or metadata."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, not_found
from pyk8s.api.resources import Resource
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.cacher.collection import CachedPage
from pyk8s.apiserver.cacher.selection import Selection
from pyk8s.apiserver.cacher.watch import Watch
from pyk8s.apiserver.registry import versions
from pyk8s.apiserver.registry.continuation import Continuation
from pyk8s.apiserver.registry.records import refusal
from pyk8s.apiserver.registry.selecting import selection
from pyk8s.apiserver.registry.views import metadata_only, show, show_event, table
from pyk8s.apiserver.request import Answer, ListAnswer, Request, WatchAnswer
from pyk8s.client.interface import View, WatchEvent
from pyk8s.storage.interface import StorageError

TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter."
)


class Reader:
    """Reads objects of every kind from the watch cache."""

    def __init__(self, cacher: Cacher) -> None:
        self._cacher = cacher

    async def body(self, request: Request) -> bytes:
        """The object of the request as JSON bytes. Raises ApiError (NotFound, …)."""
        resource = request.resource
        assert resource is not None
        version = versions.version_of(request.options.resource_version)
        try:
            found = await self._cacher.get(resource, request.namespace, request.name, version=version)
        except StorageError as error:
            raise refusal(error) from error
        if found is None:
            raise not_found(resource.group, resource.plural, request.name)
        return found.body

    async def get(self, request: Request) -> Answer:
        """The object, in the view that is asked for."""
        body = await self.body(request)
        assert request.resource is not None
        if request.options.view is View.OBJECT:
            return Answer(body)
        return Answer(show(request.resource, body, request.options.view, clock.now()))

    async def list(self, request: Request) -> ListAnswer:
        """The objects that are selected, or a page of them."""
        resource, options = request.resource, request.options
        assert resource is not None
        wanted = versions.of_list(options)
        page = await self._page(request, resource, wanted)
        token = Continuation(page.revision, page.after).encode() if page.after else ""
        kind, api_version = f"{resource.kind}List", resource.api_version
        items: Sequence[bytes] = [one.body for one in page.items]
        if options.view is View.METADATA:
            items = [metadata_only(body) for body in items]
            kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        elif options.view is View.TABLE:
            items = [self._table(resource, page, token)]
            kind, api_version = "Table", "meta.k8s.io/v1"
        return ListAnswer(kind, api_version, items, str(page.revision), token, page.remaining if token else 0)

    def _table(self, resource: Resource, page: CachedPage, token: str) -> bytes:
        metadata: dict[str, object] = {"resourceVersion": str(page.revision)}
        if token:
            metadata["continue"] = token
            if page.remaining:
                metadata["remainingItemCount"] = page.remaining
        return table(resource, [one.object() for one in page.items], clock.now(), metadata)

    async def _page(self, request: Request, resource: Resource, wanted: versions.Wanted) -> CachedPage:
        try:
            return await self._cacher.list(
                resource,
                selected(request, resource),
                version=wanted.version,
                exact=wanted.exact,
                limit=request.options.limit,
                after=wanted.after,
            )
        except ApiError as error:
            if error.reason == "Expired" and request.options.continue_:
                raise ApiError("Expired", TOO_OLD) from error
            raise
        except StorageError as error:
            raise refusal(error) from error

    async def watch(self, request: Request) -> WatchAnswer:
        """What happens to the objects that are selected."""
        resource, options = request.resource, request.options
        assert resource is not None
        after = versions.of_watch(options)
        try:
            watch = await self._cacher.watch(
                resource,
                selected(request, resource),
                after=after,
                initial=options.initial_events,
                bookmarks=options.bookmarks,
                timeout=options.timeout,
            )
        except StorageError as error:
            raise refusal(error) from error
        return WatchAnswer(_batches(watch, resource, options.view))


def selected(request: Request, resource: Resource) -> Selection:
    """What a list or watch means; a name in the request narrows it to one object."""
    fields = request.options.fields
    if request.name:
        fields = f"metadata.name={request.name}{',' if fields else ''}{fields}"
    return selection(resource, request.namespace, request.options.labels, fields)


async def _batches(watch: Watch, resource: Resource, view: View) -> AsyncIterator[Sequence[WatchEvent]]:
    async with watch:
        async for batch in watch:
            if view is View.OBJECT:
                yield batch
            else:
                now = clock.now()
                yield [show_event(resource, event, view, now) for event in batch]
