"""Slices on a fake API."""

from pyk8s.api.refs import ENDPOINT_SLICES, EVENTS, NODES, PODS, SERVICES
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


def put_node(rig, name, zone, cpu="2"):
    metadata = {"name": name, "labels": {"topology.kubernetes.io/zone": zone} if zone else {}}
    status = {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": cpu}}
    rig.api.put(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}, "status": status})


def put_pods(rig, *nodes):
    """Pod n on the n-th node."""
    for number, node in enumerate(nodes, 1):
        put_pod(rig, number, spec={"nodeName": node})


def hints(rig):
    """By pod, in the words of the API."""
    (one,) = rig.api.objects(ENDPOINT_SLICES)
    return {each["targetRef"]["name"]: each.get("hints") for each in one["endpoints"]}


def for_zones(**zones):
    return {f"pod-{name[1:]}": {"forZones": [{"name": zone}]} for name, zone in zones.items()}


@virtual_time
async def test_hints_follow_the_traffic_distribution():
    async with running(EndpointSliceController) as rig:
        put_node(rig, "node-1", "a")
        await rig.create(SERVICES, service(trafficDistribution="PreferSameZone"))
        put_pods(rig, "node-1", "node-2")
        await rig.settled()
        assert hints(rig) == {**for_zones(p1="a"), "pod-2": None}
        await rig.patch(WEB, {"spec": {"trafficDistribution": "PreferSameNode"}})
        await rig.settled()
        node_1, node_2 = ({"forNodes": [{"name": name}]} for name in ("node-1", "node-2"))
        assert hints(rig) == {"pod-1": {"forZones": [{"name": "a"}], **node_1}, "pod-2": node_2}
        await rig.patch(WEB, {"spec": {"trafficDistribution": None}})
        await rig.settled()
        assert hints(rig) == {"pod-1": None, "pod-2": None}


@virtual_time
async def test_hints_follow_the_zones_of_nodes():
    async with running(EndpointSliceController) as rig:
        await rig.create(SERVICES, service(trafficDistribution="PreferClose"))
        put_pods(rig, "node-1")
        await rig.settled()
        for zone, expected in (("a", for_zones(p1="a")), ("b", for_zones(p1="b")), ("", {"pod-1": None})):
            put_node(rig, "node-1", zone)
            await rig.settled()
            assert hints(rig) == expected


@virtual_time
async def test_topology_aware_routing_follows_the_cpu_of_zones():
    async with running(EndpointSliceController) as rig:
        put_node(rig, "node-1", "a")
        auto = service()
        auto["metadata"]["annotations"] = {"service.kubernetes.io/topology-mode": "Auto"}
        await rig.create(SERVICES, auto)
        put_pods(rig, "node-1", "node-1")
        await rig.settled()
        assert hints(rig) == {"pod-1": None, "pod-2": None}
        put_node(rig, "node-2", "b")
        await rig.settled()
        assert sorted(each["forZones"][0]["name"] for each in hints(rig).values()) == ["a", "b"]
        written = rig.written
        put_node(rig, "node-2", "b", cpu="2100m")
        await rig.settled()
        assert rig.written == written, "what overloads nobody stays"
        await rig.client.delete(NODES.of("node-2"))
        await rig.settled()
        assert hints(rig) == {"pod-1": None, "pod-2": None}


@virtual_time
async def test_what_becomes_of_topology_aware_routing_is_told_once_each():
    async with running(EndpointSliceController) as rig:
        for name, zone in (("node-1", "a"), ("node-2", "b")):
            put_node(rig, name, zone)
        auto = service()
        auto["metadata"]["annotations"] = {"service.kubernetes.io/topology-mode": "Auto"}
        await rig.create(SERVICES, auto)
        put_pods(rig, "node-1")
        await rig.settled()
        put_pods(rig, "node-1", "node-2")
        await rig.settled()
        put_pods(rig, "node-1", "node-2", "node-1", "node-2")
        await rig.settled()
        await rig.patch(WEB, {"metadata": {"annotations": {"service.kubernetes.io/topology-mode": None}}})
        await rig.settled()
        assert set(hints(rig).values()) == {None}
        told = [(one["reason"], one["message"]) for one in rig.api.objects(EVENTS)]
        few = "Insufficient number of endpoints (1 endpoints, 2 zones), addressType: IPv4"
        assert ("TopologyAwareHintsDisabled", few) in told
        enabled = "Topology Aware Hints has been enabled, addressType: IPv4"
        assert told.count(("TopologyAwareHintsEnabled", enabled)) == 1
        assert ("TopologyAwareHintsDisabled", "Topology Aware Hints has been disabled, addressType: IPv4") in told
