"""Deployments on a fake API in virtual time, with ReplicaSets and nodes that run what they are given."""

from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import forbidden
from pyk8s.api.refs import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from pyk8s.controllers.deployment.reconcile import DeploymentController
from pyk8s.controllers.replicaset.reconcile import ReplicaSetController
from tests.controllers.rig import WEB, deployment, hollow_kubelet, replica_set, running
from tests.virtual import virtual_time


@asynccontextmanager
async def cluster(**kubelet):
    async with running(DeploymentController, ReplicaSetController) as rig, hollow_kubelet(rig, **kubelet):
        yield rig


def image(version):
    return {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": f"nginx:{version}"}]}}}}


def status(rig):
    return rig.api.object(DEPLOYMENTS, "web", "default").get("status") or {}


def conditions(rig):
    return {one["type"]: (one["status"], one["reason"]) for one in status(rig).get("conditions") or ()}


def images(rig):
    return [pod["spec"]["containers"][0]["image"] for pod in rig.pods()]


def sets(rig):
    return {
        one["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: one
        for one in rig.api.objects(REPLICA_SETS)
    }


def is_available(pod):
    return any(one == {**one, "type": "Ready", "status": "True"} for one in pod.get("status", {}).get("conditions", ()))


async def rolled_out(rig, seconds=300):
    generation = rig.api.object(DEPLOYMENTS, "web", "default")["metadata"]["generation"]

    def complete():
        wanted = rig.api.object(DEPLOYMENTS, "web", "default")["spec"]["replicas"]
        now = status(rig)
        return now.get("observedGeneration") == generation and wanted == now.get("updatedReplicas") == now.get(
            "availableReplicas"
        ) == now.get("replicas")

    await rig.until(complete, seconds)
    await rig.settled()


@virtual_time
async def test_a_deployment_becomes_pods():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=3))
        await rolled_out(rig)
        assert images(rig) == ["nginx:1"] * 3
        assert conditions(rig) == {
            "Available": ("True", "MinimumReplicasAvailable"),
            "Progressing": ("True", "NewReplicaSetAvailable"),
        }
        held = rig.api.object(DEPLOYMENTS, "web", "default")["metadata"]["annotations"]
        assert held["deployment.kubernetes.io/revision"] == "1"
        assert "ScalingReplicaSet" in [event["reason"] for event in rig.api.objects(EVENTS)]


@virtual_time
@pytest.mark.parametrize(("surge", "unavailable"), [(1, 0), (0, 1), ("25%", "25%"), (3, 3), ("100%", 0)])
async def test_a_rolling_update_keeps_its_promises_at_every_moment(surge, unavailable):
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=6, strategy=rolling))
        await rolled_out(rig)
        most, least = [0], [99]

        def look(verb, ref, body):
            alive = rig.pods()
            most[0] = max(most[0], len(alive))
            least[0] = min(least[0], sum(is_available(pod) for pod in alive))

        rig.api.reactions.append(look)
        await rig.patch(WEB, image(2))
        await rolled_out(rig)
        assert images(rig) == ["nginx:2"] * 6
        more = {1: 1, 0: 0, "25%": 2, 3: 3, "100%": 6}[surge]
        fewer = {0: 0, 1: 1, "25%": 1, 3: 3}[unavailable]
        assert most[0] <= 6 + more
        assert least[0] >= 6 - fewer


@virtual_time
async def test_an_undo_brings_the_former_set_back_under_a_new_revision():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=2))
        await rolled_out(rig)
        first = sets(rig)["1"]["metadata"]["name"]
        await rig.patch(WEB, image(2))
        await rolled_out(rig)
        assert set(sets(rig)) == {"1", "2"}
        await rig.patch(WEB, image(1))
        await rolled_out(rig)
        assert images(rig) == ["nginx:1"] * 2
        assert sets(rig)["3"]["metadata"]["name"] == first
        assert set(sets(rig)) == {"2", "3"}


@virtual_time
async def test_history_is_kept_within_its_limit():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=1, revisionHistoryLimit=2))
        for version in range(1, 7):
            await rig.patch(WEB, image(version))
            await rolled_out(rig)
        assert set(sets(rig)) == {"4", "5", "6"}


@virtual_time
async def test_pausing_holds_a_rollout_and_resuming_lets_it_go_on():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=4))
        await rolled_out(rig)
        await rig.patch(WEB, {"spec": {"paused": True}})
        await rig.patch(WEB, image(2))
        await rig.patch(WEB, image(3))
        await rig.settled()
        assert images(rig) == ["nginx:1"] * 4
        assert conditions(rig)["Progressing"] == ("Unknown", "DeploymentPaused")
        await rig.patch(WEB, {"spec": {"paused": None, "replicas": 6}})
        await rolled_out(rig)
        assert images(rig) == ["nginx:3"] * 6
        assert set(sets(rig)) == {"1", "2"}


@virtual_time
async def test_a_paused_deployment_still_scales():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=2, paused=False))
        await rolled_out(rig)
        await rig.patch(WEB, {"spec": {"paused": True, "replicas": 5}})
        await rolled_out(rig)
        assert len(rig.pods()) == 5


@virtual_time
async def test_a_recreation_never_runs_two_versions_together():
    mixed = []
    async with cluster(stop=5) as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=3, strategy={"type": "Recreate"}))
        await rolled_out(rig)

        def look(verb, ref, body):
            found = {pod["spec"]["containers"][0]["image"] for pod in rig.api.objects(PODS)}
            if len(found) > 1:
                mixed.append(found)

        rig.api.reactions.append(look)
        await rig.patch(WEB, image(2))
        await rolled_out(rig)
        assert images(rig) == ["nginx:2"] * 3
        assert mixed == []


