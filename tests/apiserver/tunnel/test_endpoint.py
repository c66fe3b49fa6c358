"""From a request to an open stream, with a real agent at the other end."""

import socket

import pytest

from pyk8s.apiserver.tunnel.endpoint import Tunnel
from pyk8s.apiserver.tunnel.kubelets import Credentials, Kubelets
from pyk8s.gen.pyk8s.v1 import streams_pb2 as pb
from pyk8s.wire.pki import Authority
from tests.apiserver.agent import agent, node, pod
from tests.apiserver.makers import refused, request


class World:
    """Objects by (plural, namespace, name), an agent, and a tunnel to it."""

    def __init__(self, agent, port, kubelets):
        self.agent = agent
        web = pod()
        self.objects = {("nodes", "", "node-1"): node(port), ("pods", "default", "web"): web}
        self.kubelets = kubelets
        self.tunnel = Tunnel(self.find, kubelets)

    async def find(self, plural, namespace, name):
        return self.objects.get((plural, namespace, name))

    def ask(self, subresource, name="web", **parameters):
        given = {key: value if isinstance(value, list) else [value] for key, value in parameters.items()}
        made = request("get", "pods", namespace="default", name=name, subresource=subresource, parameters=given)
        return self.tunnel.handle(made)


@pytest.fixture
async def world(tmp_path):
    authority = Authority.create("test")
    ca, _ = authority.pair.write(tmp_path, "ca")
    files = authority.issue("kube-apiserver-kubelet-client").write(tmp_path, "client")
    kubelets = Kubelets(Credentials.read(ca, *files))
    async with agent(tmp_path, authority) as (made, port):
        yield World(made, port, kubelets)
        await kubelets.close()


async def test_a_log(world):
    answer = await world.ask("log", tailLines="2")
    assert b"".join([chunk async for chunk in answer.chunks]) == b"line 2\nline 3\n"


async def test_the_log_of_a_pod_on_no_node_is_empty(world):
    world.objects["pods", "default", "new"] = pod("new", node_name="")
    answer = await world.ask("log", name="new")
    assert b"".join([chunk async for chunk in answer.chunks]) == b""


async def test_exec(world):
    connected = await world.ask("exec", command=["sh", "-c", "cat; exit 3"], stdin="1", stdout="1")
    session = connected.open(0)
    await session.send(pb.StreamFrame(stdin=b"hello"))
    await session.send(pb.StreamFrame(stdin_closed=True))
    frames = [frame async for frame in session.frames()]
    assert frames == [pb.StreamFrame(stdout=b"hello"), pb.StreamFrame(result=pb.Result(exit_code=3))]
    await session.send(pb.StreamFrame(stdin=b"late"))  # the stream is over: taken silently


async def test_a_session_that_is_closed_ends_its_reader(world):
    connected = await world.ask("exec", command=["cat"], stdin="1", stdout="1")
    session = connected.open(0)
    await session.send(pb.StreamFrame(stdin=b"x"))
    async for _ in session.frames():
        session.close()
    assert world.agent.asked[0].command == ["cat"]


async def test_portforward(world):
    connected = await world.ask("portforward")
    session = connected.open(80)
    await session.send(pb.PortFrame(data=b"hello"))
    await session.send(pb.PortFrame(closed=True))
    assert [frame async for frame in session.frames()] == [pb.PortFrame(data=b"HELLO"), pb.PortFrame(closed=True)]


@pytest.mark.parametrize("port", [0, 65_536, -1])
async def test_a_port_that_is_none_is_refused(world, port):
    connected = await world.ask("portforward")

    async def open_it():
        connected.open(port)

    assert (await refused(open_it())).code == 400


async def test_what_is_not_there_is_said(world):
    assert (await refused(world.ask("log", name="ghost"))).message == 'pods "ghost" not found'
    del world.objects["nodes", "", "node-1"]
    assert (await refused(world.ask("log"))).message == 'nodes "node-1" not found'


async def test_a_pod_that_is_done_is_not_entered(world):
    world.objects["pods", "default", "web"]["status"] = {"phase": "Succeeded"}
    assert (await refused(world.ask("exec", command="ls", stdout="1"))).code == 400


async def test_another_subresource_is_not_served(world):
    assert (await refused(world.ask("proxy"))).code == 405


async def test_an_agent_that_shows_another_name_is_not_trusted(world, tmp_path):
    (tmp_path / "x").mkdir()
    stranger = Authority.create("test")
    stranger.pair.write(tmp_path / "x", "ca")
    async with agent(tmp_path / "x", stranger) as (_, port):
        world.objects["nodes", "", "node-1"] = node(port)
        answer = await world.ask("log")

        async def read():
            return [chunk async for chunk in answer.chunks]

        assert (await refused(read())).code == 503


@pytest.mark.parametrize("kind", ["log", "exec", "portforward"])
async def test_a_node_whose_agent_does_not_listen_is_named(world, kind):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        world.objects["nodes", "", "node-1"] = node(port)
        answer = await world.ask(kind, **({"command": "ls", "stdout": "1"} if kind == "exec" else {}))

        async def read():
            frames = answer.chunks if kind == "log" else answer.open(80).frames()
            return [frame async for frame in frames]

        said = (await refused(read())).message
    assert said.startswith(f"the kubelet of node node-1 cannot be reached: 127.0.0.1:{port}: ")
    assert "refused" in said


async def test_a_channel_is_kept_for_a_node_until_it_moves(world):
    here = world.objects["nodes", "", "node-1"]
    world.kubelets.stub(here)
    first = world.kubelets._channels["node-1"]
    world.kubelets.stub(here)
    assert world.kubelets._channels["node-1"] is first
    world.kubelets.stub(node(1))
    assert world.kubelets._channels["node-1"][0] == "127.0.0.1:1"
    world.kubelets.forget("node-1")
    assert world.kubelets._channels == {}
