"""All controllers against a real API server over gRPC, with the rights that their user has, and hollow nodes."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from pyk8s.api.errors import ApiError
from pyk8s.api.refs import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICA_SETS,
    SERVICES,
)
from pyk8s.client.fake_api import now_text
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.client.interface import Binding
from pyk8s.controllers import roster
from pyk8s.controllers.config import Config
from tests.apiserver.served import served
from tests.controllers.rig import deployment

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
}
SECONDS = 30.0


class Cluster:
    """An administrator's view of a cluster, and its hollow nodes."""

    def __init__(self, admin):
        self.admin = admin
        self.pods = Informer(admin, PODS)
        self._running = set()

    async def create(self, ref, obj):
        space = obj["metadata"].get("namespace", "")
        return orjson.loads(await self.admin.create(ref.within(space), orjson.dumps(obj)))

    async def get(self, ref):
        try:
            return orjson.loads(await self.admin.get(ref))
        except ApiError as why:
            if why.reason == "NotFound":
                return None
            raise

    async def see(self, ref, condition):
        """Follow the collection until `condition(objects)` holds; what it is then."""
        informer = Informer(self.admin, ref)
        seen = asyncio.Event()
        informer.on_change(lambda old, new: seen.set())
        task = asyncio.create_task(informer.run())
        try:
            async with asyncio.timeout(SECONDS):
                await informer.synced()
                while not condition(informer.list()):
                    seen.clear()
                    await seen.wait()
            return informer.list()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def add_node(self, name):
        await self.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
        status = {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}}
        await self.admin.patch(NODES.of(name).sub("status"), orjson.dumps(status))
        spec = {"holderIdentity": name, "renewTime": now_text().replace("Z", ".000000Z")}
        metadata = {"name": name, "namespace": "kube-node-lease"}
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        await self.create(LEASES, lease)

    def on_pod(self, old, new):
        if new is None or (old is not None and not new["metadata"].get("deletionTimestamp")):
            return
        task = asyncio.ensure_future(self._serve(new))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, pod):
        metadata = pod["metadata"]
        ref = PODS.of(metadata["name"], metadata["namespace"])
        if metadata.get("deletionTimestamp"):
            await self._quietly(self.admin.delete(ref, grace_seconds=0))
            return
        bound = await self.admin.bind([Binding(metadata["namespace"], metadata["name"], metadata["uid"], "node-1")])
        if bound != [None]:
            return
        number = len(self.pods) + int(metadata["uid"][:2], 16) * 200
        address = f"10.244.{number // 250}.{number % 250 + 1}"
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": now_text()}
        status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [ready]}
        await self._quietly(self.admin.patch(ref.sub("status"), orjson.dumps({"status": status})))

    async def _quietly(self, call):
        try:
            await call
        except ApiError as why:
            assert why.reason in ("NotFound", "Conflict", "ServiceUnavailable"), why


@asynccontextmanager
async def cluster(folder):
    async with served(folder) as site:
        admin = GrpcClient.connect(site.pki.connection(site.server, "admin", ["system:masters"]))
        manager = GrpcClient.connect(site.pki.connection(site.server, "system:kube-controller-manager"))
        made = Cluster(admin)
        made.pods.on_change(made.on_pod)
        begun = asyncio.Event()
        config = Config(root_ca=site.pki.authority.certificate.decode())
        tasks = [
            asyncio.create_task(roster.run(lambda name: manager, config, started=begun.set)),
            asyncio.create_task(made.pods.run()),
        ]
        try:
            async with asyncio.timeout(SECONDS):
                await begun.wait()
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(admin.close(), manager.close())


def available(count):
    def check(deployments):
        statuses = [one.get("status") or {} for one in deployments if one["metadata"]["name"] == "web"]
        return [(one.get("availableReplicas"), one.get("updatedReplicas")) for one in statuses] == [(count, count)]

    return check


def endpoints(count):
    def check(slices):
        ours = [one for one in slices if one["metadata"]["namespace"] == "shop"]
        return sum(e["conditions"]["ready"] for one in ours for e in one.get("endpoints") or ()) == count

    return check


