"""Health check node ports: what is answered, and on real sockets."""

import asyncio
import json
import socket
from contextlib import suppress

import pytest

from pyk8s.proxy.balancers import Check, Checks, answer, plan_check
from tests.proxy.services import at, endpoint_slice, service

BALANCED = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "healthCheckNodePort": 32000}


def test_the_endpoints_of_this_node_that_are_ready_are_counted_once():
    slices = [
        endpoint_slice("web", at("10.244.0.5"), at("10.244.0.6", ready=False), at("10.244.1.6", "there")),
        endpoint_slice("web", at("10.244.0.5"), at("fd44::5"), name="again"),
    ]
    assert plan_check(service(**BALANCED), slices, "here") == Check(32000, 2)


@pytest.mark.parametrize(
    "change",
    [{"type": "NodePort"}, {"externalTrafficPolicy": "Cluster"}, {"healthCheckNodePort": 0}],
)
def test_nobody_asks_for_other_services(change):
    assert plan_check(service(**(BALANCED | change)), [], "here") is None
    assert plan_check(None, [], "here") is None


@pytest.mark.parametrize(("local", "well", "status"), [(1, True, 200), (0, True, 503), (2, False, 503)])
def test_the_answer_is_kube_proxys(local, well, status):
    page = answer("shop/web", Check(32000, local), well=well)
    assert page.status == status
    assert json.loads(page.body) == {
        "service": {"namespace": "shop", "name": "web"},
        "localEndpoints": local,
        "serviceProxyHealthy": well,
    }
    assert f"X-Load-Balancing-Endpoint-Weight: {local}" in page.headers


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as made:
        return made.getsockname()[1]


async def ask(port, host="127.0.0.1"):
    async with asyncio.timeout(20):
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0)
                continue
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            said = await reader.read()
            writer.close()
            return said


async def test_ports_come_follow_and_go():
    checks, port = Checks(lambda: ["127.0.0.1"], lambda: True), free_port()
    task = asyncio.create_task(checks.keep())
    checks.want("shop/web", Check(port, 1))
    assert (await ask(port)).startswith(b"HTTP/1.1 200")
    checks.want("shop/web", Check(port, 0))
    assert (await ask(port)).startswith(b"HTTP/1.1 503")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def refused(port):
    """Wait until nobody answers at `port`."""
    async with asyncio.timeout(20):
        with suppress(ConnectionRefusedError):
            while True:
                with suppress(ConnectionResetError):  # closed while we came
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()


async def test_a_port_that_is_asked_for_no_more_is_closed():
    checks, ports = Checks(lambda: ["127.0.0.1"], lambda: True), [free_port(), free_port()]
    task = asyncio.create_task(checks.keep())
    checks.want("shop/web", Check(ports[0], 1))
    assert (await ask(ports[0])).startswith(b"HTTP/1.1 200")
    checks.want("shop/web", Check(ports[1], 1))
    assert (await ask(ports[1])).startswith(b"HTTP/1.1 200")
    await refused(ports[0])
    checks.want("shop/web", None)
    await refused(ports[1])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_port_that_somebody_has_ends_nothing():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        checks, port = Checks(lambda: ["127.0.0.1"], lambda: True), free_port()
        task = asyncio.create_task(checks.keep())
        checks.want("shop/a", Check(taken.getsockname()[1], 1))
        checks.want("shop/b", Check(port, 1))
        assert (await ask(port)).startswith(b"HTTP/1.1 200")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_one_address_that_cannot_be_had_keeps_no_other_from_it_and_addresses_are_followed():
    hosts, port = ["127.0.0.1", "192.0.2.77"], free_port()
    checks = Checks(lambda: hosts, lambda: True)
    task = asyncio.create_task(checks.keep())
    try:
        checks.want("shop/wrong", Check(70000, 1))
        checks.want("shop/web", Check(port, 1))
        assert (await ask(port)).startswith(b"HTTP/1.1 200")
        hosts[:] = ["127.0.0.2"]
        checks.look()
        assert (await ask(port, "127.0.0.2")).startswith(b"HTTP/1.1 200")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
