"""`pyk8s control-plane` as a process of its own, on a store in memory."""

import asyncio
import signal

import orjson
import pytest

from pyk8s.api.configuration import ConfigInvalid
from pyk8s.api.refs import NODES, PODS, SERVICE_ACCOUNTS
from pyk8s.cli.daemons.control_plane import read
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.wire.kubeconfig import Connection
from tests.apiserver.served import Pki
from tests.cli.daemons.program import document, ends_with_a_sentence, grpc_address, program
from tests.scheduler.makers import node_object, pod_object


def parts(pki, **apiserver):
    return {"apiserver": document(pki) | apiserver, "controllers": {}, "scheduler": {}}


async def place(admin):
    """Make a node and a pod; return once the controllers have made the account and the scheduler has placed the pod."""
    accounts, pods = Informer(admin, SERVICE_ACCOUNTS), Informer(admin, PODS)
    made, placed = asyncio.Event(), asyncio.Event()
    accounts.on_change(lambda old, new: made.set() if new and new["metadata"]["namespace"] == "default" else None)
    pods.on_change(lambda old, new: placed.set() if new and new["spec"].get("nodeName") == "n1" else None)
    tasks = [asyncio.create_task(each.run()) for each in (accounts, pods)]
    try:
        node, pod = node_object("n1"), pod_object("web", tolerations=[{"operator": "Exists"}])
        for each in (node, pod):
            del each["metadata"]["uid"]
        await made.wait()
        await admin.create(NODES, orjson.dumps(node))
        await admin.create(PODS.within("default"), orjson.dumps(pod))
        await placed.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_it_serves_then_tells_that_the_other_two_work_too(tmp_path):
    pki = Pki.make(tmp_path)
    pair = pki.authority.issue("admin", ["system:masters"])
    async with program(tmp_path, "control-plane", parts(pki)) as (process, told):
        first = await told.get()
        assert first["READY"] == "1"
        assert "at work" in (await told.get())["STATUS"]
        ca = pki.authority.certificate
        admin = GrpcClient.connect(Connection("", grpc_address(first), ca, pair.certificate, pair.key))
        try:
            await place(admin)
        finally:
            await admin.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_it_can_be_ended_while_it_waits_for_its_store(tmp_path):
    pki = Pki.make(tmp_path)
    asked = asyncio.Event()
    mute = await asyncio.start_server(lambda *_: asked.set(), "127.0.0.1", 0)
    endpoint = f"https://127.0.0.1:{mute.sockets[0].getsockname()[1]}"
    files = {"caFile": f"{tmp_path}/ca.crt", "certFile": f"{tmp_path}/ca.crt", "keyFile": f"{tmp_path}/ca.key"}
    settings = parts(pki, etcd={"endpoints": [endpoint], **files})
    async with mute, program(tmp_path, "control-plane", settings) as (process, told):
        await asked.wait()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in (0, -signal.SIGTERM)
        assert told.empty()


async def test_a_wrong_setting_of_a_part_ends_it_with_a_sentence(tmp_path):
    settings = parts(Pki.make(tmp_path)) | {"scheduler": {"schedulerName": ""}}
    async with program(tmp_path, "control-plane", settings) as (process, _):
        assert "schedulerName" in await ends_with_a_sentence(process)


@pytest.mark.parametrize("part", ["apiserver", "controllers", "scheduler"])
def test_a_part_that_is_missing_is_named(tmp_path, part):
    config = tmp_path / "control-plane.yaml"
    config.write_bytes(orjson.dumps({"apiserver": {}, "controllers": {}, "scheduler": {}} | {part: None}))
    with pytest.raises(ConfigInvalid, match=f"{part}: is missing"):
        read(config)
