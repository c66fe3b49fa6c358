"""Endpoints on a fake API."""

from pyk8s.api.refs import ENDPOINTS, PODS, SERVICES
from pyk8s.controllers.endpoints.reconcile import EndpointsController
from tests.controllers.endpointslice.test_reconcile import put_pod, service
from tests.controllers.rig import running
from tests.virtual import virtual_time


def addresses(rig):
    found = rig.api.object(ENDPOINTS, "web", "shop")
    return [one["ip"] for subset in found.get("subsets") or () for one in subset.get("addresses", ())]


@virtual_time
async def test_endpoints_follow_the_pods():
    async with running(EndpointsController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        put_pod(rig, 2)
        await rig.settled()
        assert addresses(rig) == ["10.244.0.1", "10.244.0.2"]
        await rig.client.delete(PODS.of("pod-1", "shop"), grace_seconds=0)
        await rig.settled()
        assert addresses(rig) == ["10.244.0.2"]


@virtual_time
async def test_they_go_with_their_service():
    async with running(EndpointsController) as rig:
        await rig.create(SERVICES, service())
        await rig.settled()
        assert addresses(rig) == []
        await rig.client.delete(SERVICES.of("web", "shop"))
        await rig.settled()
        assert rig.api.objects(ENDPOINTS) == []


@virtual_time
async def test_those_of_a_service_without_a_selector_are_peoples():
    async with running(EndpointsController) as rig:
        metadata = {"name": "web", "namespace": "shop"}
        mine = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
        subsets = [{"addresses": [{"ip": "192.0.2.1"}]}]
        await rig.create(ENDPOINTS, {**mine, "subsets": subsets})
        await rig.create(SERVICES, service(selector=None))
        await rig.settled()
        await rig.client.delete(SERVICES.of("web", "shop"))
        await rig.settled()
        assert addresses(rig) == ["192.0.2.1"]


@virtual_time
async def test_what_somebody_spoils_is_mended():
    async with running(EndpointsController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        await rig.settled()
        await rig.patch(ENDPOINTS.of("web", "shop"), {"subsets": None})
        await rig.settled()
        assert addresses(rig) == ["10.244.0.1"]
        await rig.client.delete(ENDPOINTS.of("web", "shop"))
        await rig.settled()
        assert addresses(rig) == ["10.244.0.1"]
