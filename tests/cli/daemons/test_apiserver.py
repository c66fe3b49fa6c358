"""`pyk8s apiserver` as a process of its own."""

import asyncio
import os
import re
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import orjson
import yaml

from pyk8s.aio.notify import Listener
from pyk8s.api.refs import NAMESPACES
from pyk8s.client.grpc import GrpcClient
from pyk8s.wire.kubeconfig import Connection
from tests.apiserver.served import Pki

PROGRAM = Path(sys.executable).parent / "pyk8s"
SECONDS = 30.0


@asynccontextmanager
async def program(folder, settings):
    """(process, queue of what it tells whoever started it)."""
    config = folder / "apiserver.yaml"
    config.write_text(yaml.safe_dump(settings))
    told = asyncio.Queue()
    listener = Listener(folder / "notify", told.put_nowait)
    listener.open()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "apiserver",
        "--config",
        config,
        env={**os.environ, "NOTIFY_SOCKET": str(listener.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process, told
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        listener.close()


def document(pki):
    """The settings as their file holds them."""
    return orjson.loads(msgspec.json.encode(pki.settings(), enc_hook=str))


async def test_it_says_when_it_serves_serves_and_ends_when_told(tmp_path):
    pki = Pki.make(tmp_path)
    async with program(tmp_path, document(pki)) as (process, told):
        ready = await told.get()
        assert ready["READY"] == "1"
        port = re.search(r"gRPC on port (\d+)", ready["STATUS"])[1]
        pair = pki.authority.issue("admin", ["system:masters"])
        connection = Connection("", f"127.0.0.1:{port}", pki.authority.certificate, pair.certificate, pair.key)
        client = GrpcClient.connect(connection)
        names = [orjson.loads(one)["metadata"]["name"] for one in (await client.list(NAMESPACES)).items]
        assert "kube-system" in names
        await client.close()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def test_a_wrong_setting_ends_it_with_a_sentence(tmp_path):
    settings = document(Pki.make(tmp_path)) | {"colour": "red"}
    async with program(tmp_path, settings) as (process, _):
        said = (await process.stderr.read()).decode()
        assert await process.wait() != 0
    assert "colour" in said
    assert "Traceback" not in said


async def test_it_can_be_ended_while_it_waits_for_its_store(tmp_path):
    pki = Pki.make(tmp_path)
    asked = asyncio.Event()
    mute = await asyncio.start_server(lambda *_: asked.set(), "127.0.0.1", 0)
    endpoint = f"https://127.0.0.1:{mute.sockets[0].getsockname()[1]}"
    files = {"caFile": f"{tmp_path}/ca.crt", "certFile": f"{tmp_path}/ca.crt", "keyFile": f"{tmp_path}/ca.key"}
    settings = document(pki) | {"etcd": {"endpoints": [endpoint], **files}, "logLevel": "debug"}
    async with mute, program(tmp_path, settings) as (process, told):
        await asked.wait()
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in (0, -signal.SIGTERM)
        assert told.empty()
