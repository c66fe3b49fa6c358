"""From messages to requests."""

from __future__ import annotations

from dataclasses import replace

from pyk8s.api.errors import ApiError, bad_request
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.chain.frame import new_id
from pyk8s.apiserver.request import Options, Peer, Request
from pyk8s.client.interface import PatchType, View
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb
from pyk8s.wire.codec import VIEWS

NONE = Options()


def resource_of(resources: Resources, ref: pb.Ref) -> Resource:
    """The resource a reference names. Raises ApiError (NotFound)."""
    resource = resources.find(ref.group, ref.version, ref.resource)
    if resource is None:
        raise ApiError("NotFound", "the server could not find the requested resource")
    return resource


def request_of(
    resources: Resources,
    ref: pb.Ref,
    verb: str,
    peer: Peer,
    options: Options = NONE,
    body: bytes = b"",
) -> Request:
    """The request for what `ref` names. Raises ApiError (NotFound, BadRequest)."""
    resource = resource_of(resources, ref)
    if ref.namespace and not resource.namespaced:
        raise bad_request(f"{resource.plural} are not in a namespace, but {ref.namespace!r} is given")
    if resource.namespaced and not ref.namespace and verb not in ("list", "watch"):
        raise bad_request(f"{resource.plural} are in a namespace, and none is given")
    if verb in ("get", "update", "patch", "delete") and not ref.name:
        raise bad_request("the reference names no object")
    return Request(
        verb=verb,
        resource=resource,
        namespace=ref.namespace,
        name=ref.name,
        subresource=ref.subresource,
        body=body,
        options=options,
        peer=peer,
        id=new_id(),
    )


def view_of(number: int) -> View:
    """The view of a number in the protocol; whole objects for one that is unknown."""
    return View(VIEWS[number]) if 0 <= number < len(VIEWS) else View.OBJECT


def get_options(message: pb.GetRequest) -> Options:
    """The options of a Get."""
    return Options(resource_version=message.resource_version, view=view_of(message.view))


def list_options(message: pb.ListRequest) -> Options:
    """The options of a List."""
    return Options(
        labels=message.labels,
        fields=message.fields,
        limit=max(0, message.limit),
        continue_=getattr(message, "continue"),
        resource_version=message.resource_version,
        resource_version_match=message.resource_version_match,
        view=view_of(message.view),
    )


def watch_options(message: pb.WatchRequest) -> Options:
    """The options of a Watch; bookmarks always come."""
    return Options(
        labels=message.labels,
        fields=message.fields,
        resource_version=message.resource_version,
        resource_version_match="NotOlderThan" if message.send_initial_events else "",
        timeout=max(0.0, message.timeout_seconds),
        bookmarks=True,
        initial_events=message.send_initial_events,
        view=view_of(message.view),
    )


def write_options(message: pb.WriteOptions) -> Options:
    """The options of a Create or Update."""
    return Options(
        dry_run=message.dry_run,
        manager=message.field_manager,
        field_validation=message.field_validation,
        force=message.force,
    )


def patch_options(message: pb.PatchRequest) -> Options:
    """The options of a Patch. Raises ApiError (UnsupportedMediaType)."""
    try:
        kind = PatchType(message.content_type or PatchType.MERGE)
    except ValueError:
        raise ApiError("UnsupportedMediaType", f"{message.content_type!r} is no kind of patch") from None
    return replace(write_options(message.options), patch_type=kind)


def delete_options(message: pb.DeleteRequest) -> Options:
    """The options of a Delete or DeleteCollection."""
    return Options(
        grace_seconds=message.grace_seconds if message.HasField("grace_seconds") else None,
        propagation=message.propagation,
        uid=message.uid,
        resource_version=message.resource_version,
        dry_run=message.dry_run,
        labels=message.labels,
        fields=message.fields,
    )
