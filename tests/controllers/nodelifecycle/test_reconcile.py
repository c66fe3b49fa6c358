"""Nodes that fall silent, on a fake API in virtual time."""

from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import LEASES, NODES, PODS
from pyk8s.client.fake import FakeClient
from pyk8s.client.fake_api import now_text
from pyk8s.controllers.nodelifecycle.reconcile import NodeLifecycleController, Timing
from tests.controllers.rig import HollowNodes, running
from tests.virtual import virtual_time

GRACE = 40.0
UNREACHABLE = "node.kubernetes.io/unreachable"
TOLERATION = {"key": UNREACHABLE, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}


@asynccontextmanager
async def watching(names=("node-0", "node-1", "node-2"), period=10.0, rate=0.1, grace=GRACE, watcher=FakeClient):
    def make(context):
        return NodeLifecycleController(context, Timing(grace=grace, rate=rate))

    async with running(make, watcher=watcher) as rig, HollowNodes(rig, names, period) as nodes:
        await clock.sleep(60)
        yield rig, nodes


def put_pod(rig, name, node, tolerations=(TOLERATION,), ready="True"):
    conditions = [{"type": "Ready", "status": ready}]
    metadata = {"name": name, "namespace": "default", "creationTimestamp": now_text()}
    spec = {"nodeName": node, "tolerations": list(tolerations), "terminationGracePeriodSeconds": 30}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    rig.api.put(PODS, {**pod, "status": {"phase": "Running", "conditions": conditions}})


def ready(rig, name):
    conditions = rig.api.object(NODES, name)["status"]["conditions"]
    return next(one["status"] for one in conditions if one["type"] == "Ready")


def effects(rig, name):
    return {taint["effect"] for taint in rig.api.object(NODES, name)["spec"].get("taints") or ()}


def pod(rig, name):
    return rig.api.object(PODS, name, "default")


def is_leaving(rig, name):
    return "deletionTimestamp" in pod(rig, name)["metadata"]


@virtual_time
async def test_nodes_that_renew_are_left_alone():
    async with watching() as (rig, _):
        await clock.sleep(3600)
        assert [ready(rig, name) for name in ("node-0", "node-1", "node-2")] == ["True"] * 3
        assert rig.writes("patch", NODES) == []


@virtual_time
async def test_a_silent_node_becomes_unknown_after_the_grace_period():
    async with watching() as (rig, nodes):
        nodes.silent.add("node-1")
        started = clock.monotonic()
        await rig.until(lambda: ready(rig, "node-1") == "Unknown", seconds=120)
        assert GRACE - 10 <= clock.monotonic() - started <= GRACE + 1
        await rig.settled()
        assert effects(rig, "node-1") == {"NoSchedule", "NoExecute"}
        assert ready(rig, "node-0") == "True"


@virtual_time
async def test_its_pods_count_as_not_ready_at_once_and_are_deleted_after_what_they_tolerate():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1")
        put_pod(rig, "other", "node-0")
        nodes.silent.add("node-1")
        await rig.until(lambda: pod(rig, "web")["status"]["conditions"][0]["status"] == "False", seconds=120)
        started = clock.monotonic()
        await rig.until(lambda: is_leaving(rig, "web"), seconds=600)
        assert 295 <= clock.monotonic() - started <= 305
        target = pod(rig, "web")["status"]["conditions"][-1]
        assert (target["type"], target["reason"]) == ("DisruptionTarget", "DeletionByTaintManager")
        assert not is_leaving(rig, "other")


@virtual_time
async def test_a_pod_that_tolerates_nothing_goes_at_once_and_one_that_bears_all_stays():
    async with watching() as (rig, nodes):
        put_pod(rig, "frail", "node-1", ())
        put_pod(rig, "daemon", "node-1", ({"operator": "Exists"},))
        nodes.silent.add("node-1")
        await rig.until(lambda: is_leaving(rig, "frail"), seconds=60)
        await clock.sleep(3600)
        assert not is_leaving(rig, "daemon")


@virtual_time
async def test_a_node_that_comes_back_in_time_keeps_its_pods():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1")
        nodes.silent.add("node-1")
        await clock.sleep(200)
        assert effects(rig, "node-1") == {"NoSchedule", "NoExecute"}
        nodes.silent.clear()
        node = rig.api.object(NODES, "node-1")
        conditions = [{"type": "Ready", "status": "True", "lastHeartbeatTime": now_text()}]
        rig.api.put(NODES, {**node, "status": {"conditions": conditions}})
        await clock.sleep(600)
        assert effects(rig, "node-1") == set()
        assert not is_leaving(rig, "web")


@virtual_time
async def test_an_outage_of_the_api_makes_nobody_silent_and_is_followed_by_a_full_grace():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1", ())
        rig.api.down = True
        await clock.sleep(900)
        rig.api.down = False
        nodes.silent.add("node-1")
        came_back = clock.monotonic()
        await rig.until(lambda: ready(rig, "node-1") == "Unknown", seconds=300)
        assert clock.monotonic() - came_back >= GRACE
        assert {ready(rig, "node-0"), ready(rig, "node-2")} == {"True"}