@virtual_time
async def test_a_rollout_that_never_gets_ready_times_out_and_keeps_the_old_pods():
    def ready(pod):
        return pod["spec"]["containers"][0]["image"] != "nginx:2"

    async with cluster(ready=ready) as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=4, progressDeadlineSeconds=60))
        await rolled_out(rig)
        await rig.patch(WEB, image(2))
        started = clock.monotonic()
        await rig.until(lambda: conditions(rig)["Progressing"][1] == "ProgressDeadlineExceeded", seconds=300)
        assert 59 <= clock.monotonic() - started <= 64
        assert images(rig).count("nginx:1") == 3
        assert conditions(rig)["Available"][0] == "True"
        await rig.patch(WEB, image(1))
        await rolled_out(rig)
        assert conditions(rig)["Progressing"] == ("True", "NewReplicaSetAvailable")


@virtual_time
async def test_pods_have_to_stay_ready_before_the_next_ones_go():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=2, minReadySeconds=20))
        started = clock.monotonic()
        await rolled_out(rig)
        assert clock.monotonic() - started >= 19


@virtual_time
async def test_scaling_in_the_middle_of_a_rollout_keeps_proportions():
    def ready(pod):
        return pod["spec"]["containers"][0]["image"] != "nginx:2"

    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}
    async with cluster(ready=ready) as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=10, strategy=rolling))
        await rolled_out(rig)
        await rig.patch(WEB, image(2))
        await rig.settled()
        assert (images(rig).count("nginx:1"), images(rig).count("nginx:2")) == (8, 5)
        await rig.patch(WEB, {"spec": {"replicas": 15}})
        await rig.settled()
        assert (images(rig).count("nginx:1"), images(rig).count("nginx:2")) == (11, 7)


@virtual_time
async def test_a_set_that_matches_is_adopted_as_the_new_one():
    async with cluster() as rig:
        labels = {"app": "web", "pod-template-hash": "x"}
        orphan = replica_set(name="web-x", replicas=2)
        orphan["metadata"]["labels"] = labels
        orphan["spec"]["template"]["metadata"]["labels"] = labels
        orphan["spec"]["selector"]["matchLabels"] = labels
        await rig.create(REPLICA_SETS, orphan)
        await rig.create(DEPLOYMENTS, deployment(replicas=2))
        await rolled_out(rig)
        (one,) = rig.api.objects(REPLICA_SETS)
        assert one["metadata"]["ownerReferences"][0]["name"] == "web"


@virtual_time
async def test_a_name_that_is_taken_by_another_template_is_counted_as_a_collision():
    async with cluster() as rig:
        await rig.create(DEPLOYMENTS, deployment(replicas=1))
        await rolled_out(rig)
        (one,) = rig.api.objects(REPLICA_SETS)
        name = one["metadata"]["name"]
        await rig.client.delete(WEB)
        await rig.client.delete(REPLICA_SETS.of(name, "default"))
        stranger = replica_set(name=name, replicas=0)
        stranger["spec"]["selector"]["matchLabels"] = {"other": "thing"}
        stranger["spec"]["template"]["metadata"]["labels"] = {"other": "thing"}
        stranger["metadata"]["labels"] = {"other": "thing"}
        await rig.create(REPLICA_SETS, stranger)
        await rig.create(DEPLOYMENTS, deployment(replicas=1))
        await rolled_out(rig)
        assert status(rig)["collisionCount"] == 1
        assert {one["metadata"]["name"] for one in rig.api.objects(REPLICA_SETS)} > {name}


@virtual_time
async def test_a_set_that_cannot_be_made_is_a_condition():
    async with cluster() as rig:

        def refuse(verb, ref, body):
            if verb == "create" and ref.resource == "replicasets":
                raise forbidden("apps", "replicasets", "", "exceeded quota")

        rig.api.reactions.append(refuse)
        await rig.create(DEPLOYMENTS, deployment(replicas=1))
        await rig.until(lambda: conditions(rig).get("Progressing") == ("False", "ReplicaSetCreateError"))
        rig.api.reactions.clear()
        await rolled_out(rig)
        assert conditions(rig)["Progressing"] == ("True", "NewReplicaSetAvailable")


@virtual_time
async def test_a_failure_to_make_pods_is_passed_on():
    async with cluster() as rig:

        def refuse(verb, ref, body):
            if verb == "create" and ref.resource == "pods":
                raise forbidden("", "pods", "", "exceeded quota")

        rig.api.reactions.append(refuse)
        await rig.create(DEPLOYMENTS, deployment(replicas=1))
        await rig.until(lambda: "ReplicaFailure" in conditions(rig))
        rig.api.reactions.clear()
        await rolled_out(rig)
        assert "ReplicaFailure" not in conditions(rig)


@virtual_time
async def test_a_deployment_of_thirty_is_there_in_few_rounds():
    async with cluster(start=0) as rig:
        started = clock.monotonic()
        await rig.create(DEPLOYMENTS, deployment(replicas=30))
        await rig.until(lambda: len(rig.api.objects(PODS)) == 30)
        assert clock.monotonic() - started < 0.001
        await rolled_out(rig)
        assert len(rig.writes("create", REPLICA_SETS)) == 1
