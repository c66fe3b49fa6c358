"""The node in the API, in virtual time."""

import contextlib

import orjson

from pyk8s.aio import clock
from pyk8s.aio.supervise import Tasks
from pyk8s.api.errors import unavailable
from pyk8s.api.refs import LEASES, NAMESPACES, NODES
from pyk8s.client.fake import FakeClient
from pyk8s.kubelet.config import Config
from pyk8s.kubelet.node.agent import NodeAgent
from pyk8s.kubelet.runtime.fake import FakeRuntime
from pyk8s.kubelet.runtime.interface import Condition, ImageView
from tests.virtual import virtual_time

CONFIG = Config(node_name="n", node_ip="10.0.0.1", heartbeat_seconds=5)


@contextlib.asynccontextmanager
async def at_work(client=None, runtime=None, config=CONFIG):
    client, runtime = client or FakeClient(), runtime or FakeRuntime()
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-node-lease"}}
    with contextlib.suppress(Exception):
        await client.create(NAMESPACES, orjson.dumps(space))
    failures = []
    async with Tasks(failures.append) as tasks:
        agent = NodeAgent(config, client, runtime, 1234)
        tasks.start(agent.run())
        await agent.registered.wait()
        yield agent, client, runtime
    assert not failures


async def node(client):
    return orjson.loads(await client.get(NODES.of("n")))


def ready(found):
    return next(each for each in found["status"]["conditions"] if each["type"] == "Ready")["status"]


async def renewed(client):
    return orjson.loads(await client.get(LEASES.of("n", "kube-node-lease")))["spec"]["renewTime"]


@virtual_time
async def test_a_node_is_there_with_its_status_once_it_is_registered():
    async with at_work() as (_, client, _):
        found = await node(client)
        assert ready(found) == "True"
        assert found["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] == 1234


@virtual_time
async def test_a_node_that_is_there_already_is_taken_over():
    client = FakeClient()
    labels = {"metadata": {"name": "n", "labels": {"mine": "kept", "kubernetes.io/hostname": "old"}}}
    made = {"apiVersion": "v1", "kind": "Node", **labels, "spec": {"unschedulable": True}}
    await client.create(NODES, orjson.dumps(made))
    async with at_work(client):
        found = await node(client)
    assert found["metadata"]["labels"]["mine"] == "kept"
    assert found["metadata"]["labels"]["kubernetes.io/hostname"] == "n"
    assert found["spec"]["unschedulable"] is True


@virtual_time
async def test_the_lease_is_renewed_with_every_heartbeat():
    async with at_work() as (_, client, _):
        await clock.sleep(0.1)
        first = await renewed(client)
        await clock.sleep(5)
        assert await renewed(client) > first


@virtual_time
async def test_a_status_that_does_not_change_is_told_every_five_minutes():
    async with at_work() as (_, client, _):
        await clock.sleep(1)
        first = (await node(client))["metadata"]["resourceVersion"]
        await clock.sleep(290)
        assert (await node(client))["metadata"]["resourceVersion"] == first
        await clock.sleep(20)
        assert (await node(client))["metadata"]["resourceVersion"] != first


@virtual_time
async def test_a_runtime_in_trouble_makes_the_node_unready_with_the_next_heartbeat():
    async with at_work() as (_, client, runtime):
        runtime.refusals["conditions"] = "broken"
        await clock.sleep(6)
        assert ready(await node(client)) == "False"
        del runtime.refusals["conditions"]
        await clock.sleep(2)
        assert ready(await node(client)) == "True"


@virtual_time
async def test_a_node_without_network_becomes_ready_soon_after_there_is_one():
    runtime = FakeRuntime()
    network = {"RuntimeReady": Condition(True), "NetworkReady": Condition(False)}

    async def conditions():
        return network

    runtime.conditions = conditions
    async with at_work(runtime=runtime) as (_, client, _):
        await clock.sleep(0.2)
        assert ready(await node(client)) == "False"
        network["NetworkReady"] = Condition(True)
        await clock.sleep(0.5)
        assert ready(await node(client)) == "True"


@virtual_time
async def test_images_are_told():
    async with at_work() as (_, client, runtime):
        runtime.present["web:1"] = ImageView("sha256:1", ("web:1",), size=5)
        await clock.sleep(36)
        assert (await node(client))["status"]["images"] == [{"names": ["web:1"], "sizeBytes": 5}]


@virtual_time
async def test_an_api_that_is_away_is_waited_for():
    client = FakeClient()
    refusals = [unavailable("away")] * 3
    create = client.create

    async def refuse(ref, body, **options):
        if refusals and ref.resource == "nodes":
            raise refusals.pop()
        return await create(ref, body, **options)

    client.create = refuse
    async with at_work(client):
        assert (await node(client))["metadata"]["name"] == "n"


@virtual_time
async def test_a_node_that_was_deleted_registers_again():
    async with at_work() as (_, client, runtime):
        await client.delete(NODES.of("n"))
        runtime.refusals["conditions"] = "so that there is news to tell"
        await clock.sleep(11)
        assert (await node(client))["metadata"]["name"] == "n"