@virtual_time
async def test_a_node_that_was_silent_before_our_own_outage_is_judged_anew_before_anybody_is_evicted():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1")
        nodes.silent.add("node-1")
        await clock.sleep(100)
        assert effects(rig, "node-1") == {"NoSchedule", "NoExecute"}
        rig.api.down = True
        await clock.sleep(900)
        rig.api.down = False
        came_back = clock.monotonic()
        await rig.until(lambda: is_leaving(rig, "web"), seconds=300)
        assert clock.monotonic() - came_back >= GRACE


@virtual_time
async def test_when_most_nodes_fall_silent_together_nobody_is_evicted():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1", ())
        nodes.silent |= {"node-1", "node-2"}
        await clock.sleep(3600)
        assert not is_leaving(rig, "web")
        assert effects(rig, "node-1") == {"NoSchedule"}
        assert pod(rig, "web")["status"]["conditions"][0]["status"] == "False"


@virtual_time
async def test_evictions_resume_when_enough_nodes_are_back():
    async with watching() as (rig, nodes):
        put_pod(rig, "web", "node-1", ())
        nodes.silent |= {"node-1", "node-2"}
        await clock.sleep(600)
        nodes.silent.discard("node-2")
        await rig.until(lambda: is_leaving(rig, "web"), seconds=120)


@virtual_time
async def test_nodes_are_emptied_one_after_another():
    names = [f"node-{number}" for number in range(10)]
    async with watching(names, rate=0.01) as (rig, nodes):
        nodes.silent |= {"node-1", "node-2"}
        await rig.until(lambda: "NoExecute" in effects(rig, "node-1") | effects(rig, "node-2"), seconds=120)
        first = clock.monotonic()
        await rig.until(lambda: "NoExecute" in effects(rig, "node-1") & effects(rig, "node-2"), seconds=300)
        assert clock.monotonic() - first >= 95


class Stalling(FakeClient):
    """A client whose watch of leases tells nothing once `stalled`."""

    stalled = False

    async def watch(self, ref, **options):
        async for batch in super().watch(ref, **options):
            while self.stalled and ref == LEASES:
                await clock.sleep(1)
            yield batch


@virtual_time
async def test_a_watch_that_lags_condemns_nobody():
    """The leases are renewed, but our watch does not tell: the API itself is asked before a node is called silent."""
    clients = []

    def client(api):
        clients.append(Stalling(api))
        return clients[-1]

    async with watching(watcher=client) as (rig, nodes):
        clients[0].stalled = True
        await clock.sleep(600)
        assert {ready(rig, name) for name in nodes.names} == {"True"}
        nodes.silent.add("node-1")
        await rig.until(lambda: ready(rig, "node-1") == "Unknown", seconds=2.5 * GRACE)


@virtual_time
async def test_a_new_node_has_a_grace_period_to_renew_its_first_lease():
    async with watching() as (rig, nodes):
        await clock.sleep(300)
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "new"}, "spec": {}}
        await rig.create(NODES, node)
        born = clock.monotonic()
        await rig.until(lambda: rig.api.object(NODES, "new").get("status"), seconds=120)
        assert clock.monotonic() - born >= GRACE
        assert ready(rig, "new") == "Unknown"
        assert nodes.silent == set()


@virtual_time
async def test_a_cordoned_node_is_tainted_at_once():
    async with watching() as (rig, _):
        await rig.patch(NODES.of("node-0"), {"spec": {"unschedulable": True}})
        await rig.until(lambda: effects(rig, "node-0") == {"NoSchedule"}, seconds=1)
        await rig.patch(NODES.of("node-0"), {"spec": {"unschedulable": None}})
        await rig.until(lambda: effects(rig, "node-0") == set(), seconds=1)


@virtual_time
async def test_a_pod_put_on_a_tainted_node_has_to_leave_it_too():
    async with watching() as (rig, _):
        taint = {"key": "maintenance", "effect": "NoExecute", "timeAdded": now_text()}
        await rig.patch(NODES.of("node-0"), {"spec": {"taints": [taint]}})
        await rig.settled()
        put_pod(rig, "late", "node-0")
        await rig.until(lambda: is_leaving(rig, "late"), seconds=1)


@virtual_time
async def test_a_node_that_says_it_is_not_ready_has_its_pods_marked():
    async with watching() as (rig, _):
        put_pod(rig, "web", "node-0")
        await rig.settled()
        node = rig.api.object(NODES, "node-0")
        rig.api.put(NODES, {**node, "status": {"conditions": [{"type": "Ready", "status": "False"}]}})
        await rig.until(lambda: pod(rig, "web")["status"]["conditions"][0]["status"] == "False", seconds=1)
        await rig.settled()
        assert effects(rig, "node-0") == {"NoSchedule", "NoExecute"}


@pytest.mark.parametrize("grace", [6.0, 40.0])
def test_a_pause_in_our_listening_is_noticed_well_within_the_grace_period(grace):
    timing = Timing(grace=grace)
    assert timing.period * 2 < timing.gap < timing.grace / 2


@virtual_time
async def test_a_short_grace_is_kept_as_well():
    async with watching(grace=6.0, period=1.0) as (rig, nodes):
        nodes.silent.add("node-2")
        started = clock.monotonic()
        await rig.until(lambda: ready(rig, "node-2") == "Unknown", seconds=30)
        assert 5.0 <= clock.monotonic() - started <= 7.0
