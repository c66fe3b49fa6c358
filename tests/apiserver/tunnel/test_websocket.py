"""WebSockets as other clients than kubectl open them: the v4 protocol, wrong protocols, clients that vanish."""

import asyncio

import aiohttp
import orjson
import pytest

from tests.wire.clients import client_context

EXEC = "/api/v1/namespaces/default/pods/web/exec"


@pytest.fixture
async def client(staffed):
    """(HTTPS client of the administrator, node agent)."""
    cluster, agent = staffed
    files = cluster.pki.authority.issue("root", ["system:masters"]).write(cluster.pki.folder, "root")
    context = client_context(cluster.pki.authority.certificate, *files)
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{cluster.server.ports.https}", connector=connector) as made:
        yield made, agent


def command(*words, **more):
    given = [("command", word) for word in words]
    return [*given, *((key, "true") for key in ("stdout", "stderr", *more))]


async def read(websocket):
    """All messages until the server closes, by channel."""
    found = {}
    async with asyncio.timeout(30):
        async for message in websocket:
            found[message.data[0]] = found.get(message.data[0], b"") + message.data[1:]
    return found


@pytest.mark.parametrize("protocol", ["v4.channel.k8s.io", "v5.channel.k8s.io"])
async def test_exec_over_both_protocols(client, protocol):
    session, _ = client
    params = command("sh", "-c", "echo out; echo err >&2; exit 3")
    async with session.ws_connect(EXEC, params=params, protocols=[protocol]) as websocket:
        assert websocket.protocol == protocol
        found = await read(websocket)
    assert (found[1], found[2]) == (b"out\n", b"err\n")
    status = orjson.loads(found[3])
    assert status["details"]["causes"] == [{"reason": "ExitCode", "message": "3"}]


async def test_the_protocol_that_the_client_likes_best_is_taken(client):
    session, _ = client
    protocols = ["v9.channel.k8s.io", "v5.channel.k8s.io", "v4.channel.k8s.io"]
    async with session.ws_connect(EXEC, params=command("true"), protocols=protocols) as websocket:
        assert websocket.protocol == "v5.channel.k8s.io"


async def test_standard_input_and_the_size_of_the_terminal_go_in(client):
    session, agent = client
    params = command("head", "-c", "5", stdin=True)
    async with session.ws_connect(EXEC, params=params, protocols=["v4.channel.k8s.io"]) as websocket:
        await websocket.send_bytes(b'\x04{"Width":100,"Height":40}')
        await websocket.send_bytes(b"\x00hello")
        found = await read(websocket)
    assert found[1] == b"hello"
    assert orjson.loads(found[3])["status"] == "Success"
    assert (agent.asked[-1].width, agent.asked[-1].height) == (100, 40)


async def test_the_end_of_standard_input_is_told_in_v5(client):
    session, _ = client
    params = command("cat", stdin=True)
    async with session.ws_connect(EXEC, params=params, protocols=["v5.channel.k8s.io"]) as websocket:
        await websocket.send_bytes(b"\x00data")
        await websocket.send_bytes(b"\xff\x00")
        assert (await read(websocket))[1] == b"data"


async def test_a_program_ends_when_its_client_vanishes(client):
    session, agent = client
    params = command("cat", stdin=True)
    websocket = await session.ws_connect(EXEC, params=params, protocols=["v5.channel.k8s.io"])
    await websocket.send_bytes(b"\x00x")
    assert (await websocket.receive_bytes(timeout=30)) == b"\x01"
    assert (await websocket.receive_bytes(timeout=30)) == b"\x01x"
    await websocket.close()
    await asyncio.wait_for(agent.killed.wait(), 30)


REFUSED = [
    (EXEC, command("ls"), ["v9.channel.k8s.io"], 400),
    (EXEC, [("stdout", "true")], ["v5.channel.k8s.io"], 400),
    (EXEC, [("command", "ls")], ["v5.channel.k8s.io"], 400),
    (EXEC.replace("web", "ghost"), command("ls"), ["v5.channel.k8s.io"], 404),
    (EXEC.replace("web", "pair"), command("ls"), ["v5.channel.k8s.io"], 400),
    (EXEC.replace("exec", "portforward"), [], ["v4.channel.k8s.io"], 400),
]


@pytest.mark.parametrize(("path", "params", "protocols", "code"), REFUSED)
async def test_what_cannot_be_opened_is_refused_before_the_upgrade(client, path, params, protocols, code):
    session, _ = client
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(path, params=params, protocols=protocols)
    assert caught.value.status == code


async def test_a_tunnel_that_is_no_spdy_is_closed(client):
    session, _ = client
    path = EXEC.replace("exec", "portforward")
    async with session.ws_connect(path, protocols=["SPDY/3.1+portforward.k8s.io"]) as websocket:
        await websocket.send_bytes(b"GET / HTTP/1.1\r\n\r\n")
        message = await websocket.receive(timeout=30)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
