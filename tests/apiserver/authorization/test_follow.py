"""Rules and graph follow the store, through a real cache on a store in memory."""

import orjson
import pytest

from pyk8s.apiserver.authorization.follow import follow
from pyk8s.apiserver.authorization.graph import Graph
from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.authorization.values import Attributes
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.storage import keys
from pyk8s.storage.memory import MemoryStore
from tests.apiserver.makers import ALICE, RESOURCES

RBAC = "rbac.authorization.k8s.io"
ROLE = {"metadata": {"name": "r"}, "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}
BINDING = {
    "metadata": {"name": "b"},
    "roleRef": {"kind": "ClusterRole", "name": "r"},
    "subjects": [{"kind": "User", "name": "alice"}],
}
POD = {
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"nodeName": "n", "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]},
}


class Cluster:
    """A store, a started cache, and what follows it."""

    def __init__(self):
        self.store = MemoryStore()
        self.cacher = Cacher(self.store)
        self.rbac, self.graph = Rbac(), Graph()

    async def put(self, group, plural, name, obj, namespace=""):
        key = keys.key(group, plural, namespace, name)
        held, _ = await self.store.get(key)
        body = orjson.dumps(obj)
        if held is None:
            await self.store.create(key, body)
        else:
            await self.store.update(key, body, expected=held.revision)
        assert await self.cacher.fresh()

    async def remove(self, group, plural, name, namespace=""):
        await self.store.delete(keys.key(group, plural, namespace, name))
        assert await self.cacher.fresh()

    async def allowed(self):
        asked = Attributes(verb="get", resource="pods", namespace="shop")
        return (await self.rbac.decide(ALICE, asked)).allowed


@pytest.fixture
async def cluster():
    made = Cluster()
    await made.cacher.start()
    yield made
    await made.cacher.close()
    await made.store.close()


async def test_what_was_there_before_counts(cluster):
    await cluster.put(RBAC, "clusterroles", "r", ROLE)
    await cluster.put(RBAC, "clusterrolebindings", "b", BINDING)
    follow(cluster.cacher, RESOURCES, cluster.rbac, cluster.graph)
    assert await cluster.allowed()


async def test_what_comes_and_goes_later_counts_too(cluster):
    follow(cluster.cacher, RESOURCES, cluster.rbac, cluster.graph)
    await cluster.put(RBAC, "clusterrolebindings", "b", BINDING)
    assert not await cluster.allowed()
    await cluster.put(RBAC, "clusterroles", "r", ROLE)
    assert await cluster.allowed()
    await cluster.put(RBAC, "clusterroles", "r", ROLE | {"rules": []})
    assert not await cluster.allowed()
    await cluster.put(RBAC, "clusterroles", "r", ROLE)
    await cluster.remove(RBAC, "clusterrolebindings", "b")
    assert not await cluster.allowed()


async def test_the_graph_follows_pods_claims_volumes_and_attachments(cluster):
    follow(cluster.cacher, RESOURCES, cluster.rbac, cluster.graph)
    graph = cluster.graph
    await cluster.put("", "pods", "web", POD, "shop")
    assert graph.runs("n", "shop", "web")
    await cluster.put("", "persistentvolumeclaims", "data", {"spec": {"volumeName": "pv"}}, "shop")
    assert graph.needs("n", "persistentvolumes", "", "pv")
    secret = {"name": "s", "namespace": "v"}
    await cluster.put("", "persistentvolumes", "pv", {"spec": {"csi": {"nodeStageSecretRef": secret}}})
    assert graph.needs("n", "secrets", "v", "s")
    await cluster.put("storage.k8s.io", "volumeattachments", "a", {"spec": {"nodeName": "n"}})
    assert graph.attached("n", "a")
    await cluster.remove("storage.k8s.io", "volumeattachments", "a")
    await cluster.remove("", "pods", "web", "shop")
    assert not graph.attached("n", "a")
    assert not graph.runs("n", "shop", "web")
    assert not graph.needs("n", "persistentvolumes", "", "pv")
