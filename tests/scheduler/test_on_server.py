"""The scheduler against a real API server with its real roles, on a real etcd, over gRPC."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import orjson
import pytest

from pyk8s.api.refs import EVENTS, NODES, PODS, SERVICE_ACCOUNTS
from pyk8s.apiserver.app import ApiServer
from pyk8s.apiserver.local import LocalClient
from pyk8s.apiserver.request import User
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.scheduler import Config, run
from tests.apiserver.served import Pki
from tests.scheduler.makers import node_object, pod_object
from tests.storage.etcd import running_etcd

pytestmark = pytest.mark.programs

DEFAULT = PODS.within("default")
SECONDS = 60


class Site:
    """An API server, a client with all rights, and the pods as they are."""

    def __init__(self, server, pki):
        self.server, self.pki = server, pki
        self.admin = LocalClient(server.handler, User("admin", ("system:masters",)), server.resources)
        self.pods = Informer(self.admin, PODS)
        self._changed = asyncio.Event()
        self.pods.on_change(lambda old, new: self._changed.set())

    async def until(self, condition):
        async with asyncio.timeout(SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def nodes(self, count, **more):
        for n in range(count):
            made = node_object(f"n{n}", **more)
            del made["metadata"]["uid"]
            await self.admin.create(NODES, orjson.dumps(made))
            # Admission taints a node that has not said that it is ready.
            await self.admin.patch(NODES.of(f"n{n}"), b'{"spec":{"taints":null}}')

    async def create(self, name, **more):
        made = pod_object(name, **more)
        del made["metadata"]["uid"]
        await self.admin.create(DEFAULT, orjson.dumps(made))

    @asynccontextmanager
    async def scheduler(self, **config):
        """A scheduler with its own certificate; killed without a word when the context is left."""
        client = GrpcClient.connect(self.pki.connection(self.server, "system:kube-scheduler"))
        task = asyncio.create_task(run(client, Config(**config)))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await client.close()

    def on(self):
        """How many pods each node has."""
        return Counter(pod["spec"].get("nodeName", "") for pod in self.pods.list())


@pytest.fixture
async def site(tmp_path):
    (tmp_path / "etcd").mkdir()
    with running_etcd(tmp_path / "etcd") as etcd:
        pki = Pki.make(tmp_path)
        async with ApiServer(pki.settings(), await etcd.connect()) as server:
            made = Site(server, pki)
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            await made.admin.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(account))
            following = asyncio.create_task(made.pods.run())
            await made.pods.synced()
            yield made
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def test_pods_get_nodes_and_those_that_do_not_are_told_why(site):
    await site.nodes(2, cpu="2")
    async with site.scheduler():
        for name in "abcd":
            await site.create(name, cpu="1")
        await site.until(lambda: site.on() == {"n0": 2, "n1": 2})
        await site.create("e", cpu="1")
        told = "0/2 nodes are available: 2 Insufficient cpu."

        def is_told():
            conditions = (site.pods.get("default/e") or {}).get("status", {}).get("conditions") or []
            return any(one["type"] == "PodScheduled" and one.get("message") == told for one in conditions)

        await site.until(is_told)
        await site.admin.delete(DEFAULT.of("a"), grace_seconds=0)
        await site.until(lambda: site.on() == {"n0": 2, "n1": 2})
    events = [orjson.loads(body) for body in (await site.admin.list(EVENTS)).items]
    assert {one["reason"] for one in events} >= {"Scheduled", "FailedScheduling"}


async def test_killed_in_the_middle_of_binding_it_loses_and_doubles_nothing(site):
    await site.nodes(4, cpu="20")
    for n in range(85):
        await site.create(f"p{n:02d}", cpu="1")
    for round_ in range(3):
        async with site.scheduler(batch=5, calls=2):
            await site.until(lambda wanted=15 * (round_ + 1): 85 - site.on()[""] >= wanted)
    async with site.scheduler():
        await site.until(lambda: site.on()[""] <= 5)
    assert site.on() == {"n0": 20, "n1": 20, "n2": 20, "n3": 20, "": 5}
