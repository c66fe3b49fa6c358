"""`pyk8s apiserver` as a process of its own."""

import asyncio
import signal

import orjson

from pyk8s.api.refs import NAMESPACES
from pyk8s.client.grpc import GrpcClient
from pyk8s.wire.kubeconfig import Connection
from tests.apiserver.served import Pki
from tests.cli.daemons.program import document, ends_with_a_sentence, grpc_address, program


async def test_it_says_when_it_serves_serves_and_ends_when_told(tmp_path):
    pki = Pki.make(tmp_path)
    async with program(tmp_path, "apiserver", document(pki)) as (process, told):
        ready = await told.get()
        assert ready["READY"] == "1"
        pair = pki.authority.issue("admin", ["system:masters"])
        connection = Connection("", grpc_address(ready), pki.authority.certificate, pair.certificate, pair.key)
        client = GrpcClient.connect(connection)
        names = [orjson.loads(one)["metadata"]["name"] for one in (await client.list(NAMESPACES)).items]
        assert "kube-system" in names
        await client.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_wrong_setting_ends_it_with_a_sentence(tmp_path):
    settings = document(Pki.make(tmp_path)) | {"colour": "red"}
    async with program(tmp_path, "apiserver", settings) as (process, _):
        assert "colour" in await ends_with_a_sentence(process)


async def test_it_can_be_ended_while_it_waits_for_its_store(tmp_path):
    pki = Pki.make(tmp_path)
    asked = asyncio.Event()
    mute = await asyncio.start_server(lambda *_: asked.set(), "127.0.0.1", 0)
    endpoint = f"https://127.0.0.1:{mute.sockets[0].getsockname()[1]}"
    files = {"caFile": f"{tmp_path}/ca.crt", "certFile": f"{tmp_path}/ca.crt", "keyFile": f"{tmp_path}/ca.key"}
    settings = document(pki) | {"etcd": {"endpoints": [endpoint], **files}, "logLevel": "debug"}
    async with mute, program(tmp_path, "apiserver", settings) as (process, told):
        await asked.wait()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in (0, -signal.SIGTERM)
        assert told.empty()
