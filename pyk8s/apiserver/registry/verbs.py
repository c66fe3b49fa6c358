"""The writing verbs: what a body means for create, update, patch and delete, before the writer takes over."""

from __future__ import annotations

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, bad_request
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.apiserver.registry.answers import success
from pyk8s.apiserver.registry.deletion import read_options
from pyk8s.apiserver.registry.objects import decode, decode_any
from pyk8s.apiserver.registry.patching import patched
from pyk8s.apiserver.registry.patching import read as read_patch
from pyk8s.apiserver.registry.shaping import Shaper
from pyk8s.apiserver.registry.strategies import strategy_of
from pyk8s.apiserver.registry.views import show
from pyk8s.apiserver.registry.writer import Writer, Written
from pyk8s.apiserver.request import Answer, Request
from pyk8s.client.interface import View


class Verbs:
    """Reads bodies, hands objects to the writer, and makes its outcome an answer."""

    def __init__(self, writer: Writer, shaper: Shaper) -> None:
        self._writer = writer
        self._shaper = shaper

    async def create(self, request: Request) -> Answer:
        """Store a new object."""
        resource = resource_of(request)
        obj = decode(request.body, resource)
        place(obj, request)
        obj, lacks = self._shaper.shape(obj, resource, request)
        return self._answer(request, await self._writer.create(request, obj, lacks))

    async def update(self, request: Request) -> Answer:
        """Replace an object, or the part of it that the subresource is."""
        resource = resource_of(request)
        obj = decode(request.body, resource)
        metadata = obj["metadata"]
        name = metadata.get("name", "")
        if name and name != request.name:
            raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({request.name})")
        metadata["name"] = request.name
        place(obj, request)
        shaped = self._shaper.shape(obj, resource, request)
        return self._answer(request, await self._writer.change(request, lambda old: shaped))

    async def patch(self, request: Request) -> Answer:
        """Change an object as a patch says, on top of whatever it is when the write succeeds."""
        resource = resource_of(request)
        patch = read_patch(request)
        shape = self._shaper.shape_of(resource)

        def make(old: Object | None) -> tuple[Object, list[Cause]]:
            assert old is not None
            new = patched(old, request, shape, patch)
            for field, wanted in (("kind", resource.kind), ("apiVersion", resource.api_version)):
                if new.get(field) != wanted:
                    raise bad_request(f"a patch cannot change {field} from {wanted} to {new.get(field)}")
            return self._shaper.shape(new, resource, request)

        return self._answer(request, await self._writer.change(request, make, create=False))

    async def delete(self, request: Request) -> Answer:
        """Take an object away, or begin to."""
        resource = resource_of(request)
        options = read_options(request.options, decode_any(request.body) if request.body.strip() else {})
        written = await self._writer.delete(request, options)
        if written.gone and not strategy_of(resource).answers_deleted:
            return success(resource, request.name, written.uid)
        code = 202 if not written.gone and options.orphan_dependents is False else 200
        return self._answer(request, written, code)

    def _answer(self, request: Request, written: Written, code: int = 200) -> Answer:
        view = request.options.view
        body = written.body
        if view is not View.OBJECT:
            body = show(resource_of(request), body, view, clock.now())
        return Answer(body, 201 if written.new else code)


def resource_of(request: Request) -> Resource:
    """The resource of a request that names one."""
    if request.resource is None:
        raise ApiError("NotFound", "the server could not find the requested resource")
    return request.resource


def place(obj: Object, request: Request) -> None:
    """Put an object that says no namespace into that of the request. Raises ApiError (BadRequest) for another one."""
    said = obj["metadata"].get("namespace") or ""
    if resource_of(request).namespaced and not request.namespace:
        raise bad_request("an empty namespace may not be set during creation")
    if request.namespace and not said:
        obj["metadata"]["namespace"] = request.namespace
    elif said != request.namespace:
        if request.namespace:
            why = "the namespace of the provided object does not match the namespace sent on the request"
            raise bad_request(why)
        obj["metadata"].pop("namespace")
