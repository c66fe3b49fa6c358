"""Waiting for nodes by watching them."""

import asyncio

import orjson
import pytest

from pyk8s.aio import clock
from pyk8s.api.refs import NODES
from pyk8s.client.fake import FakeClient
from pyk8s.cluster import readiness
from pyk8s.cluster.errors import StartFailed
from tests.virtual import virtual_time


def node(name, ready="True", message=""):
    condition = {"type": "Ready", "status": ready, "reason": "KubeletReady", "message": message}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name},
        "status": {"conditions": [condition]},
    }


async def put(client, made):
    """Create a node with its status."""
    await client.create(NODES, orjson.dumps(made))
    await client.patch(NODES.of(made["metadata"]["name"]).sub("status"), orjson.dumps({"status": made["status"]}))


@virtual_time
async def test_nodes_that_are_ready_already_are_not_waited_for():
    client = FakeClient()
    await put(client, node("node-1"))
    told = []
    await readiness.nodes_ready(client, ["node-1"], told.append, 5)
    assert told == ["node-1"]


@virtual_time
async def test_nodes_are_told_one_by_one_as_they_become_ready():
    client = FakeClient()
    told = []
    waiting = asyncio.ensure_future(readiness.nodes_ready(client, ["node-1", "node-2"], told.append, 60))
    await put(client, node("node-2"))
    await put(client, node("stranger"))
    await put(client, node("node-1", "False"))
    await clock.sleep(1)
    assert told == ["node-2"]
    await client.patch(NODES.of("node-1").sub("status"), orjson.dumps({"status": node("node-1")["status"]}))
    await waiting
    assert told == ["node-2", "node-1"]


@virtual_time
async def test_the_nodes_that_did_not_come_are_named_with_their_reason():
    client = FakeClient()
    await put(client, node("node-1", "False", "cni plugin not initialized"))
    with pytest.raises(StartFailed, match="node-1: cni plugin not initialized; node-2: it has not registered"):
        await readiness.nodes_ready(client, ["node-1", "node-2"], print, 5)
