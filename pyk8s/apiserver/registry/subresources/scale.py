"""`scale`: the number of replicas of a workload, whatever its kind, as an autoscaling/v1 Scale."""

from __future__ import annotations

import orjson

from pyk8s.api.errors import Cause, bad_request
from pyk8s.api.objectmeta import Object
from pyk8s.api.selectors import from_labels, from_object
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.registry.objects import decode_any
from pyk8s.apiserver.registry.patching import patched
from pyk8s.apiserver.registry.reader import Reader
from pyk8s.apiserver.registry.shaping import refuse
from pyk8s.apiserver.registry.writer import Writer
from pyk8s.apiserver.request import Answer, Request

API_VERSION = "autoscaling/v1"


def scale_of(obj: Object) -> Object:
    """The Scale that shows the object's replicas, wanted and there."""
    metadata, spec, status = obj["metadata"], obj.get("spec") or {}, obj.get("status") or {}
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": API_VERSION,
        "metadata": {key: metadata[key] for key in shown if key in metadata},
        "spec": {"replicas": spec["replicas"]} if spec.get("replicas") else {},
        "status": {"replicas": status.get("replicas", 0), **_selector(obj)},
    }


def _selector(obj: Object) -> Object:
    selector = (obj.get("spec") or {}).get("selector")
    if not selector:
        return {}
    if obj["kind"] == "ReplicationController":
        return {"selector": str(from_labels(selector))}
    return {"selector": str(from_object(selector))}


def check(scale: Object) -> list[Cause]:
    """What is wrong with a Scale that a client sent."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        return [invalid_value("spec.replicas", replicas, "must be a whole number")]
    if replicas < 0:
        return [invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")]
    return []


def scaled(obj: Object, scale: Object) -> Object:
    """`obj` with the replicas of `scale`; its uid and version, when said, are those that must be there."""
    said = {key: scale.get("metadata", {}).get(key) for key in ("uid", "resourceVersion")}
    metadata = {**obj["metadata"], **{key: value for key, value in said.items() if value}}
    if not said["resourceVersion"]:
        metadata.pop("resourceVersion", None)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    return {**obj, "metadata": metadata, "spec": {**(obj.get("spec") or {}), "replicas": replicas}}


class Scales:
    """Reads and writes scales."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def get(self, request: Request) -> Answer:
        """The scale of the object."""
        return Answer(orjson.dumps(scale_of(orjson.loads(await self._reader.body(request)))))

    async def write(self, request: Request) -> Answer:
        """Replace or patch the scale. Raises ApiError: Invalid, Conflict, NotFound."""
        sent = None if request.verb == "patch" else decode_any(request.body)
        if sent is not None and sent.get("kind", "Scale") != "Scale":
            raise bad_request(f"a Scale is wanted here, not a {sent['kind']}")
        resource = request.resource
        assert resource is not None

        def make(old: Object | None) -> tuple[Object, list[Cause]]:
            assert old is not None
            scale = sent if sent is not None else patched(scale_of(old), request, None)
            refuse(resource, old, check(scale))
            return scaled(old, scale), []

        written = await self._writer.change(request, make)
        return Answer(orjson.dumps(scale_of(orjson.loads(written.body))))
