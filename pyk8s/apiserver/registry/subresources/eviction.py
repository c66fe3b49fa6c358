"""`eviction`: a pod is deleted, unless a PodDisruptionBudget needs it.

The budget is written, under the revision it was read at, before the pod is deleted: of two evictions that want the last
allowed disruption one finds the budget changed and judges anew. Source: pkg/registry/core/pod/storage/eviction.go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, bad_request, internal, not_found
from pyk8s.api.objectmeta import Object, controller_of, is_being_deleted
from pyk8s.api.refs import DEPLOYMENTS, PODS, REPLICA_SETS, Ref
from pyk8s.api.resources import Resource, Resources
from pyk8s.apiserver.admission.lookup import Lookup
from pyk8s.apiserver.registry.answers import success
from pyk8s.apiserver.registry.deletion import read_options
from pyk8s.apiserver.registry.objects import Held, decode_any, encode
from pyk8s.apiserver.registry.records import Records
from pyk8s.apiserver.registry.subresources.disruption import (
    applies,
    is_healthy,
    may_go_unready,
    plan_budget,
    status_after,
)
from pyk8s.apiserver.registry.writer import Writer
from pyk8s.apiserver.request import Answer, Options, Request

BUDGETS = Ref("policy", "v1", "poddisruptionbudgets")
SCALED = {
    "ReplicaSet": REPLICA_SETS,
    "Deployment": DEPLOYMENTS,
    "StatefulSet": Ref("apps", "v1", "statefulsets"),
    "ReplicationController": Ref("", "v1", "replicationcontrollers"),
}
"""Kinds whose spec.replicas says how many pods should be there."""

VIOLATED = "Cannot evict pod as it would violate the pod's disruption budget."
ENDED = ("Succeeded", "Failed")


class Evictions:
    """Evicts pods."""

    def __init__(self, records: Records, writer: Writer, lookup: Lookup, resources: Resources) -> None:
        self._records = records
        self._writer = writer
        self._lookup = lookup
        self._budgets = _row(resources, BUDGETS)

    async def create(self, request: Request) -> Answer:
        """Evict the pod of the request. Raises ApiError: TooManyRequests when a budget needs it, NotFound, Conflict."""
        sent = decode_any(request.body) if request.body.strip() else {}
        if sent.get("kind", "Eviction") != "Eviction":
            raise bad_request(f"an Eviction is wanted here, not a {sent['kind']}")
        named = (sent.get("metadata") or {}).get("name") or request.name
        if named != request.name:
            raise bad_request("name in URL does not match name in Eviction object")
        options = read_options(request.options, sent.get("deleteOptions") or {})
        await self._lookup.fresh()
        pod = await self._lookup.find(PODS, request.namespace, request.name)
        if pod is None:
            raise not_found("", "pods", request.name)
        if not is_free(pod):
            await self._charge(pod, request, options)
        target = replace(request, verb="delete", subresource="", body=b"")
        await self._writer.delete(target, options)
        return success(code=201)

    async def _charge(self, pod: Object, request: Request, options: Options) -> None:
        """Take one disruption from the pod's budget. Raises ApiError (TooManyRequests) when there is none."""
        found = [one for one in self._lookup.every(BUDGETS, request.namespace) if applies(one, pod)]
        if len(found) > 1:
            why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
            raise internal(why)
        if not found:
            return
        name = found[0]["metadata"]["name"]

        async def act(current: Held, live: bool) -> None:
            await self._charge_budget(current, pod, request, options)

        async def missing() -> None:
            return None

        await self._records.attempt(self._budgets, request.namespace, name, act, missing)

    async def _charge_budget(self, current: Held, pod: Object, request: Request, options: Options) -> None:
        budget, now = current.obj, clock.now()
        pods = [one for one in self._lookup.every(PODS, request.namespace) if applies(budget, one) and not ended(one)]
        numbers = plan_budget(budget, pods, self._expected(pods), now)
        if not is_healthy(pod) and may_go_unready(budget, numbers):
            return
        if numbers.allowed <= 0:
            name = budget["metadata"]["name"]
            said = (
                f"The disruption budget {name} needs {numbers.desired} healthy pods and has {numbers.healthy} currently"
            )
            raise ApiError("TooManyRequests", VIOLATED, causes=[Cause("DisruptionBudget", said)], retry_after=10)
        if options.dry_run:
            return
        status = status_after(budget, numbers, pods, request.name, now)
        body = encode({**budget, "status": status})
        await self._records.replace(
            self._budgets, request.namespace, budget["metadata"]["name"], body, current.revision
        )

    def _expected(self, pods: Sequence[Object]) -> int:
        """How many pods should be there: the replicas of their controllers, and each pod that has none for itself."""
        alone, wanted = 0, {}
        for pod in pods:
            found = self._scale(controller_of(pod), pod["metadata"]["namespace"])
            if found is None:
                alone += 1
            else:
                wanted[found[0]] = found[1]
        return alone + sum(wanted.values())

    def _scale(self, owner: Mapping[str, Any] | None, namespace: str) -> tuple[str, int] | None:
        """The uid and the replicas of the topmost controller; None when nothing scales the pod."""
        if owner is None or owner.get("kind") not in SCALED:
            return None
        obj = self._lookup.peek(SCALED[owner["kind"]], namespace, owner["name"])
        if obj is None:
            return None
        above = self._scale(controller_of(obj), namespace)
        return above or (obj["metadata"]["uid"], int((obj.get("spec") or {}).get("replicas", 1)))


def is_free(pod: Object) -> bool:
    """Whether no budget can need the pod: it has ended, never started, or is going already."""
    return ended(pod) or (pod.get("status") or {}).get("phase") == "Pending" or is_being_deleted(pod)


def ended(pod: Object) -> bool:
    """Whether all of the pod's containers have ended for good."""
    return (pod.get("status") or {}).get("phase") in ENDED


def _row(resources: Resources, ref: Ref) -> Resource:
    found = resources.by_ref(ref)
    assert found is not None, f"{ref} is a built-in resource"
    return found
