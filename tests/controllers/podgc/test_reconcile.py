"""Abandoned pods on a fake API."""

import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import NODES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.controllers.podgc.reconcile import PodGcController
from tests.controllers.rig import running
from tests.virtual import virtual_time

QUARANTINE = 40.0


def collecting(threshold=12_500):
    return running(lambda context: PodGcController(context, QUARANTINE, threshold))


async def add_node(rig, name="node-1", **spec):
    await rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec})


def put_pod(rig, name="web", node="node-1", phase="Running", **metadata):
    metadata = {"name": name, "namespace": "default", **metadata}
    spec = {"nodeName": node} if node else {}
    rig.api.put(
        PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": phase}}
    )


def names(rig):
    return [one["metadata"]["name"] for one in rig.api.objects(PODS)]


@virtual_time
async def test_pods_of_a_node_that_is_gone_are_failed_and_removed_after_the_quarantine():
    async with collecting() as rig:
        await add_node(rig)
        put_pod(rig)
        await rig.settled()
        await rig.client.delete(NODES.of("node-1"))
        started = clock.monotonic()
        await rig.until(lambda: names(rig) == [], seconds=60)
        assert clock.monotonic() - started >= QUARANTINE
        (status,) = [body["status"] for body in rig.writes("patch", PODS)]
        assert status["phase"] == "Failed"
        assert status["conditions"][0]["reason"] == "DeletionByPodGC"


@virtual_time
async def test_a_node_that_comes_back_in_time_keeps_its_pods():
    async with collecting() as rig:
        await add_node(rig)
        put_pod(rig)
        await rig.settled()
        await rig.client.delete(NODES.of("node-1"))
        await clock.sleep(10)
        await add_node(rig)
        await clock.sleep(120)
        assert names(rig) == ["web"]


class Blind(FakeClient):
    """A client whose watch of nodes tells nothing."""

    async def watch(self, ref, **options):
        async for batch in super().watch(ref, **options):
            while ref == NODES:
                await clock.sleep(1)
            yield batch


@virtual_time
async def test_a_node_that_only_the_cache_does_not_know_keeps_its_pods():
    async with running(lambda context: PodGcController(context, QUARANTINE), watcher=Blind) as rig:
        await add_node(rig)
        put_pod(rig)
        await clock.sleep(QUARANTINE + 1)
        assert len(rig.informers.of(NODES)) == 0
        assert names(rig) == ["web"]


@virtual_time
async def test_pods_of_a_node_that_never_was_go_too():
    async with collecting() as rig:
        put_pod(rig, node="ghost")
        await clock.sleep(QUARANTINE + 1)
        assert names(rig) == []


@virtual_time
async def test_a_pod_without_a_node_that_is_on_its_way_out_goes_at_once():
    async with collecting() as rig:
        put_pod(rig, node="", deletionTimestamp="2026-01-01T12:00:00Z", deletionGracePeriodSeconds=30)
        await rig.settled()
        assert names(rig) == []


@virtual_time
@pytest.mark.parametrize("leaving_first", [True, False])
async def test_pods_leave_a_node_that_is_declared_out_of_service(leaving_first):
    taint = {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}
    leaving = {"deletionTimestamp": "2026-01-01T12:00:00Z", "deletionGracePeriodSeconds": 30}
    async with collecting() as rig:
        await add_node(rig)
        put_pod(rig, "stays")
        put_pod(rig, "leaves", **(leaving if leaving_first else {}))
        await rig.settled()
        assert names(rig) == ["leaves", "stays"]
        await rig.patch(NODES.of("node-1"), {"spec": {"taints": [taint]}})
        await rig.settled()
        if not leaving_first:
            put_pod(rig, "leaves", **leaving)
            await rig.settled()
        assert names(rig) == ["stays"]


@virtual_time
async def test_the_oldest_that_have_ended_make_room():
    async with collecting(threshold=3) as rig:
        await add_node(rig)
        for number in range(6):
            created = f"2026-01-01T10:0{number}:00Z"
            put_pod(rig, f"job-{number}", phase="Succeeded", creationTimestamp=created)
        put_pod(rig, "web")
        await rig.settled()
        assert names(rig) == ["job-3", "job-4", "job-5", "web"]
