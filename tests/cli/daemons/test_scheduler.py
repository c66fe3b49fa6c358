"""`pyk8s scheduler` as a process of its own, against an API server in the test."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson
import pytest
import yaml

from pyk8s.aio.notify import Listener
from pyk8s.api.refs import NODES, PODS, SERVICE_ACCOUNTS
from pyk8s.cli.daemons.scheduler import read
from pyk8s.client.grpc import GrpcClient
from pyk8s.client.informer import Informer
from pyk8s.scheduler import ConfigInvalid
from tests.apiserver.served import served
from tests.scheduler.makers import node_object, pod_object

PROGRAM = Path(sys.executable).parent / "pyk8s"
SECONDS = 30.0


async def start(folder, settings):
    """The process, and an event that is set once it says that it is ready."""
    config = folder / "scheduler.yaml"
    config.write_text(yaml.safe_dump(settings))
    is_ready = asyncio.Event()
    listener = Listener(folder / "notify", lambda told: is_ready.set() if told.get("READY") == "1" else None)
    listener.open()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        "scheduler",
        "--config",
        config,
        env={**os.environ, "NOTIFY_SOCKET": str(listener.path)},
        stderr=asyncio.subprocess.PIPE,
    )
    return process, is_ready, listener


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
        process, is_ready, listener = await start(tmp_path, settings)
        try:
            async with asyncio.timeout(SECONDS):
                await is_ready.wait()
                await placed.wait()
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
