import asyncio
import json
import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pyk8s.network.program import LIMIT
from pyk8s.network.server import Workers, listen, serve, split
from tests.network.fakes import FakeHands

VERSION = b"CNI_COMMAND=VERSION\0\0"


def call(path, message, descriptor=None):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(10)
        caller.connect(str(path))
        if descriptor is None:
            caller.sendall(message)
        else:
            socket.send_fds(caller, [message], [descriptor])
        caller.shutdown(socket.SHUT_WR)
        parts = []
        while part := caller.recv(65536):
            parts.append(part)
        return b"".join(parts)


class Served:
    def __init__(self, folder):
        self.path = folder / "cni.sock"
        self.hands = FakeHands(folder, "/ns/1")

    async def __aenter__(self):
        self.workers = Workers(lambda netlink: self.hands)
        self.listener = listen(self.path)
        self.task = asyncio.create_task(serve(self.listener, self.workers))
        self.pool = ThreadPoolExecutor(8)
        return self

    async def ask(self, message, descriptor=None):
        return await asyncio.get_running_loop().run_in_executor(self.pool, call, self.path, message, descriptor)

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.listener.close()
        await asyncio.to_thread(self.workers.close)
        self.pool.shutdown()


async def test_a_call_is_answered_with_an_exit_code_and_output(tmp_path):
    async with Served(tmp_path) as served:
        answer = await served.ask(VERSION + b'{"cniVersion":"1.0.0"}')
        assert answer[0] == 0
        assert json.loads(answer[1:])["cniVersion"] == "1.0.0"


async def test_an_error_is_an_exit_code_of_1_and_its_json(tmp_path):
    async with Served(tmp_path) as served:
        answer = await served.ask(b"CNI_COMMAND=MEND\0\0{}")
        assert (answer[0], json.loads(answer[1:])["code"]) == (1, 4)


def opened(file):
    """How many descriptors of this process are of `file`."""
    return sum(each.is_symlink() and os.path.realpath(each) == str(file) for each in Path("/proc/self/fd").iterdir())


async def test_a_namespace_travels_as_a_descriptor_and_is_closed_again(tmp_path):
    environment = b"CNI_COMMAND=ADD\0CNI_CONTAINERID=c1\0CNI_IFNAME=eth0\0CNI_PATH=/bin\0CNI_NETNS=/elsewhere\0\0"
    (tmp_path / "namespace").touch()
    descriptor = os.open(tmp_path / "namespace", os.O_RDONLY)
    async with Served(tmp_path) as served:
        answer = await served.ask(environment + b'{"cniVersion":"1.0.0","type":"loopback"}', descriptor)
        os.close(descriptor)
        assert json.loads(answer[1:])["interfaces"][0]["sandbox"] == "/elsewhere"
        (seen,) = served.hands.loopbacks.up
        assert seen.startswith("/proc/self/fd/")
        assert opened(tmp_path / "namespace") == 0


async def test_many_callers_at_once_are_all_answered(tmp_path):
    async with Served(tmp_path) as served:
        answers = await asyncio.gather(*(served.ask(VERSION + b'{"cniVersion":"0.4.0"}') for _ in range(40)))
        assert {answer[0] for answer in answers} == {0}


@pytest.mark.parametrize("message", [b"", b"no end of variables", b"A=1\0\0" + b" " * (LIMIT + (65 << 10))])
async def test_a_caller_that_makes_no_sense_is_hung_up_on_and_the_next_is_served(tmp_path, message):
    async with Served(tmp_path) as served:
        try:
            assert await served.ask(message) == b""
        except ConnectionError:
            pass  # we stopped reading before it had said all
        assert (await served.ask(VERSION + b"{}"))[0] == 0


async def test_only_root_may_connect_and_a_dead_agents_socket_is_replaced(tmp_path):
    stale = listen(tmp_path / "cni.sock")
    stale.close()
    async with Served(tmp_path) as served:
        assert stat.S_IMODE(served.path.stat().st_mode) == 0o600
        assert (await served.ask(VERSION + b"{}"))[0] == 0
        assert [file.name for file in tmp_path.iterdir() if file.name.endswith("sock") or ".sock." in file.name] == [
            "cni.sock"
        ]


NAMES = some.text(some.characters(exclude_characters="=\0", codec="ascii"), min_size=1)
VALUES = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(some.dictionaries(NAMES, VALUES), some.binary())
def test_variables_and_input_come_apart_as_they_were_put_together(environment, document):
    message = b"".join(f"{name}={value}".encode() + b"\0" for name, value in environment.items()) + b"\0" + document
    assert split(message) == (environment, document)
