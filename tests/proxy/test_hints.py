"""From a Service's words to what each node does with its packets: the hints of the slices written by the one room, as
the other reads them."""

import orjson
import pytest

from pyk8s.api.refs import ENDPOINT_SLICES, NODES, PODS, SERVICES
from pyk8s.controllers.endpointslice.reconcile import EndpointSliceController
from pyk8s.proxy.changes import Changes
from pyk8s.proxy.objects import decode_service, decode_slice
from tests.controllers.rig import running
from tests.proxy.services import service_body
from tests.virtual import virtual_time

NODE_ZONES = {"a-1": "a", "a-2": "a", "b-1": "b", "c-1": "c"}
MODE = "service.kubernetes.io/topology-mode"
ALL = frozenset({"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"})


def put_node(rig, name, zone):
    status = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "4"}}
    metadata = {"name": name, "labels": {"topology.kubernetes.io/zone": zone}}
    rig.api.put(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}, "status": status})


def put_pod(rig, number, node, ready=True):
    metadata = {"namespace": "shop", "name": f"pod-{number}", "labels": {"app": "web"}}
    conditions = [{"type": "Ready", "status": str(ready)}]
    status = {"phase": "Running", "podIPs": [{"ip": f"10.0.0.{number}"}], "conditions": conditions}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": node}, "status": status}
    rig.api.put(PODS, pod)


def chosen(rig, node, zone):
    """The addresses that a connection to the service on `node` may go to."""
    changes = Changes(node, zone=zone)
    for each in rig.api.objects(SERVICES):
        changes.note_service(None, decode_service(orjson.dumps(each)))
    for each in rig.api.objects(ENDPOINT_SLICES):
        changes.note_slice(None, decode_slice(orjson.dumps(each)))
    (intent,) = changes.take()["shop/web"]
    return {each.address for each in intent.inside.endpoints}


async def make(rig, nodes, annotations=None, **spec):
    """The nodes, a pod on each of `nodes`, and their service."""
    for name, zone in NODE_ZONES.items():
        put_node(rig, name, zone)
    for number, node in enumerate(nodes, 1):
        put_pod(rig, number, node)
    body = service_body(selector={"app": "web"}, **spec)
    body["spec"]["ports"][0]["targetPort"] = 8080
    body["metadata"]["annotations"] = annotations or {}
    await rig.create(SERVICES, body)
    await rig.settled()


@pytest.mark.parametrize(
    ("how", "node", "numbers"),
    [
        pytest.param(None, "a-1", "1234", id="none: everywhere"),
        pytest.param("PreferSameZone", "a-1", "12", id="zone: both of it"),
        pytest.param("PreferSameZone", "b-1", "34", id="zone: the other"),
        pytest.param("PreferClose", "a-2", "12", id="close: as the zone"),
        pytest.param("PreferSameZone", "c-1", "1234", id="zone without endpoints: everywhere"),
        pytest.param("PreferSameNode", "a-1", "1", id="node: its own"),
        pytest.param("PreferSameNode", "b-1", "34", id="node: both of it"),
        pytest.param("PreferSameNode", "c-1", "1234", id="node in a zone without endpoints: everywhere"),
    ],
)
@virtual_time
async def test_traffic_stays_near(how, node, numbers):
    spec = {"trafficDistribution": how} if how else {}
    async with running(EndpointSliceController) as rig:
        await make(rig, ("a-1", "a-2", "b-1", "b-1"), **spec)
        assert chosen(rig, node, NODE_ZONES[node]) == {f"10.0.0.{number}" for number in numbers}


@virtual_time
async def test_a_node_whose_endpoint_is_not_ready_looks_to_its_zone_and_then_to_all():
    async with running(EndpointSliceController) as rig:
        await make(rig, ("a-1", "a-2", "b-1"), trafficDistribution="PreferSameNode")
        assert chosen(rig, "a-1", "a") == {"10.0.0.1"}
        put_pod(rig, 1, "a-1", ready=False)
        await rig.settled()
        assert chosen(rig, "a-1", "a") == {"10.0.0.2"}
        put_pod(rig, 2, "a-2", ready=False)
        await rig.settled()
        assert chosen(rig, "a-1", "a") == {"10.0.0.3"}


@virtual_time
async def test_a_node_that_moves_takes_its_endpoints_along():
    async with running(EndpointSliceController) as rig:
        await make(rig, ("a-1", "b-1"), trafficDistribution="PreferSameZone")
        assert chosen(rig, "c-1", "c") == {"10.0.0.1", "10.0.0.2"}
        put_node(rig, "b-1", "c")
        await rig.settled()
        assert chosen(rig, "c-1", "c") == {"10.0.0.2"}


@virtual_time
async def test_topology_aware_routing_gives_every_zone_something():
    async with running(EndpointSliceController) as rig:
        await make(rig, ("a-1", "a-1", "a-2", "b-1"), annotations={MODE: "Auto"})
        found = [chosen(rig, node, zone) for node, zone in (("a-1", "a"), ("b-1", "b"), ("c-1", "c"))]
        assert set().union(*found) == ALL
        assert [len(each) for each in found] == [2, 1, 1]


@virtual_time
async def test_too_few_for_topology_aware_routing_go_everywhere():
    async with running(EndpointSliceController) as rig:
        await make(rig, ("a-1", "b-1"), annotations={MODE: "Auto"}, trafficDistribution="PreferSameZone")
        assert chosen(rig, "a-1", "a") == {"10.0.0.1", "10.0.0.2"}
