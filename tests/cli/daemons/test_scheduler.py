"""`pyk8s scheduler` as a process of its own, against an API server in the test."""

import asyncio
import signal

import orjson
import pytest

from pyk8s.api.refs import LEASES, NODES, PODS, SERVICE_ACCOUNTS
from pyk8s.cli.daemons.scheduler import read
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.scheduler import ConfigInvalid
from tests.apiserver.served import served
from tests.cli.daemons.program import program
from tests.scheduler.makers import node_object, pod_object


async def fill(admin):
    """A node, a service account and a pod, as a cluster has them."""
    node, pod = node_object("n1"), pod_object("web", schedulerName="mine")
    for made in (node, pod):
        del made["metadata"]["uid"]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    await admin.create(SERVICE_ACCOUNTS.within("default"), orjson.dumps(account))
    await admin.create(NODES, orjson.dumps(node))
    await admin.patch(NODES.of("n1"), b'{"spec":{"taints":null}}')
    await admin.create(PODS.within("default"), orjson.dumps(pod))


async def test_it_says_when_it_works_works_and_ends_when_told(tmp_path):
    async with served(tmp_path) as site:
        settings = {"kubeconfig": str(site.kubeconfig("system:kube-scheduler", ())), "schedulerName": "mine"}
        admin = GrpcClient.connect(site.pki.connection(site.server, "admin", ["system:masters"]))
        await fill(admin)
        pods, placed = Informer(admin, PODS), asyncio.Event()
        pods.on_change(lambda old, new: placed.set() if new and new["spec"].get("nodeName") == "n1" else None)
        follow = asyncio.create_task(pods.run())
        lease = LEASES.of("kube-scheduler", "kube-system")
        try:
            async with program(tmp_path, "scheduler", settings) as (process, told):
                assert (await told.get())["READY"] == "1"
                assert orjson.loads(await admin.get(lease))["spec"]["holderIdentity"]
                await placed.wait()
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
            assert not orjson.loads(await admin.get(lease))["spec"].get("holderIdentity")
        finally:
            follow.cancel()
            await asyncio.gather(follow, return_exceptions=True)
            await admin.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kubeconfig: [", "scheduler.yaml"),
        ("- a", "is not a mapping"),
        ("clusterName: demo", "kubeconfig: name the file"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, said):
    config = tmp_path / "scheduler.yaml"
    config.write_text(text)
    with pytest.raises(ConfigInvalid, match=said):
        read(config)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigInvalid, match=r"scheduler\.yaml"):
        read(tmp_path / "scheduler.yaml")
