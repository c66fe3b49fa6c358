"""ReplicaSets on a fake API in virtual time."""

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, forbidden
from pyk8s.api.refs import EVENTS, NAMESPACES, PODS, REPLICA_SETS
from pyk8s.client.fake_api import now_text
from pyk8s.controllers.replicaset.reconcile import ReplicaSetController
from tests.controllers.rig import WEB_SET, hollow_kubelet, replica_set, running
from tests.virtual import virtual_time


def status(rig):
    return rig.api.object(REPLICA_SETS, "web", "default").get("status") or {}


def orphan(name, labels=None, owners=()):
    metadata = {"name": name, "namespace": "default", "labels": labels or {"app": "web"}}
    if owners:
        metadata["ownerReferences"] = list(owners)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}, "status": {"phase": "Running"}}


@virtual_time
async def test_pods_are_made_as_the_template_says():
    async with running(ReplicaSetController) as rig:
        made = await rig.create(REPLICA_SETS, replica_set(replicas=3))
        await rig.settled()
        pods = rig.pods(app="web")
        assert len(pods) == 3
        assert all(pod["metadata"]["name"].startswith("web-") for pod in pods)
        assert pods[0]["spec"] == made["spec"]["template"]["spec"]
        assert pods[0]["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": "web",
                "uid": made["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
        assert status(rig)["replicas"] == 3
        assert status(rig)["observedGeneration"] == 1


@virtual_time
async def test_scaling_up_and_down():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=1))
        for size in (50, 2, 0, 5):
            await rig.patch(WEB_SET, {"spec": {"replicas": size}})
            await rig.settled()
            assert len(rig.pods()) == size
            assert status(rig)["replicas"] == size


@virtual_time
async def test_exactly_as_many_are_made_as_are_missing():
    """Expectations: a cache that lags behind the controller's own writes must not lead to more of them."""
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=100))
        await rig.settled()
        assert len(rig.writes("create", PODS)) == 100
        assert rig.writes("delete", PODS) == []


@virtual_time
async def test_a_pod_that_goes_is_replaced():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        gone = rig.pods()[0]["metadata"]
        await rig.client.delete(PODS.of(gone["name"], "default"))
        await rig.settled()
        assert len(rig.pods()) == 2
        assert gone["uid"] not in {pod["metadata"]["uid"] for pod in rig.pods()}


@virtual_time
@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
async def test_a_pod_that_has_ended_is_replaced(phase):
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=1))
        await rig.settled()
        rig.api.put(PODS, {**rig.pods()[0], "status": {"phase": phase}})
        await rig.settled()
        assert len(rig.pods()) == 2


@virtual_time
async def test_a_pod_on_its_way_out_does_not_count():
    async with running(ReplicaSetController) as rig, hollow_kubelet(rig, stop=30):
        await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        await rig.client.delete(PODS.of(rig.pods()[0]["metadata"]["name"], "default"))
        await clock.sleep(5)
        assert len(rig.api.objects(PODS)) == 3
        assert len(rig.pods()) == status(rig)["replicas"] == status(rig)["readyReplicas"] == 2


@virtual_time
async def test_readiness_is_counted_and_availability_waits():
    async with running(ReplicaSetController) as rig, hollow_kubelet(rig, start=1):
        await rig.create(REPLICA_SETS, replica_set(replicas=2, minReadySeconds=30))
        await clock.sleep(5)
        assert (status(rig)["readyReplicas"], status(rig)["availableReplicas"]) == (2, 0)
        await clock.sleep(30)
        assert status(rig)["availableReplicas"] == 2


@virtual_time
async def test_an_orphan_that_matches_is_adopted():
    async with running(ReplicaSetController) as rig:
        rig.api.put(PODS, orphan("lonely"))
        made = await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        owners = rig.api.object(PODS, "lonely", "default")["metadata"]["ownerReferences"]
        assert [owner["uid"] for owner in owners] == [made["metadata"]["uid"]]
        assert len(rig.pods()) == 2


@virtual_time
async def test_an_orphan_that_comes_later_is_adopted_and_counts():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        rig.api.put(PODS, orphan("lonely"))
        await rig.settled()
        assert len(rig.pods()) == 2


@virtual_time
async def test_somebody_elses_pod_is_left_alone():
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "other", "uid": "u", "controller": True}
    async with running(ReplicaSetController) as rig:
        rig.api.put(PODS, orphan("theirs", owners=[owner]))
        await rig.create(REPLICA_SETS, replica_set(replicas=1))
        await rig.settled()
        assert rig.api.object(PODS, "theirs", "default")["metadata"]["ownerReferences"] == [owner]
        assert len(rig.pods()) == 2


