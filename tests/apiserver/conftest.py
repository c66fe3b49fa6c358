import orjson
import pytest

from pyk8s.api.refs import PODS
from pyk8s.apiserver.local import LocalClient
from pyk8s.apiserver.request import User
from tests.apiserver.agent import agent, node, pod
from tests.apiserver.served import served


@pytest.fixture
async def cluster(tmp_path):
    """A whole API server and kubectl."""
    async with served(tmp_path) as made:
        yield made


@pytest.fixture
async def staffed(cluster):
    """(cluster, node agent): a node whose agent answers, with the pods `web` and `pair` on it."""
    async with agent(cluster.pki.folder, cluster.pki.authority) as (made, port):
        admin = LocalClient(cluster.server.handler, User("admin", ("system:masters",)), cluster.server.resources)
        resources = cluster.server.resources
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "default", "namespace": "default"},
        }
        for obj in (node(port), account, pod(), pod("pair", ("one", "two"))):
            row = resources.by_kind(obj["apiVersion"], obj["kind"])
            await admin.create(row.ref(obj["metadata"].get("namespace", "")), orjson.dumps(obj))
        for name in ("web", "pair"):
            running = orjson.dumps({"status": {"phase": "Running"}})
            await admin.patch(PODS.of(name, "default").sub("status"), running)
        yield cluster, made
