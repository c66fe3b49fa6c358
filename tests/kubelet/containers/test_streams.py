"""Logs, exec, attach and port-forward through the node's own service."""

import asyncio
from pathlib import Path

import grpc
import pytest

from pyk8s.api.errors import ApiError
from pyk8s.client import streams as client
from pyk8s.gen.pyk8s.v1 import streams_pb2_grpc
from pyk8s.kubelet.logs.rotate import rotate
from pyk8s.kubelet.server.service import Streams
from tests.kubelet.agent import container, pod, waits_for

pytestmark = pytest.mark.containers


@pytest.fixture
async def door(node):
    """A client of the node's service, over a unix socket."""
    server = grpc.aio.server()
    kubelet = node.kubelet
    service = Streams(kubelet.pods, node.runtime, node.processes, kubelet.files, node.folder / "streams", frozenset())
    streams_pb2_grpc.add_StreamsServicer_to_server(service, server)
    address = f"unix:{node.folder}/door.sock"
    server.add_insecure_port(address)
    await server.start()
    channel = grpc.aio.insecure_channel(address)
    yield client.Streams(channel)
    await channel.close()
    await server.stop(0)


async def collect(session):
    """Everything a program wrote, by stream."""
    made = {"stdout": b"", "stderr": b""}
    async for name, data in session.output():
        made[name] += data
    return made["stdout"], made["stderr"], session.exit_code


def web(name="web", of=""):
    return client.Container("default", name, of)


async def test_a_program_runs_and_tells_its_exit_code(node, door):
    await node.ready(pod("web"))
    async with door.exec(web(), ["sh", "-c", "echo out; echo err >&2; exit 42"]) as session:
        assert await collect(session) == (b"out\n", b"err\n", 42)


async def test_input_ends_where_the_client_ends_it(node, door):
    await node.ready(pod("web"))
    async with door.exec(web(), ["sh", "-c", "cat; echo done"], stdin=True) as session:
        await session.send(b"hello ")
        await session.send(b"world\n")
        await session.close_stdin()
        assert await collect(session) == (b"hello world\ndone\n", b"", 0)


async def test_a_megabyte_goes_through_both_ways(node, door):
    await node.ready(pod("web"))
    data = bytes(range(256)) * 8192
    async with door.exec(web(), ["cat"], stdin=True) as session:

        async def send():
            for start in range(0, len(data), 65536):
                await session.send(data[start : start + 65536])
            await session.close_stdin()

        sending = asyncio.create_task(send())
        out, _, code = await collect(session)
        await sending
    assert (out == data, code) == (True, 0)


async def test_a_terminal_has_the_size_it_is_given(node, door):
    await node.ready(pod("web"))
    async with door.exec(web(), ["sh"], stdin=True, tty=True) as session:
        await session.resize(123, 45)
        await session.send(b"stty size; tty; echo $TERM; exit 3\n")
        out, _, code = await collect(session)
    assert b"45 123" in out
    assert b"/dev/" in out
    assert b"xterm" in out
    assert code == 3


async def test_a_program_that_is_not_there_is_an_error_in_words(node, door):
    await node.ready(pod("web"))
    with pytest.raises(ApiError, match="no/such/program"):
        async with door.exec(web(), ["/no/such/program"]) as session:
            await collect(session)


async def test_a_program_dies_with_the_client_that_started_it(node, door):
    await node.ready(pod("web"))
    async with door.exec(web(), ["sh", "-c", "echo up; exec sleep 98765"]) as session:
        async for _, data in session.output():
            assert data == b"up\n"
            break
    async with asyncio.timeout(30):
        while "98765" in await node.sh("web", "ps"):
            pass


async def test_which_container_must_be_clear(node, door):
    await node.ready(pod("web", more=[container("other")]))
    with pytest.raises(ApiError, match=r"choose one of: \[main other\]"):
        async with door.exec(web(), ["true"]) as session:
            await collect(session)
    with pytest.raises(ApiError, match="nothing is not valid for pod web"):
        async with door.exec(web(of="nothing"), ["true"]) as session:
            await collect(session)
    async with door.exec(web(of="other"), ["true"]) as session:
        assert (await collect(session))[2] == 0


async def test_a_pod_of_elsewhere_is_not_found(node, door):
    with pytest.raises(ApiError, match='pods "nobody" not found'):
        async with door.exec(web("nobody"), ["true"]) as session:
            await collect(session)


