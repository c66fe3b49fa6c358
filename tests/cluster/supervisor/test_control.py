"""The control socket: both halves over a real socket, processes on fake hands."""

import asyncio

import pytest

from pyk8s.cluster.errors import SupervisorGone
from pyk8s.cluster.supervisor import control
from pyk8s.cluster.supervisor.control import Server
from pyk8s.cluster.supervisor.unit import State
from tests.cluster.supervisor.rig import Rig, unit


@pytest.fixture
async def rig(tmp_path):
    made = Rig(tmp_path)
    made.socket = tmp_path / "c"
    made.server = Server(made.supervisor, made.socket)
    listening = await made.server.open()
    yield made
    await made.supervisor.stop()
    listening.close()


async def test_only_the_owner_may_open_the_socket(rig):
    assert rig.socket.stat().st_mode & 0o777 == 0o600


async def test_list_names_every_process(rig):
    rig.write(unit("etcd"), unit("agent", node="node-1", role="node"))
    await control.ask(rig.socket, "apply")
    pid, reports = await control.list_reports(rig.socket)
    assert pid > 0
    assert [(report.name, report.role, report.node) for report in reports] == [
        ("agent", "node", "node-1"),
        ("etcd", "etcd", ""),
    ]


async def test_watch_tells_what_is_and_then_every_change(rig):
    rig.write(unit("etcd"))
    await control.ask(rig.socket, "apply")
    await rig.until("etcd", State.STARTING)
    async with asyncio.timeout(30):
        async for report in control.watch(rig.socket):
            if report.state is State.READY:
                break
            if report.pid:
                rig.tell_ready("etcd")
    assert report.name == "etcd"


async def test_restart_of_a_process_that_is_not_there_is_refused(rig):
    with pytest.raises(SupervisorGone, match="refused 'restart'"):
        await control.ask(rig.socket, "restart", unit="nobody")


@pytest.mark.parametrize("line", [b"nonsense\n", b"{}\n", b'{"do": 1}\n', b'{"do": "dance"}\n', b"\xff\xfe\n"])
async def test_a_question_that_makes_no_sense_is_answered_and_harms_nothing(rig, line):
    reader, writer = await asyncio.open_unix_connection(rig.socket)
    writer.write(line + b'{"do": "list"}\n')
    async with asyncio.timeout(30):
        assert b'"error"' in await reader.readline()
        assert b'"reports"' in await reader.readline()
    writer.close()


async def test_shutdown_stops_everything_and_then_says_so(rig):
    rig.write(unit("etcd"))
    await control.ask(rig.socket, "apply")
    await rig.ready("etcd")
    await control.ask(rig.socket, "shutdown", grace=1.0)
    assert rig.server.over.is_set()
    assert rig.supervisor.reports() == []


async def test_a_supervisor_that_is_gone_is_told_apart_from_one_that_refuses(tmp_path):
    with pytest.raises(SupervisorGone, match="does not answer"):
        await control.ask(tmp_path / "absent", "list")
    with pytest.raises(SupervisorGone, match="does not answer"):
        async for _ in control.watch(tmp_path / "absent"):
            pass
