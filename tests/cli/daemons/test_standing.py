"""What a program that leads or waits tells about itself."""

import asyncio
import socket

import pytest

from pyk8s.aio.notify import VARIABLE, Listener
from pyk8s.api.configuration import ConfigInvalid
from pyk8s.cli.daemons.standing import Standing


@pytest.fixture
def where():
    """A free address, as a setting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


async def ask(where, path):
    """The whole answer."""
    reader, writer = await asyncio.open_connection(*where.split(":"))
    writer.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer.decode()


@pytest.mark.parametrize("step", ["at_work", "waiting"])
async def test_it_is_ready_once_it_works_or_waits(where, step):
    standing = Standing("scheduling")
    async with standing.pages({"healthzBindAddress": where}):
        assert (await ask(where, "/healthz")).startswith("HTTP/1.1 200")
        before = await ask(where, "/readyz")
        assert before.startswith("HTTP/1.1 500")
        assert "[-]scheduling failed: not yet" in before
        getattr(standing, step)()
        assert (await ask(where, "/readyz")).startswith("HTTP/1.1 200")
        assert "# TYPE" in await ask(where, "/metrics")


async def test_whoever_started_it_is_told_each_time(tmp_path, monkeypatch):
    told = asyncio.Queue()
    listener = Listener(tmp_path / "notify", told.put_nowait)
    listener.open()
    monkeypatch.setenv(VARIABLE, str(listener.path))
    standing = Standing("scheduling")
    try:
        standing.waiting()
        standing.at_work()
        assert [(await told.get())["STATUS"] for _ in range(2)] == ["waiting to lead", "scheduling"]
    finally:
        listener.close()


@pytest.mark.parametrize("settings", [{}, {"healthzBindAddress": ""}, {"healthzBindAddress": None}])
async def test_nothing_is_served_when_no_address_is_said(settings):
    async with Standing("scheduling").pages(settings):
        pass


@pytest.mark.parametrize("said", ["10251", "here", 10251])
def test_what_is_no_address_is_named(said):
    with pytest.raises(ConfigInvalid, match="healthzBindAddress: "):
        Standing("scheduling").pages({"healthzBindAddress": said})