async def read(door, target, **options):
    chunks = [chunk async for chunk in door.logs(target, client.LogOptions(**options))]
    return b"".join(chunks).decode()


async def test_logs_in_part_and_in_full(node, door):
    await node.done(pod("web", "for i in 1 2 3 4 5; do echo line $i; done", restartPolicy="Never"))
    assert await read(door, web()) == "".join(f"line {i}\n" for i in range(1, 6))
    assert await read(door, web(), tail_lines=2) == "line 4\nline 5\n"
    assert await read(door, web(), limit_bytes=8) == "line 1\nl"
    assert await read(door, web(), since_time="2999-01-01T00:00:00Z") == ""
    first = (await read(door, web(), timestamps=True)).splitlines()[0]
    assert first.endswith("Z line 1") or "+00:00 line 1" in first


async def test_following_a_log_ends_with_the_container(node, door):
    script = "for i in 1 2 3; do echo $i; sleep 0.3; done"
    await node.create(pod("web", script, restartPolicy="Never"))
    await node.until("web", lambda found: node.worker("web") and node.view("web"))
    assert await read(door, web(), follow=True) == "1\n2\n3\n"


async def test_the_log_of_the_instance_before(node, door):
    await node.create(pod("web", "echo run $(date +%N); exit 1"))
    await node.until("web", waits_for("CrashLoopBackOff"))
    newest, previous = await read(door, web()), await read(door, web(), previous=True)
    assert newest == previous  # the one that ended last is both: there is none running
    await node.ready(pod("fine"))
    with pytest.raises(ApiError, match='previous terminated container "main" in pod "fine" not found'):
        await read(door, web("fine"), previous=True)


async def test_a_log_that_was_rotated_is_followed(node, door):
    await node.ready(pod("web", "trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done"))
    view = node.view("web")
    seen: list[int] = []
    rotated = False
    async for chunk in door.logs(web(), client.LogOptions(follow=True)):
        seen += [int(each) for each in chunk.split()]
        if len(seen) > 10 and not rotated:
            rotated = await rotate(node.runtime, view.id, Path(view.log_path), 10, 3)
        if len(seen) > 40:
            break
    assert rotated
    assert seen == list(range(1, len(seen) + 1))
    assert len(list(Path(view.log_path).parent.glob("0.log*"))) == 2


async def test_a_port_of_a_pod_is_reached(node, door):
    script = "echo hi > /tmp/index.html; exec httpd -f -p 127.0.0.1:8080 -h /tmp"
    probe = {
        "readinessProbe": {
            "exec": {"command": ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]},
            "periodSeconds": 1,
        }
    }
    await node.ready(pod("web", script, container=probe))
    async with door.port_forward(web(), 8080) as tunnel:
        await tunnel.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = b"".join([data async for data in tunnel.received()])
    assert answer.endswith(b"hi\n")


async def test_a_port_nobody_serves_is_an_error_in_words(node, door):
    await node.ready(pod("web"))
    with pytest.raises(ApiError, match="cannot connect to port 81"):
        async with door.port_forward(web(), 81) as tunnel:
            [data async for data in tunnel.received()]


async def test_attaching_joins_the_program_and_its_input_can_end(node, door):
    await node.ready(pod("web", "cat; echo over; sleep 1", container={"stdin": True, "stdinOnce": True}))
    async with door.attach(web(), stdin=True) as session:
        await session.send(b"hello\n")
        await session.close_stdin()
        out, _, _ = await collect(session)
    assert out == b"hello\nover\n"


async def test_attaching_to_a_terminal(node, door):
    await node.ready(pod("web", "exec sh", container={"stdin": True, "tty": True}))
    async with door.attach(web(), stdin=True, tty=True) as session:
        await session.resize(99, 33)
        await session.send(b"stty size; exit\n")
        out, _, _ = await collect(session)
    assert b"33 99" in out


async def test_a_large_input_reaches_an_attached_program_whole(node, door):
    await node.ready(pod("web", "wc -c", container={"stdin": True, "stdinOnce": True}, restartPolicy="Never"))
    async with door.attach(web(), stdin=True) as session:
        for _ in range(100):
            await session.send(b"x" * 10_000)
        await session.close_stdin()
        out, _, _ = await collect(session)
    assert out.strip() == b"1000000"
