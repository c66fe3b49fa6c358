"""`pyk8s controllers` as a process of its own, against an API server in the test."""

import asyncio
import signal

import orjson
import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.api.refs import LEASES, NODES
from pyk8s.cli.daemons.controllers import read
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from tests.apiserver.served import served
from tests.cli.daemons.program import ends_with_a_sentence, program


async def test_it_says_when_it_works_works_and_ends_when_told(tmp_path):
    async with served(tmp_path) as site:
        kubeconfig = site.kubeconfig("system:kube-controller-manager", ())
        settings = {"kubeconfig": str(kubeconfig), "rootCAFile": str(tmp_path / "ca.crt"), "clusterCIDR": "10.9.0.0/16"}
        settings["healthzBindAddress"] = "127.0.0.1:0"
        admin = GrpcClient.connect(site.pki.connection(site.server, "admin", ["system:masters"]))
        nodes = Informer(admin, NODES)
        given = asyncio.Event()
        nodes.on_change(lambda old, new: given.set() if new and new["spec"].get("podCIDR") else None)
        follow = asyncio.create_task(nodes.run())
        lease = LEASES.of("kube-controller-manager", "kube-system")
        try:
            async with program(tmp_path, "controllers", settings) as (process, told):
                assert (await told.get())["READY"] == "1"
                assert orjson.loads(await admin.get(lease))["spec"]["holderIdentity"]
                await admin.create(NODES, b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"}}')
                await given.wait()
                assert nodes.get("node-1")["spec"]["podCIDR"] == "10.9.0.0/24"
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
        ("kubeconfig: [", "controllers.yaml"),
        ("- a", "is not a mapping"),
        ("clusterName: demo", "kubeconfig: name the file"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, said):
    config = tmp_path / "controllers.yaml"
    config.write_text(text)
    with pytest.raises(ConfigInvalid, match=said):
        read(config)


async def test_a_wrong_setting_ends_it_with_a_sentence(tmp_path):
    settings = {"kubeconfig": "/nowhere", "clusterCidr": "10.0.0.0/8"}
    async with program(tmp_path, "controllers", settings) as (process, _):
        assert "clusterCidr: no such setting" in await ends_with_a_sentence(process)
