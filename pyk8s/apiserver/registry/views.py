"""Objects as they are shown: whole, as rows of a Table, or as metadata only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import orjson

from pyk8s.api import columns
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.client.interface import View, WatchEvent

META = "meta.k8s.io/v1"


def show(resource: Resource, body: bytes, view: View, now: datetime) -> bytes:
    """One answered object under `view`."""
    match view:
        case View.OBJECT:
            return body
        case View.METADATA:
            return metadata_only(body)
        case View.TABLE:
            obj = orjson.loads(body)
            version = obj["metadata"].get("resourceVersion", "")
            return table(resource, [obj], now, {"resourceVersion": version})


def metadata_only(body: bytes) -> bytes:
    """The object as PartialObjectMetadata."""
    metadata = orjson.loads(body).get("metadata") or {}
    return orjson.dumps({"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": metadata})


def table(resource: Resource, objects: Sequence[Object], now: datetime, metadata: Object) -> bytes:
    """The objects as a Table with the metadata of their list."""
    made = columns.table(resource, objects, now)
    return orjson.dumps({**made, "metadata": metadata})


def show_event(resource: Resource, event: WatchEvent, view: View, now: datetime) -> WatchEvent:
    """One event of a watch under `view`; a bookmark is a table without rows, or metadata."""
    if view is View.OBJECT:
        return event
    if view is View.TABLE and event.type == "BOOKMARK":
        body = table(resource, [], now, orjson.loads(event.object)["metadata"])
        return WatchEvent(event.type, body, event.resource_version)
    return WatchEvent(event.type, show(resource, event.object, view, now), event.resource_version)
