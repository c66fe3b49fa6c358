"""`binding`: a pod is put on a node, once."""

from __future__ import annotations

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, bad_request, conflict
from pyk8s.api.objectmeta import Object, timestamp
from pyk8s.apiserver.registry.answers import success
from pyk8s.apiserver.registry.objects import decode_any
from pyk8s.apiserver.registry.writer import Writer
from pyk8s.apiserver.request import Answer, Request


def refusal(pod: Object, node: str) -> ApiError | None:
    """Why the pod cannot be put on `node`; None when it can."""
    name, spec = pod["metadata"]["name"], pod.get("spec") or {}
    if "deletionTimestamp" in pod["metadata"]:
        return conflict("", "pods/binding", name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        why = f'pod {name} is already assigned to node "{spec["nodeName"]}"'
        return conflict("", "pods/binding", name, why)
    if spec.get("schedulingGates"):
        return conflict("", "pods/binding", name, f"pod {name} has non-empty .spec.schedulingGates")
    return None


def bound(pod: Object, binding: Object, now: str) -> Object:
    """The pod on the node that the binding names, with its labels and annotations."""
    node = binding["target"]["name"]
    sent = binding.get("metadata") or {}
    metadata = {**pod["metadata"]}
    if sent.get("uid"):
        metadata["uid"] = sent["uid"]
    for field in ("labels", "annotations"):
        if sent.get(field):
            metadata[field] = {**(metadata.get(field) or {}), **sent[field]}
    status = pod.get("status") or {}
    held = [one for one in status.get("conditions") or () if one.get("type") != "PodScheduled"]
    scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": now}
    return {
        **pod,
        "metadata": metadata,
        "spec": {**pod["spec"], "nodeName": node},
        "status": {**status, "conditions": [*held, scheduled]},
    }


class Bindings:
    """Puts pods on nodes."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def create(self, request: Request) -> Answer:
        """Bind the pod of the request as its Binding says. Raises ApiError: Conflict, NotFound, BadRequest."""
        binding = decode_any(request.body)
        target = binding.get("target") or {}
        if not target.get("name") or target.get("kind", "Node") != "Node":
            raise bad_request("a Binding needs target.name, the name of a Node (target.kind)")
        now = timestamp(clock.now())

        def make(pod: Object | None) -> tuple[Object, list[Cause]]:
            assert pod is not None
            if error := refusal(pod, target["name"]):
                raise error
            return bound(pod, binding, now), []

        await self._writer.change(request, make)
        return success(code=201)
