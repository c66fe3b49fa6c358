"""Carries the plan for Deployments out."""

from __future__ import annotations

from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import timestamp, with_condition
from pyk8s.api.refs import DEPLOYMENTS, PODS, REPLICA_SETS
from pyk8s.client.metadata import key_of, version_of
from pyk8s.client.recorder import Regarding
from pyk8s.controllers.deployment.plan import Change, Plan, plan_deployment
from pyk8s.controllers.deployment.revisions import find_new, without_hash
from pyk8s.controllers.deployment.status import FAILED_CREATE, has_deadline
from pyk8s.reconcile import loop
from pyk8s.reconcile.context import Context
from pyk8s.reconcile.freshness import PATIENCE, Freshness
from pyk8s.reconcile.objects import Deployment, Pod, ReplicaSet, decoder, template_of
from pyk8s.reconcile.ownership import adopt, controller_of, is_alive, owner_reference, plan_claim, release
from pyk8s.reconcile.pods import OWNER, by_owner, orphans
from pyk8s.reconcile.workqueue import WorkQueue

NAME = "deployment-controller"

_replica_set = decoder(ReplicaSet)


class DeploymentController:
    """Reconciles Deployments by key."""

    def __init__(self, context: Context) -> None:
        self._client, self._recorder = context.client, context.recorder
        self.queue: WorkQueue[str] = WorkQueue()
        self._freshness = Freshness()
        self._made: dict[str, str] = {}
        """The set that was made last for a deployment, until it is seen."""
        self._deployments = context.informers.of(DEPLOYMENTS)
        self._sets = context.informers.of(REPLICA_SETS)
        self._pods = context.informers.of(PODS)
        self._deployments.add_index("namespace", lambda one: (one.metadata.namespace,))
        self._sets.add_index(OWNER, by_owner)
        self._pods.add_index(OWNER, by_owner)
        self._deployments.on_change(lambda old, new: self.queue.add(key_of(new or old)))
        self._sets.on_change(self._on_set)
        self._pods.on_change(self._on_pod)

    async def run(self) -> None:
        """Serve until cancelled."""
        await loop.run(self.queue, self.reconcile, NAME, workers=8)

    # Events become keys.

    def _on_set(self, old: ReplicaSet | None, new: ReplicaSet | None) -> None:
        for one in (old, new):
            if one is not None and (key := self._owner_key(one)):
                self.queue.add(key)
        relabelled = new is not None and (old is None or old.metadata.labels != new.metadata.labels)
        if new is not None and relabelled and controller_of(new.metadata) is None:
            self._wake_candidates(new)

    def _owner_key(self, one: ReplicaSet) -> str | None:
        owner = controller_of(one.metadata)
        if owner is None or owner.kind != "Deployment":
            return None
        key = f"{one.metadata.namespace}/{owner.name}"
        deployment = self._deployments.get(key)
        return key if deployment is not None and deployment.metadata.uid == owner.uid else None

    def _wake_candidates(self, one: ReplicaSet) -> None:
        for deployment in self._deployments.by_index("namespace", one.metadata.namespace):
            if not deployment.spec.selector.empty and deployment.spec.selector.matches(one.metadata.labels):
                self.queue.add(key_of(deployment))

    def _on_pod(self, old: Pod | None, new: Pod | None) -> None:
        """A recreation goes on when the last pod of the former revisions is gone."""
        if old is None or (new is not None and (not new.is_terminal or old.is_terminal)):
            return
        owner = controller_of(old.metadata)
        if owner is None or owner.kind != "ReplicaSet":
            return
        one = self._sets.get(f"{old.metadata.namespace}/{owner.name}")
        key = self._owner_key(one) if one is not None else None
        if key and self._deployments.get(key).spec.strategy.type == "Recreate":
            self.queue.add(key)

    # Keys become writes.

    async def reconcile(self, key: str) -> float | None:
        """Do the next round of the Deployment `key`; seconds after which to look again."""
        deployment: Deployment | None = self._deployments.get(key)
        if deployment is None:
            self._made.pop(key, None)
            return None
        if deployment.spec.selector.empty:
            self._tell(deployment, "Warning", "SelectingAll", "This deployment is selecting all pods.")
            return None
        owned = await self._claimed(deployment)
        if self._is_behind(key, owned):
            return PATIENCE
        plan = plan_deployment(
            deployment, owned, old_pods_exist=self._old_pods_exist(deployment, owned), now=clock.now()
        )
        await self._apply(deployment, plan)
        return plan.again

    def _is_behind(self, key: str, owned: list[ReplicaSet]) -> bool:
        """Whether a set that was written or made here is still shown as it was: its event wakes us."""
        now = clock.monotonic()
        made = self._made.get(key)
        if made is not None:
            there = self._sets.get(made)
            if self._freshness.is_behind(made, version_of(there) if there else "", now):
                return True
            del self._made[key]
        return any(self._freshness.is_behind(key_of(one), version_of(one), now) for one in owned)

    async def _claimed(self, deployment: Deployment) -> list[ReplicaSet]:
        namespace, uid = deployment.metadata.namespace, deployment.metadata.uid
        candidates = [*self._sets.by_index(OWNER, uid), *self._sets.by_index(OWNER, orphans(namespace))]
        claim = plan_claim(deployment.metadata, deployment.spec.selector, candidates)
        owned = list(claim.owned)
        if claim.adopt and await is_alive(self._client, DEPLOYMENTS, deployment.metadata):
            reference = owner_reference("apps/v1", "Deployment", deployment.metadata.name, uid)
            for one in claim.adopt:
                if await adopt(self._client, REPLICA_SETS, one.metadata, reference):
                    owned.append(one)
        for one in claim.release:
            await release(self._client, REPLICA_SETS, one.metadata, uid)
        return owned

    def _old_pods_exist(self, deployment: Deployment, owned: list[ReplicaSet]) -> bool:
        if deployment.spec.strategy.type != "Recreate":
            return False
        new = find_new(deployment, owned)
        olds = (one for one in owned if one is not new)
        return any(not pod.is_terminal for one in olds for pod in self._pods.by_index(OWNER, one.metadata.uid))

    async def _apply(self, deployment: Deployment, plan: Plan) -> None:
        if plan.create is not None and not await self._create(deployment, plan.create):
            return
        for change in plan.changes:
            await self._change(deployment, change)
        if plan.revision is not None:
            patch = {"metadata": {"annotations": {"deployment.kubernetes.io/revision": plan.revision}}}
            await self._patch(deployment, patch)
        for one in plan.delete:
            await self._delete(one)
        if plan.status is not None:
            await self._patch(deployment, {"status": plan.status}, "status")

    async def _create(self, deployment: Deployment, body: dict[str, Any]) -> bool:
        """Make the new ReplicaSet; False when its name belongs to another template, and another was chosen."""
        name = body["metadata"]["name"]
        ref = REPLICA_SETS.within(deployment.metadata.namespace)
        try:
            answer = await self._client.create(ref, orjson.dumps(body))
        except ApiError as why:
            if why.reason != "AlreadyExists":
                await self._note_failure(deployment, why)
                raise
            return await self._meet(deployment, body)
        made = self._made[key_of(deployment)] = f"{deployment.metadata.namespace}/{name}"
        self._freshness.wrote(made, "", version_of(orjson.loads(answer)), clock.monotonic())
        replicas = body["spec"]["replicas"]
        self._tell(deployment, "Normal", "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {replicas}")
        return True

    async def _meet(self, deployment: Deployment, body: dict[str, Any]) -> bool:
        ref = REPLICA_SETS.of(body["metadata"]["name"], deployment.metadata.namespace)
        there = _replica_set(await self._client.get(ref))
        owner = controller_of(there.metadata)
        ours = owner is not None and owner.uid == deployment.metadata.uid
        if ours and without_hash(template_of(there)) == without_hash(body["spec"]["template"]):
            return True  # the cache has not shown it yet
        collisions = (deployment.status.collision_count or 0) + 1
        await self._patch(deployment, {"status": {"collisionCount": collisions}}, "status")
        return False

    async def _note_failure(self, deployment: Deployment, why: ApiError) -> None:
        if not has_deadline(deployment) or why.code in (503, 504):
            return
        message = f"Failed to create new replica set: {why.message}"
        self._tell(deployment, "Warning", FAILED_CREATE, message)
        held = deployment.status.conditions
        if any((one.type, one.reason, one.message) == ("Progressing", FAILED_CREATE, message) for one in held):
            return
        live = orjson.loads(await self._client.get(self._ref(deployment)))
        new = {"type": "Progressing", "status": "False", "reason": FAILED_CREATE, "message": message}
        new["lastUpdateTime"] = timestamp(clock.now())
        conditions = with_condition((live.get("status") or {}).get("conditions") or (), new, clock.now())
        await self._patch(deployment, {"status": {"conditions": conditions}}, "status")

    async def _change(self, deployment: Deployment, change: Change) -> None:
        metadata = change.target.metadata
        # Sizes are worked out from what was read: a set that was written meanwhile makes this a conflict, and a retry.
        patch: dict[str, Any] = {"metadata": {"resourceVersion": metadata.resource_version}}
        if change.annotations is not None:
            patch["metadata"]["annotations"] = change.annotations
        if change.replicas is not None:
            patch["spec"] = {"replicas": change.replicas}
        if change.min_ready_seconds is not None:
            patch.setdefault("spec", {})["minReadySeconds"] = change.min_ready_seconds
        answer = await self._client.patch(REPLICA_SETS.of(metadata.name, metadata.namespace), orjson.dumps(patch))
        after = version_of(orjson.loads(answer))
        self._freshness.wrote(key_of(change.target), metadata.resource_version, after, clock.monotonic())
        if change.replicas is not None:
            before = change.target.spec.replicas
            way = "up" if change.replicas > before else "down"
            message = f"Scaled {way} replica set {metadata.name} from {before} to {change.replicas}"
            self._tell(deployment, "Normal", "ScalingReplicaSet", message)

    async def _delete(self, one: ReplicaSet) -> None:
        metadata = one.metadata
        try:
            await self._client.delete(
                REPLICA_SETS.of(metadata.name, metadata.namespace),
                uid=metadata.uid,
                resource_version=metadata.resource_version,
            )
        except ApiError as why:
            if why.reason not in ("NotFound", "Conflict"):
                raise

    def _ref(self, deployment: Deployment) -> Any:
        return DEPLOYMENTS.of(deployment.metadata.name, deployment.metadata.namespace)

    async def _patch(self, deployment: Deployment, patch: dict[str, Any], subresource: str = "") -> None:
        patch["metadata"] = {**patch.get("metadata", {}), "uid": deployment.metadata.uid}
        await self._client.patch(self._ref(deployment).sub(subresource), orjson.dumps(patch))

    def _tell(self, deployment: Deployment, type_: str, reason: str, message: str) -> None:
        metadata = deployment.metadata
        about = Regarding("apps/v1", "Deployment", metadata.name, metadata.namespace, metadata.uid)
        self._recorder.event(about, type_, reason, message)
