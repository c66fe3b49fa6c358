"""Carries the plan for ReplicaSets out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec
import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.refs import PODS, REPLICA_SETS
from pyk8s.client.metadata import key_of
from pyk8s.client.recorder import Regarding
from pyk8s.controllers.replicaset.plan import Failure, differs, plan_replicas, plan_status
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.expectations import Expectations
from pyk8s.reconcile.fields import Meta
from pyk8s.reconcile.objects import Pod, ReplicaSet, template_of
from pyk8s.reconcile.ownership import adopt, controller_of, is_alive, owner_reference, plan_claim, release
from pyk8s.reconcile.pods import OWNER, by_owner, orphans, pod_from_template
from pyk8s.reconcile.workqueue import WorkQueue

T = TypeVar("T")

NAME = "replicaset-controller"
MADE = msgspec.json.Decoder(Meta)
"""A pod that was made is read for its name alone: a round may make hundreds."""
AT_ONCE = 64
"""Calls in flight for one ReplicaSet."""


class ReplicaSetController:
    """Reconciles ReplicaSets by key."""

    def __init__(self, context: Context) -> None:
        self._client, self._recorder = context.client, context.recorder
        self.queue: WorkQueue[str] = WorkQueue()
        self._expectations = Expectations()
        self._sets = context.informers.of(REPLICA_SETS)
        self._pods = context.informers.of(PODS)
        self._sets.add_index(OWNER, by_owner)
        self._sets.add_index("namespace", lambda one: (one.metadata.namespace,))
        self._pods.add_index(OWNER, by_owner)
        self._sets.on_change(self._on_set)
        self._pods.on_change(self._on_pod)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=8)

    # Events become keys.

    def _on_set(self, old: ReplicaSet | None, new: ReplicaSet | None) -> None:
        key = key_of(new or old)
        if new is None:
            self._expectations.forget(key)
        self.queue.add(key)

    def _on_pod(self, old: Pod | None, new: Pod | None) -> None:
        pod = new or old
        assert pod is not None
        gone = new is None or new.metadata.deleting
        key = self._owner_key(pod)
        if old is not None and new is not None:
            if old.metadata.owner_references != new.metadata.owner_references and (held := self._owner_key(old)):
                self.queue.add(held)
            if old.metadata.labels == new.metadata.labels and key is None:
                return
        if key is None:
            if not gone and controller_of(pod.metadata) is None:
                self._wake_candidates(pod)
            return
        if gone:
            self._expectations.deleted(key, pod.metadata.uid)
        if old is None:
            self._expectations.created(key)
        self.queue.add(key)

    def _owner_key(self, pod: Pod) -> str | None:
        owner = controller_of(pod.metadata)
        if owner is None or owner.kind != "ReplicaSet":
            return None
        key = f"{pod.metadata.namespace}/{owner.name}"
        one = self._sets.get(key)
        # A set that is not in the cache yet will find its pods by itself when it comes.
        return key if one is not None and one.metadata.uid == owner.uid else None

    def _wake_candidates(self, pod: Pod) -> None:
        for one in self._sets.by_index("namespace", pod.metadata.namespace):
            if not one.spec.selector.empty and one.spec.selector.matches(pod.metadata.labels):
                self.queue.add(key_of(one))

    # Keys become writes.

    async def reconcile(self, key: str) -> float | None:
        """Bring the ReplicaSet `key` to what it says; seconds after which to look again."""
        one: ReplicaSet | None = self._sets.get(key)
        if one is None:
            return None
        settled = self._expectations.satisfied(key, clock.monotonic())
        pods = await self._claimed(one)
        active = [pod for pod in pods if pod.is_active]
        template = template_of(one)
        failure: Failure | None = None
        error: ApiError | None = None
        if settled and not one.metadata.deleting:
            failure, error = await self._manage(key, one, active, template)
        elif not settled:
            failure = _failure_held(one)
        status, again = plan_status(one, active, template, failure, clock.now())
        if differs(one, status):
            await self._write_status(one, status)
        if error is not None:
            raise error
        return again

    async def _claimed(self, one: ReplicaSet) -> list[Pod]:
        namespace, uid = one.metadata.namespace, one.metadata.uid
        candidates = [*self._pods.by_index(OWNER, uid)]
        if not one.spec.selector.empty:
            candidates += self._pods.by_index(OWNER, orphans(namespace))
        claim = plan_claim(one.metadata, one.spec.selector, candidates, adoptable=lambda pod: pod.is_active)
        owned = list(claim.owned)
        if claim.adopt and await is_alive(self._client, REPLICA_SETS, one.metadata):
            reference = owner_reference("apps/v1", "ReplicaSet", one.metadata.name, uid)
            for pod in claim.adopt:
                if await adopt(self._client, PODS, pod.metadata, reference):
                    owned.append(pod)
        for pod in claim.release:
            await release(self._client, PODS, pod.metadata, uid)
        return owned

    async def _manage(
        self, key: str, one: ReplicaSet, active: Sequence[Pod], template: dict[str, Any]
    ) -> tuple[Failure | None, ApiError | None]:
        surplus = len(active) > one.spec.replicas
        plan = plan_replicas(one.spec.replicas, active, self._related(one) if surplus else (), clock.now())
        now = clock.monotonic()
        if plan.create:
            self._expectations.expect(key, now, creations=plan.create)
            error = await self._create(key, one, plan.create, template)
            reason = "FailedCreate"
        elif plan.delete:
            self._expectations.expect(key, now, deletions=[pod.metadata.uid for pod in plan.delete])
            error = await self._delete(key, one, plan.delete)
            reason = "FailedDelete"
        else:
            return None, None
        if error is None or _namespace_ends(error):
            return None, None
        return Failure(reason, error.message), error

    def _related(self, one: ReplicaSet) -> list[Pod]:
        owner = controller_of(one.metadata)
        siblings = self._sets.by_index(OWNER, owner.uid) if owner else [one]
        found = (pod for sibling in siblings for pod in self._pods.by_index(OWNER, sibling.metadata.uid))
        return [pod for pod in found if pod.is_active]

    async def _create(self, key: str, one: ReplicaSet, count: int, template: dict[str, Any]) -> ApiError | None:
        """Make pods in batches of 1, 2, 4, …: whoever forbids the first is not asked 500 times."""
        reference = owner_reference("apps/v1", "ReplicaSet", one.metadata.name, one.metadata.uid)
        body = orjson.dumps(pod_from_template(template, reference, one.metadata.name))
        ref = PODS.within(one.metadata.namespace)

        async def make() -> None:
            made = MADE.decode(await self._client.create(ref, body))
            self._tell(one, "Normal", "SuccessfulCreate", f"Created pod: {made.metadata.name}")

        left, batch = count, 1
        while left > 0:
            size = min(left, batch, AT_ONCE)
            errors = await _all([make] * size)
            left -= size
            if errors:
                self._expectations.created(key, len(errors) + left)
                if not _namespace_ends(errors[0]):
                    self._tell(one, "Warning", "FailedCreate", f"Error creating: {errors[0].message}")
                return errors[0]
            batch *= 2
        return None

    async def _delete(self, key: str, one: ReplicaSet, pods: Sequence[Pod]) -> ApiError | None:
        async def remove(pod: Pod) -> None:
            ref = PODS.of(pod.metadata.name, pod.metadata.namespace)
            try:
                await self._client.delete(ref, uid=pod.metadata.uid)
            except ApiError as why:
                self._expectations.deleted(key, pod.metadata.uid)
                if why.reason not in ("NotFound", "Conflict"):
                    self._tell(one, "Warning", "FailedDelete", f"Error deleting: {why.message}")
                    raise
                return
            self._tell(one, "Normal", "SuccessfulDelete", f"Deleted pod: {pod.metadata.name}")

        for start in range(0, len(pods), AT_ONCE):
            calls = [_bound(remove, pod) for pod in pods[start : start + AT_ONCE]]
            if errors := await _all(calls):
                for pod in pods[start + AT_ONCE :]:
                    self._expectations.deleted(key, pod.metadata.uid)
                return errors[0]
        return None

    async def _write_status(self, one: ReplicaSet, status: dict[str, Any]) -> None:
        status.setdefault("conditions", None)
        ref = REPLICA_SETS.of(one.metadata.name, one.metadata.namespace).sub("status")
        await self._client.patch(ref, orjson.dumps({"metadata": {"uid": one.metadata.uid}, "status": status}))

    def _tell(self, one: ReplicaSet, type_: str, reason: str, message: str) -> None:
        metadata = one.metadata
        about = Regarding("apps/v1", "ReplicaSet", metadata.name, metadata.namespace, metadata.uid)
        self._recorder.event(about, type_, reason, message)


def _failure_held(one: ReplicaSet) -> Failure | None:
    for held in one.status.conditions:
        if held.type == "ReplicaFailure":
            return Failure(held.reason, held.message)
    return None


def _namespace_ends(why: ApiError) -> bool:
    return any(cause.reason == "NamespaceTerminating" for cause in why.causes)


def _bound(call: Callable[[T], Awaitable[None]], argument: T) -> Callable[[], Awaitable[None]]:
    return lambda: call(argument)


async def _all(calls: Sequence[Callable[[], Awaitable[None]]]) -> list[ApiError]:
    """Make the calls at once; the refusals. Any other exception is raised."""
    results = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
    errors = []
    for result in results:
        if isinstance(result, ApiError):
            errors.append(result)
        elif isinstance(result, BaseException):
            raise result
    return errors