@virtual_time
async def test_a_pod_that_no_longer_matches_is_released_and_replaced():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=1))
        await rig.settled()
        name = rig.pods()[0]["metadata"]["name"]
        await rig.patch(PODS.of(name, "default"), {"metadata": {"labels": {"app": "debug"}}})
        await rig.settled()
        assert "ownerReferences" not in rig.api.object(PODS, name, "default")["metadata"]
        assert len(rig.pods(app="web")) == 1


@virtual_time
async def test_a_set_that_is_being_deleted_makes_and_adopts_nothing():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=1))
        await rig.settled()
        await rig.client.delete(WEB_SET, propagation="Foreground")
        rig.api.put(PODS, orphan("lonely"))
        await rig.client.delete(PODS.of(rig.pods(app="web")[-1]["metadata"]["name"], "default"))
        await rig.settled()
        assert [pod["metadata"]["name"] for pod in rig.pods()] == ["lonely"]
        assert "ownerReferences" not in rig.pods()[0]["metadata"]


@virtual_time
async def test_a_refusal_is_told_tried_again_and_over_when_it_is():
    refused = []

    def refuse(verb, ref, body):
        if verb == "create" and ref.resource == "pods" and not lifted:
            refused.append(ref)
            raise forbidden("", "pods", "", "exceeded quota")

    lifted = []
    async with running(ReplicaSetController) as rig:
        rig.api.reactions.append(refuse)
        await rig.create(REPLICA_SETS, replica_set(replicas=50))
        await clock.sleep(3)
        (condition,) = status(rig)["conditions"]
        assert (condition["reason"], "exceeded quota" in condition["message"]) == ("FailedCreate", True)
        assert any(event["reason"] == "FailedCreate" for event in rig.api.objects(EVENTS))
        # One at a time: a batch doubles only when the last one was allowed.
        assert len(refused) < 15
        lifted.append(True)
        await clock.sleep(20)
        assert len(rig.pods()) == 50
        assert "conditions" not in status(rig)


@virtual_time
async def test_a_namespace_that_ends_is_no_failure():
    async with running(ReplicaSetController) as rig:
        await rig.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
        await rig.create(REPLICA_SETS, replica_set(replicas=0))
        await rig.client.delete(NAMESPACES.of("default"))
        await rig.patch(WEB_SET, {"spec": {"replicas": 2}})
        await rig.settled()
        assert rig.pods() == []
        assert "conditions" not in status(rig)


@virtual_time
async def test_a_set_made_anew_under_its_name_starts_afresh():
    async with running(ReplicaSetController) as rig:
        first = await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        await rig.client.delete(WEB_SET)
        second = await rig.create(REPLICA_SETS, replica_set(replicas=2))
        await rig.settled()
        owners = [pod["metadata"]["ownerReferences"][0]["uid"] for pod in rig.pods()]
        assert owners.count(first["metadata"]["uid"]) == owners.count(second["metadata"]["uid"]) == 2


@virtual_time
async def test_lost_answers_make_no_pod_too_many():
    """A create that was done although its answer was lost is seen by the watch, and its surplus is taken back."""
    lost = []

    async with running(ReplicaSetController) as rig:
        client = rig.controllers[0]._client
        create = client.create

        async def lossy(ref, body, **options):
            made = await create(ref, body, **options)
            if ref.resource == "pods" and len(lost) < 3:
                lost.append(orjson.loads(made)["metadata"]["name"])
                raise ApiError("Timeout", "the answer did not come")
            return made

        client.create = lossy
        await rig.create(REPLICA_SETS, replica_set(replicas=5))
        await rig.settled(2)
        assert len(lost) == 3
        assert len(rig.pods()) == 5


@virtual_time
async def test_ready_pods_survive_a_scale_down():
    async with running(ReplicaSetController) as rig:
        await rig.create(REPLICA_SETS, replica_set(replicas=4))
        await rig.settled()
        ready = {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now_text()}],
        }
        keep = rig.pods()[2]
        rig.api.put(PODS, {**keep, "status": ready})
        await rig.patch(WEB_SET, {"spec": {"replicas": 1}})
        await rig.settled()
        assert [pod["metadata"]["uid"] for pod in rig.pods()] == [keep["metadata"]["uid"]]
