"""The node's program: its configuration, its parts, its readiness."""

import asyncio

import pytest
import yaml

from pyk8s.aio.notify import VARIABLE, Listener
from pyk8s.api.configuration import ConfigInvalid
from pyk8s.cli.daemons import node
from pyk8s.wire import kubeconfig

SETTINGS = {"nodeName": "n", "nodeIP": "127.0.0.1", "kubeconfig": "/none"}


def write(folder, settings):
    path = folder / "node.yaml"
    path.write_text(settings if isinstance(settings, str) else yaml.safe_dump(settings))
    return path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{ not: [yaml", "node.yaml"),
        ("just text", "is not a mapping of settings"),
        ({"nodeIP": "x", "kubeconfig": "y"}, "nodeName: is missing"),
        ({"nodeName": "x", "kubeconfig": "y"}, "nodeIP: is missing"),
        ({"nodeName": "x", "nodeIP": "y"}, "kubeconfig: is missing"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_named(tmp_path, settings, words):
    with pytest.raises(ConfigInvalid, match=words):
        node.read(write(tmp_path, settings))


def test_a_configuration_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigInvalid, match=r"none\.yaml"):
        node.read(tmp_path / "none.yaml")


def test_what_is_said_is_read(tmp_path):
    assert node.read(write(tmp_path, SETTINGS)) == SETTINGS


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "kubeconfig"
    connection = kubeconfig.Connection("https://127.0.0.1:1", grpc_address="127.0.0.1:1", ca=b"", cert=b"", key=b"")
    kubeconfig.write(path, connection, name="c")
    return {**SETTINGS, "kubeconfig": str(path)}


async def test_readiness_is_told_once_every_part_is_at_work(tmp_path, settings, monkeypatch):
    told = asyncio.Event()
    listener = Listener(tmp_path / "notify", lambda fields: told.set() if fields.get("READY") else None)
    listener.open()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "notify"))
    gates = {name: asyncio.Event() for name in ("one", "two")}

    async def part(name, at_work):
        await gates[name].wait()
        at_work.set()
        await asyncio.Event().wait()

    parts = {
        "one": lambda settings, client, at_work: part("one", at_work),
        "two": lambda settings, client, at_work: part("two", at_work),
    }
    monkeypatch.setattr(node, "PARTS", parts)
    serving = asyncio.create_task(node.serve(settings, ("one", "two")))
    try:
        gates["one"].set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not told.is_set()
        gates["two"].set()
        async with asyncio.timeout(5):
            await told.wait()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        listener.close()


async def test_a_part_that_fails_is_started_again_and_the_others_go_on(settings, monkeypatch):
    runs, steady = [], []
    again = asyncio.Event()

    async def fails(settings, client, at_work):
        runs.append(1)
        if len(runs) == 2:
            again.set()
        raise RuntimeError("no")

    async def goes_on(settings, client, at_work):
        steady.append(1)
        await asyncio.Event().wait()

    monkeypatch.setattr(node, "PARTS", {"fails": fails, "goes on": goes_on})
    serving = asyncio.create_task(node.serve(settings, ("fails", "goes on")))
    try:
        async with asyncio.timeout(10):
            await again.wait()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    assert len(steady) == 1


async def test_network_and_proxy_tell_that_they_are_at_work_and_not_before(monkeypatch):
    """A node that says it is ready before its rules are written loses the first packets of its pods."""
    from pyk8s import proxy
    from pyk8s.network import agent

    async def run(client, config, *, started):
        assert not at_work.is_set()
        started()

    for room, part in ((agent, "network"), (proxy, "proxy")):
        at_work = asyncio.Event()
        monkeypatch.setattr(room, "run", run)
        await node.PARTS[part](SETTINGS, None, at_work)
        assert at_work.is_set()


@pytest.mark.parametrize(
    ("part", "wrong", "words"),
    [
        ("kubelet", {"nodeIP": "here"}, "nodeIP"),
        ("network", {"network": {"backend": "pigeons"}}, "network.backend"),
        ("proxy", {"proxy": {"mode": "pigeons"}}, "proxy.mode"),
    ],
)
def test_a_part_that_cannot_be_as_it_is_told_ends_the_node_before_it_begins(tmp_path, monkeypatch, part, wrong, words):
    """Started again and again, it would only fill the log."""
    monkeypatch.setattr(node.asyncio, "run", lambda work: pytest.fail("it began"))
    path = write(tmp_path, {**SETTINGS, **wrong})
    with pytest.raises(ConfigInvalid, match=rf"node\.yaml: .*{words}"):
        node.start(path, (part,))
