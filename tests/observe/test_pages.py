import asyncio
import socket

import pytest

from pyk8s.observe import metrics
from pyk8s.observe.health import Health
from pyk8s.observe.pages import PATHS, address, pages_of, respond, serve, served

GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
WELL = Health(live={"ping": lambda: ""}, ready={"caches": lambda: ""})
STARTING = Health(live={"ping": lambda: ""}, ready={"caches": lambda: "not read yet"})


def ask(path, health=WELL, method=b"GET"):
    """(code, body) of an answer."""
    head, _, body = respond(method + b" " + path + b" HTTP/1.1\r\n\r\n", pages_of(health)).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), body.decode()


@pytest.mark.parametrize(
    ("path", "health", "answer"),
    [
        (b"/healthz", WELL, (200, "ok")),
        (b"/livez", WELL, (200, "ok")),
        (b"/readyz", WELL, (200, "ok")),
        (b"/readyz?verbose", WELL, (200, "[+]ping ok\n[+]caches ok\nreadyz check passed\n")),
        (b"/livez", STARTING, (200, "ok")),
        (b"/readyz", STARTING, (500, "[+]ping ok\n[-]caches failed: not read yet\nreadyz check failed\n")),
        (b"/nope", WELL, (404, PATHS)),
    ],
)
def test_pages(path, health, answer):
    assert ask(path, health) == answer


def test_only_reading_is_possible():
    assert ask(b"/healthz", method=b"POST")[0] == 405
    assert ask(b"/healthz", method=b"HEAD") == (200, "")
    assert respond(b"nonsense\r\n\r\n", pages_of(WELL)).startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")


def test_metrics_are_those_of_the_process():
    assert ask(b"/metrics") == (200, metrics.exposition().decode())


@pytest.mark.parametrize(
    ("text", "meant"),
    [("127.0.0.1:10248", ("127.0.0.1", 10248)), ("[::1]:0", ("::1", 0)), ("here:1", ("here", 1))],
)
def test_addresses(text, meant):
    assert address(text) == meant


@pytest.mark.parametrize("text", ["", "127.0.0.1", ":80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="is no address: write one such as"):
        address(text)


async def test_it_is_served_over_http_and_noise_is_hung_up_on():
    server = await serve(pages_of(WELL), "127.0.0.1", 0)
    where = server.sockets[0].getsockname()
    try:
        reader, writer = await asyncio.open_connection(*where)
        writer.write(GET % b"/healthz")
        assert (await asyncio.wait_for(reader.read(), 30)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        reader, writer = await asyncio.open_connection(*where)
        writer.write(b"x" * 20000)
        try:
            assert await asyncio.wait_for(reader.read(), 30) == b""
        except ConnectionError:
            pass  # it hung up with some of our noise unread
        writer.close()
    finally:
        server.close()


async def test_an_address_that_is_taken_keeps_nobody_from_work():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with served(pages_of(WELL), taken.getsockname()):
            pass
        async with served(pages_of(WELL), None):
            pass


async def test_it_is_served_meanwhile_and_no_longer():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = free.getsockname()
    async with served(pages_of(WELL), where):
        _, writer = await asyncio.open_connection(*where)
        writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*where)
