"""Slices on a fake API."""

from pyk8s.api.refs import ENDPOINT_SLICES, NODES, PODS, SERVICES
from pyk8s.controllers.endpointslice.reconcile import EndpointSliceController
from tests.controllers.rig import running
from tests.virtual import virtual_time

WEB = SERVICES.of("web", "shop")


def service(name="web", **spec):
    ports = [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]
    metadata = {"name": name, "namespace": "shop"}
    spec = {"clusterIP": "10.96.0.9", "selector": {"app": "web"}, "ports": ports, **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def put_pod(rig, number, ready="True", labels=None, **more):
    metadata = {"name": f"pod-{number}", "namespace": "shop", "labels": labels or {"app": "web"}}
    status = {
        "phase": "Running",
        "podIPs": [{"ip": f"10.244.0.{number}"}],
        "conditions": [{"type": "Ready", "status": ready}],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": "node-1"}, "status": status}
    return rig.api.put(PODS, {**pod, **more})


def endpoints(rig):
    found = {}
    for one in rig.api.objects(ENDPOINT_SLICES):
        for each in one.get("endpoints") or ():
            found[each["targetRef"]["name"]] = each["conditions"]["ready"]
    return found


@virtual_time
async def test_slices_follow_the_pods():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        put_pod(rig, 2, "False")
        put_pod(rig, 3, labels={"app": "db"})
        await rig.settled()
        assert endpoints(rig) == {"pod-1": True, "pod-2": False}
        put_pod(rig, 2)
        await rig.client.delete(PODS.of("pod-1", "shop"), grace_seconds=0)
        await rig.settled()
        assert endpoints(rig) == {"pod-2": True}
        (one,) = rig.api.objects(ENDPOINT_SLICES)
        assert one["metadata"]["ownerReferences"][0]["kind"] == "Service"
        assert one["metadata"]["labels"]["kubernetes.io/service-name"] == "web"


@virtual_time
async def test_a_change_of_the_service_is_followed():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        put_pod(rig, 2, labels={"app": "db"})
        await rig.settled()
        await rig.patch(WEB, {"spec": {"selector": {"app": "db"}}})
        await rig.settled()
        assert endpoints(rig) == {"pod-2": True}
        ports = [{"port": 80, "targetPort": 9090, "protocol": "TCP"}]
        await rig.patch(WEB, {"spec": {"ports": ports}})
        await rig.settled()
        (one,) = rig.api.objects(ENDPOINT_SLICES)
        assert one["ports"][0]["port"] == 9090


@virtual_time
async def test_a_service_without_a_selector_is_somebody_elses():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service(selector=None))
        await rig.create(SERVICES, service("out", type="ExternalName", externalName="example.org"))
        put_pod(rig, 1)
        await rig.settled()
        assert rig.api.objects(ENDPOINT_SLICES) == []


@virtual_time
async def test_what_somebody_deletes_is_made_again_and_what_somebody_spoils_is_mended():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        await rig.settled()
        (one,) = rig.api.objects(ENDPOINT_SLICES)
        await rig.client.delete(ENDPOINT_SLICES.of(one["metadata"]["name"], "shop"))
        await rig.settled()
        assert endpoints(rig) == {"pod-1": True}
        (one,) = rig.api.objects(ENDPOINT_SLICES)
        await rig.patch(ENDPOINT_SLICES.of(one["metadata"]["name"], "shop"), {"endpoints": []})
        await rig.settled()
        assert endpoints(rig) == {"pod-1": True}


@virtual_time
async def test_slices_of_others_are_left_alone():
    async with running(EndpointSliceController) as rig:
        labels = {"kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "me"}
        metadata = {"name": "mine", "namespace": "shop", "labels": labels}
        mine = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata}
        await rig.create(ENDPOINT_SLICES, {**mine, "addressType": "IPv4", "endpoints": []})
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        await rig.settled()
        assert rig.api.object(ENDPOINT_SLICES, "mine", "shop")["endpoints"] == []


@virtual_time
async def test_a_zone_that_becomes_known_is_told():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service())
        put_pod(rig, 1)
        await rig.settled()
        labels = {"topology.kubernetes.io/zone": "zone-a"}
        await rig.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "labels": labels}})
        await rig.settled()
        assert rig.api.objects(ENDPOINT_SLICES)[0]["endpoints"][0]["zone"] == "zone-a"


@virtual_time
async def test_many_pods_at_once_are_no_slice_too_many():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service())
        for number in range(1, 231):
            put_pod(rig, number)
        await rig.settled()
        assert sorted(len(one["endpoints"]) for one in rig.api.objects(ENDPOINT_SLICES)) == [30, 100, 100]
        assert len(endpoints(rig)) == 230
