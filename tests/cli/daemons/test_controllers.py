"""`pyk8s controllers` as a process of its own, against an API server in the test."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
import yaml

from pyk8s.aio.notify import Listener
from pyk8s.api.refs import NODES
from pyk8s.cli.daemons.controllers import read
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.controllers.config import ConfigInvalid
from tests.apiserver.served import served

PROGRAM = Path(sys.executable).parent / "pyk8s"
SECONDS = 30.0


async def start(folder, settings):
    """The process, and an event that is set once it says that it is ready."""
    config = folder / "controllers.yaml"
    config.write_text(yaml.safe_dump(settings))
    is_ready = asyncio.Event()
    listener = Listener(folder / "notify", lambda told: is_ready.set() if told.get("READY") == "1" else None)
    listener.open()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "controllers",
        "--config",
        config,
        env={**os.environ, "NOTIFY_SOCKET": str(listener.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    return process, is_ready, listener


async def test_it_says_when_it_works_works_and_ends_when_told(tmp_path):
    async with served(tmp_path) as site:
        kubeconfig = site.kubeconfig("system:kube-controller-manager", ())
        settings = {"kubeconfig": str(kubeconfig), "rootCAFile": str(tmp_path / "ca.crt"), "clusterCIDR": "10.9.0.0/16"}
        process, is_ready, listener = await start(tmp_path, settings)
        admin = GrpcClient.connect(site.pki.connection(site.server, "admin", ["system:masters"]))
        nodes = Informer(admin, NODES)
        given = asyncio.Event()
        nodes.on_change(lambda old, new: given.set() if new and new["spec"].get("podCIDR") else None)
        follow = asyncio.create_task(nodes.run())
        try:
            async with asyncio.timeout(SECONDS):
                await is_ready.wait()
                await admin.create(NODES, b'{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1"}}')
                await given.wait()
                assert nodes.get("node-1")["spec"]["podCIDR"] == "10.9.0.0/24"
                process.send_signal(signal.SIGTERM)
                assert await process.wait() == 0
        finally:
            follow.cancel()
            await asyncio.gather(follow, return_exceptions=True)
            await admin.close()
            listener.close()
            if process.returncode is None:
                process.kill()
                await process.wait()


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
    process, _, listener = await start(tmp_path, settings)
    async with asyncio.timeout(SECONDS):
        _, err = await process.communicate()
    listener.close()
    assert process.returncode == 1
    assert b"clusterCidr: no such setting" in err
    assert b"Traceback" not in err
