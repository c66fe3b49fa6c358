"""One question to a container, over real sockets on the loopback."""

import asyncio
import contextlib

import grpc
import pytest

from pyk8s.kubelet.probes.check import NoAnswer, Target, ask_grpc, ask_http, ask_tcp, port_number
from pyk8s.kubelet.spec.container import Grpc, HttpGet, HttpHeader, TcpSocket
from tests.kubelet.values import make_pod

CONTAINER = make_pod({"name": "web", "ports": [{"name": "http", "containerPort": 80}]}).spec.containers[0]
HERE = Target("c", "127.0.0.1", CONTAINER)


@contextlib.asynccontextmanager
async def serving(answer):
    """A server that reads a request's head, notes it, and writes `answer`."""
    heads = []

    async def serve(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(answer)
            await writer.drain()
        if answer:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heads
    finally:
        server.close()


@pytest.mark.parametrize(
    ("line", "ok"),
    [
        (b"HTTP/1.1 200 OK", True),
        (b"HTTP/1.0 204 No Content", True),
        (b"HTTP/1.1 302 Found", True),
        (b"HTTP/1.1 399 Odd", True),
        (b"HTTP/1.1 400 Bad", False),
        (b"HTTP/1.1 503 Busy", False),
        (b"HTTP/1.1 199 Early", False),
        (b"SSH-2.0-OpenSSH", False),
        (b"HTTP/1.1", False),
    ],
)
async def test_a_status_from_200_to_399_is_well(line, ok):
    async with serving(line + b"\r\nContent-Length: 0\r\n\r\n") as (port, _):
        assert (await ask_http(HttpGet(port=port), HERE, 5)).ok is ok


async def test_what_is_asked():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heads):
        headers = [HttpHeader("X-Own", "1"), HttpHeader("Host", "example.org")]
        await ask_http(HttpGet(port=port, path="healthz?full=1", http_headers=headers), HERE, 5)
    lines = heads[0].split("\r\n")
    assert lines[0] == "GET /healthz?full=1 HTTP/1.1"
    assert "X-Own: 1" in lines
    assert "Host: example.org" in lines
    assert "User-Agent: kube-probe/1.37" in lines


async def test_a_header_cannot_smuggle_another_request():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heads):
        answer = await ask_http(HttpGet(port=port, http_headers=[HttpHeader("A", "b\r\n\r\nGET /x")]), HERE, 5)
    assert not answer.ok
    assert heads == []


async def test_no_answer_in_time_is_a_failure():
    async with serving(b"") as (port, _):
        answer = await ask_http(HttpGet(port=port), HERE, 0.05)
    assert "deadline exceeded" in answer.message


async def test_nobody_there_is_a_failure():
    for answer in (await ask_http(HttpGet(port=1), HERE, 5), await ask_tcp(TcpSocket(port=1), HERE, 5)):
        assert not answer.ok
        assert "connection refused" in answer.message


async def test_an_ipv6_address_is_asked_and_named_in_brackets():
    there = Target("c", "::1", CONTAINER)
    for answer in (await ask_http(HttpGet(port=1), there, 5), await ask_tcp(TcpSocket(port=1), there, 5)):
        assert not answer.ok
        assert "[::1]:1" in answer.message


async def test_being_accepted_is_enough_for_a_connection():
    async with serving(b"") as (port, _):
        assert (await ask_tcp(TcpSocket(port=port), HERE, 5)).ok


def test_ports_have_names():
    assert port_number("http", CONTAINER) == 80
    assert port_number("8080", CONTAINER) == 8080
    assert port_number(9, CONTAINER) == 9
    with pytest.raises(NoAnswer, match="no port is called 'none'"):
        port_number("none", CONTAINER)


@pytest.mark.parametrize(
    ("reply", "service", "ok"),
    [(b"\x08\x01", "", True), (b"\x08\x01", "web", True), (b"\x08\x02", "", False), (b"", "", False)],
)
async def test_a_grpc_service_says_how_it_is(reply, service, ok):
    asked = []

    async def check(request, context):
        asked.append(request)
        return reply

    handler = grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        assert (await ask_grpc(Grpc(port=port, service=service), HERE, 5)).ok is ok
    finally:
        await server.stop(0)
    assert asked == [b"\x0a\x03web" if service else b""]


async def test_no_grpc_service_is_a_failure():
    assert "service unhealthy" in (await ask_grpc(Grpc(port=1), HERE, 2)).message
