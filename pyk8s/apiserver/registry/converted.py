"""Requests for a form of a kind that is stored in another one: asked in the stored form, answered in theirs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, conflict
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.registry.conversion import Conversion
from pyk8s.apiserver.registry.objects import decode
from pyk8s.apiserver.registry.patching import patched
from pyk8s.apiserver.registry.patching import read as read_patch
from pyk8s.apiserver.registry.records import MODIFIED
from pyk8s.apiserver.registry.shaping import Shaper, refuse
from pyk8s.apiserver.registry.views import metadata_only, show, show_event, table
from pyk8s.apiserver.request import Answer, ListAnswer, Request, Response, WatchAnswer
from pyk8s.client.interface import View, WatchEvent

TRIES = 8
"""How often a patch is applied to ever newer versions before it ends in a conflict."""

Ask = Callable[[Request], Awaitable[Response]]


class Converted:
    """Answers requests in one form by asking `ask` in another."""

    def __init__(self, ask: Ask, resources: Resources, shaper: Shaper) -> None:
        self._ask = ask
        self._resources = resources
        self._shaper = shaper

    async def handle(self, request: Request, conversion: Conversion) -> Response:
        """The answer to `request`, whose resource `conversion` is about. Raises ApiError."""
        resource = request.resource
        stored = self._resources.find(conversion.group, conversion.version, conversion.plural)
        assert resource is not None and stored is not None, "a conversion is between built-in resources"
        if request.verb == "patch":
            return await self._patch(request, resource, stored, conversion)
        fields = conversion.field_selector(request.options.fields)
        options = replace(request.options, view=View.OBJECT, fields=fields)
        body = request.body
        if request.verb in ("create", "update"):
            body = self._body(decode(body, resource), request, resource, conversion)
        answer = await self._ask(replace(request, resource=stored, options=options, body=body))
        return self._shown(answer, resource, conversion, request.options.view)

    def _body(self, obj: Object, request: Request, resource: Resource, conversion: Conversion) -> bytes:
        obj, lacks = self._shaper.shape(obj, resource, request)
        refuse(resource, obj, lacks)
        return orjson.dumps(conversion.to_stored(obj))

    async def _patch(self, request: Request, resource: Resource, stored: Resource, conversion: Conversion) -> Response:
        patch, shape = read_patch(request), self._shaper.shape_of(resource)
        plain = replace(request.options, view=View.OBJECT)
        for _ in range(TRIES):
            held = await self._ask(replace(request, verb="get", resource=stored, options=plain, body=b""))
            assert isinstance(held, Answer), "a get is answered with one object"
            old = conversion.from_stored(orjson.loads(held.body))
            body = self._body(patched(old, request, shape, patch), request, resource, conversion)
            try:
                answer = await self._ask(replace(request, verb="update", resource=stored, options=plain, body=body))
            except ApiError as error:
                if error.reason != "Conflict" or _names_version(patch):
                    raise
                continue
            return self._shown(answer, resource, conversion, request.options.view)
        raise conflict(resource.group, resource.plural, request.name, MODIFIED)

    def _shown(self, answer: Response, resource: Resource, conversion: Conversion, view: View) -> Response:
        match answer:
            case Answer():
                return self._object(answer, resource, conversion, view)
            case ListAnswer():
                return _list(answer, resource, conversion, view)
            case WatchAnswer():
                return WatchAnswer(_batches(answer, resource, conversion, view))
            case _:
                return answer

    def _object(self, answer: Answer, resource: Resource, conversion: Conversion, view: View) -> Answer:
        obj = orjson.loads(answer.body)
        if obj.get("kind") != resource.kind:  # a Status
            return answer
        body = orjson.dumps(conversion.from_stored(obj))
        return Answer(show(resource, body, view, clock.now()), answer.code)


def _names_version(patch: object) -> bool:
    metadata = patch.get("metadata") if isinstance(patch, dict) else None
    return isinstance(metadata, dict) and bool(metadata.get("resourceVersion"))


def _list(answer: ListAnswer, resource: Resource, conversion: Conversion, view: View) -> ListAnswer:
    objects = [conversion.from_stored(orjson.loads(body)) for body in answer.items]
    kind, api_version = f"{resource.kind}List", resource.api_version
    items = [orjson.dumps(one) for one in objects]
    if view is View.METADATA:
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        items = [metadata_only(body) for body in items]
    elif view is View.TABLE:
        kind, api_version = "Table", "meta.k8s.io/v1"
        metadata = {"resourceVersion": answer.resource_version, "continue": answer.continue_}
        items = [table(resource, objects, clock.now(), metadata)]
    return replace(answer, kind=kind, api_version=api_version, items=items)


async def _batches(
    answer: WatchAnswer, resource: Resource, conversion: Conversion, view: View
) -> AsyncIterator[Sequence[WatchEvent]]:
    try:
        async for batch in answer.batches:
            now = clock.now()
            yield [show_event(resource, _event(one, resource, conversion), view, now) for one in batch]
    finally:
        aclose = getattr(answer.batches, "aclose", None)
        if aclose is not None:
            await aclose()


def _event(event: WatchEvent, resource: Resource, conversion: Conversion) -> WatchEvent:
    obj = orjson.loads(event.object)
    if event.type == "BOOKMARK":
        obj["apiVersion"] = resource.api_version
    else:
        obj = conversion.from_stored(obj)
    return WatchEvent(event.type, orjson.dumps(obj), event.resource_version)
