"""All controllers together, on one fake API."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, NAMESPACES, PODS, REPLICA_SETS, SERVICES
from pyk8s.client.fake import FakeClient
from pyk8s.controllers import roster
from pyk8s.controllers.config import Config
from tests.controllers.rig import WEB, HollowNodes, Rig, deployment, hollow_kubelet
from tests.virtual import virtual_time

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"clusterIP": "10.96.0.9", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
}


@asynccontextmanager
async def everything(**settings):
    rig = Rig()
    await rig.create(NAMESPACES, NAMESPACE)
    names = []

    def client_for(name):
        names.append(name)
        return FakeClient(rig.api, name)

    begun = asyncio.Event()
    config = Config(root_ca="PEM", **settings)
    task = asyncio.create_task(roster.run(client_for, config, started=begun.set))
    try:
        async with asyncio.timeout(30):
            await begun.wait()
        rig.names = names
        yield rig
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@virtual_time
async def test_a_deployment_behind_a_service_comes_to_life():
    async with everything() as rig, HollowNodes(rig), hollow_kubelet(rig):
        await rig.create(SERVICES, SERVICE)
        await rig.create(DEPLOYMENTS, deployment(replicas=3))
        await rig.settled()
        assert len(rig.pods(app="web")) == 3
        (piece,) = rig.api.objects(ENDPOINT_SLICES)
        assert [one["conditions"]["ready"] for one in piece["endpoints"]] == [True] * 3
        assert len(rig.api.object(ENDPOINTS, "web", "default")["subsets"][0]["addresses"]) == 3


@virtual_time
async def test_the_pods_of_a_dead_node_run_elsewhere_after_what_they_tolerate():
    """Endpoints drop them at once, their owner replaces them when they are evicted."""
    wanted = deployment(replicas=3)
    toleration = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 30}
    wanted["spec"]["template"]["spec"]["tolerations"] = [toleration]

    def choose(number):
        alive = [name for name in nodes.names if name not in nodes.silent]
        return alive[number % len(alive)]

    def ready(rig):
        (piece,) = rig.api.objects(ENDPOINT_SLICES)
        return {one["nodeName"] for one in piece["endpoints"] if one["conditions"]["ready"]}

    async with (
        everything(node_monitor_grace_period=6.0) as rig,
        HollowNodes(rig) as nodes,
        hollow_kubelet(rig, choose=choose),
    ):
        await rig.create(SERVICES, SERVICE)
        await rig.create(DEPLOYMENTS, wanted)
        await rig.settled(5)
        assert ready(rig) == {"node-0", "node-1", "node-2"}
        nodes.silent.add("node-1")
        rig.dead.add("node-1")
        died = clock.monotonic()
        await rig.until(lambda: ready(rig) == {"node-0", "node-2"}, seconds=10)
        assert clock.monotonic() - died <= 7.0
        await rig.until(lambda: len(rig.pods(app="web")) == 3 and len(rig.api.objects(PODS)) == 4, seconds=60)
        await rig.settled()
        assert clock.monotonic() - died <= 6 + 30 + 3
        assert {pod["spec"]["nodeName"] for pod in rig.pods(app="web")} == {"node-0", "node-2"}
        status = rig.api.object(DEPLOYMENTS, "web", "default")["status"]
        assert status["availableReplicas"] == 3


@virtual_time
async def test_deleting_a_deployment_leaves_nothing_of_it():
    async with everything() as rig, HollowNodes(rig), hollow_kubelet(rig):
        await rig.create(DEPLOYMENTS, deployment(replicas=3))
        await rig.settled()
        await rig.client.delete(WEB)
        await rig.settled()
        assert rig.api.objects(REPLICA_SETS) == []
        assert rig.api.objects(PODS) == []


@virtual_time
async def test_deleting_a_namespace_takes_everything_along():
    async with everything() as rig, HollowNodes(rig), hollow_kubelet(rig):
        await rig.create(SERVICES, SERVICE)
        await rig.create(DEPLOYMENTS, deployment(replicas=2))
        await rig.settled()
        await rig.client.delete(NAMESPACES.of("default"))
        await rig.settled(10)
        assert rig.api.object(NAMESPACES, "default") is None
        for ref in (PODS, DEPLOYMENTS, REPLICA_SETS, SERVICES, ENDPOINTS, ENDPOINT_SLICES):
            assert rig.api.objects(ref) == []


@virtual_time
async def test_each_controller_acts_under_its_own_name():
    async with everything() as rig:
        assert rig.names == ["informers", "events", *(entry.name for entry in roster.ROSTER)]


@virtual_time
async def test_a_resource_is_followed_once_by_all_who_read_it():
    async with everything() as rig:
        watched = [ref.resource for verb, ref, _ in rig.api.calls if verb == "watch"]
        assert watched.count("pods") == watched.count("nodes") == watched.count("leases") == 1


@virtual_time
async def test_nothing_is_written_while_nothing_happens():
    async with everything() as rig, HollowNodes(rig), hollow_kubelet(rig):
        await rig.create(SERVICES, SERVICE)
        await rig.create(DEPLOYMENTS, deployment(replicas=2))
        await rig.settled()
        before = rig.written
        await clock.sleep(3600)
        assert rig.written == before


@virtual_time
async def test_an_outage_of_the_api_is_survived():
    async with everything() as rig, HollowNodes(rig), hollow_kubelet(rig):
        await rig.create(DEPLOYMENTS, deployment(replicas=2))
        await rig.settled()
        rig.api.down = True
        await clock.sleep(120)
        rig.api.down = False
        rig.api.compact()
        await rig.patch(WEB, {"spec": {"replicas": 4}})
        await rig.until(lambda: len(rig.pods(app="web")) == 4, seconds=30)


@virtual_time
async def test_one_of_two_processes_leads():
    rig = Rig()
    begun = []

    def process(name):
        config = Config(leader_elect=True, identity=name)
        return roster.run(lambda _: FakeClient(rig.api), config, started=lambda: begun.append(name))

    first = asyncio.create_task(process("a"))
    await clock.sleep(1)
    second = asyncio.create_task(process("b"))
    await clock.sleep(60)
    assert begun == ["a"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await clock.sleep(20)
    assert begun == ["a", "b"]
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


@pytest.mark.parametrize("name", [entry.name for entry in roster.ROSTER])
def test_names_are_those_of_kubernetes_roles(name):
    assert name.endswith(("-controller", "-collector"))