async def test_a_life_of_a_namespace_with_a_deployment_in_it(tmp_path):
    async with cluster(tmp_path) as made:
        await made.add_node("node-1")
        (node,) = await made.see(NODES, lambda nodes: nodes and nodes[0]["spec"].get("podCIDR"))
        assert node["spec"]["podCIDRs"] == [node["spec"]["podCIDR"]] == ["10.244.0.0/24"]

        await made.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        ours = CONFIG_MAPS.within("shop")
        (trust,) = await made.see(ours, lambda maps: maps)
        assert trust["data"]["ca.crt"].startswith("-----BEGIN CERTIFICATE-----")

        await made.create(SERVICES, SERVICE)
        await made.create(DEPLOYMENTS, deployment(replicas=6, namespace="shop"))
        await made.see(DEPLOYMENTS, available(6))
        await made.see(ENDPOINT_SLICES, endpoints(6))

        web = DEPLOYMENTS.of("web", "shop")
        image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:2"}]}}}}
        await made.admin.patch(web, orjson.dumps(image))
        await made.see(
            PODS,
            lambda pods: len(pods) == 6 and {pod["spec"]["containers"][0]["image"] for pod in pods} == {"nginx:2"},
        )
        await made.admin.patch(web.sub("scale"), b'{"spec":{"replicas":2}}')
        await made.see(DEPLOYMENTS, available(2))
        await made.see(ENDPOINT_SLICES, endpoints(2))
        owned = await made.see(REPLICA_SETS, lambda sets: len(sets) == 2)
        assert {one["metadata"]["ownerReferences"][0]["name"] for one in owned} == {"web"}

        await made.admin.delete(NAMESPACES.of("shop"))
        await made.see(NAMESPACES, lambda spaces: "shop" not in {one["metadata"]["name"] for one in spaces})
        assert await made.get(web) is None
        assert list((await made.admin.list(PODS)).items) == []


async def test_cascades_in_the_foreground_and_orphaning(tmp_path):
    async with cluster(tmp_path) as made:
        await made.add_node("node-1")
        for name in ("web", "kept"):
            await made.create(DEPLOYMENTS, deployment(name, replicas=2))
        pods = await made.see(PODS, lambda pods: sum(pod["status"]["phase"] == "Running" for pod in pods) == 4)
        assert len(pods) == 4
        await made.admin.delete(DEPLOYMENTS.of("web", "default"), propagation="Foreground")
        await made.see(DEPLOYMENTS, lambda left: [one["metadata"]["name"] for one in left] == ["kept"])
        left = [orjson.loads(item) for item in (await made.admin.list(PODS)).items]
        assert {pod["metadata"]["labels"]["app"] for pod in left} == {"kept"}
        await made.admin.delete(DEPLOYMENTS.of("kept", "default"), propagation="Orphan")
        await made.see(DEPLOYMENTS, lambda left: left == [])
        (one,) = await made.see(REPLICA_SETS, lambda sets: len(sets) == 1)
        assert "ownerReferences" not in one["metadata"]
        assert len((await made.admin.list(PODS)).items) == 2


def meant_for(hints):
    def check(slices):
        ours = [e for one in slices if one["metadata"]["namespace"] == "shop" for e in one.get("endpoints") or ()]
        return [each.get("hints") for each in ours] == [hints, hints]

    return check


async def test_endpoints_are_meant_for_their_node_and_zone(tmp_path):
    async with cluster(tmp_path) as made:
        await made.add_node("node-1")
        await made.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        await made.create(SERVICES, {**SERVICE, "spec": {**SERVICE["spec"], "trafficDistribution": "PreferSameNode"}})
        await made.create(DEPLOYMENTS, deployment(replicas=2, namespace="shop"))
        node = {"forNodes": [{"name": "node-1"}]}
        await made.see(ENDPOINT_SLICES, meant_for(node))
        zone = {"metadata": {"labels": {"topology.kubernetes.io/zone": "zone-a"}}}
        await made.admin.patch(NODES.of("node-1"), orjson.dumps(zone))
        await made.see(ENDPOINT_SLICES, meant_for({**node, "forZones": [{"name": "zone-a"}]}))
