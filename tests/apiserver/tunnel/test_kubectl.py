"""kubectl's own streams, through the API server, to an agent."""

import asyncio
import re

import pytest

pytestmark = pytest.mark.programs


async def test_logs(staffed):
    cluster, _ = staffed
    assert (await cluster.kubectl("logs", "web")).out == "line 1\nline 2\nline 3\n"
    assert (await cluster.kubectl("logs", "web", "--tail=1")).out == "line 3\n"


async def test_a_log_is_asked_for_as_the_flags_say(staffed):
    cluster, agent = staffed
    words = ("--since=1m", "--timestamps", "--previous", "--limit-bytes=100", "-c", "two")
    assert (await cluster.kubectl("logs", "pair", *words)).code == 0
    asked = agent.asked[-1]
    assert (asked.since_seconds, asked.timestamps, asked.previous, asked.limit_bytes) == (60, True, True, 100)
    assert (asked.pod.name, asked.pod.container) == ("pair", "two")
    assert agent.callers == {"kube-apiserver-kubelet-client"}


async def test_a_followed_log_comes_as_it_is_written(staffed):
    cluster, _ = staffed
    async with cluster.running("logs", "-f", "web") as process:
        lines = [await asyncio.wait_for(process.stdout.readline(), 30) for _ in range(3)]
    assert lines[-1] == b"line 3\n"


async def test_exec_carries_output_and_exit_code(staffed):
    cluster, agent = staffed
    outcome = await cluster.kubectl("exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (outcome.out, outcome.code) == ("out\n", 7)
    assert "err" in outcome.err
    assert "exit code 7" in outcome.err
    assert agent.asked[-1].pod.uid


async def test_exec_reads_standard_input_to_its_end(staffed):
    cluster, _ = staffed
    text = "".join(f"{number}\n" for number in range(20_000))
    outcome = await cluster.kubectl("exec", "-i", "web", "--", "cat", stdin=text)
    assert outcome.out == text
    assert outcome.code == 0


async def test_a_program_that_is_not_there_is_said(staffed):
    cluster, _ = staffed
    outcome = await cluster.kubectl("exec", "web", "--", "/no/such/program")
    assert outcome.code != 0
    assert "cannot start" in outcome.err


async def test_attach(staffed):
    cluster, agent = staffed
    await cluster.kubectl("attach", "web")
    assert agent.asked[-1].pod.name == "web"


async def test_cp_both_ways(staffed, tmp_path):
    cluster, _ = staffed
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_bytes(bytes(range(256)) * 2_000)
    sent = await cluster.kubectl("cp", str(tmp_path / "file"), f"web:{tmp_path}/there/file")
    assert (sent.code, sent.err) == (0, "")
    back = await cluster.kubectl("cp", f"web:{tmp_path}/there/file", str(tmp_path / "back"))
    assert back.code == 0
    assert (tmp_path / "back").read_bytes() == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize("connections", [1, 5])
async def test_port_forward_carries_connections_side_by_side(staffed, connections):
    cluster, agent = staffed

    async def talk(port, number):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        payload = f"hello {number} ".encode() * 30_000
        writer.write(payload)
        writer.write_eof()
        answer = await reader.read(-1)
        writer.close()
        return answer == payload.upper()

    async with cluster.running("port-forward", "pod/web", ":80") as process:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        port = int(re.search(r"127\.0\.0\.1:(\d+) -> 80", line)[1])
        async with asyncio.timeout(30):
            assert all(await asyncio.gather(*(talk(port, number) for number in range(connections))))
    assert agent.asked[-1].port == 80


async def test_port_forward_tells_what_went_wrong_in_the_pod(staffed):
    cluster, _ = staffed
    async with cluster.running("port-forward", "pod/web", ":1") as process:
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        port = int(re.search(r"127\.0\.0\.1:(\d+) -> 1", line)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await asyncio.wait_for(reader.read(-1), 30) == b""
        writer.close()
        async with asyncio.timeout(30):
            while b"nobody listens" not in await process.stderr.readline():
                pass


async def test_which_container_is_asked_when_there_are_several(staffed):
    cluster, agent = staffed
    assert (await cluster.kubectl("logs", "pair")).code == 0
    assert agent.asked[-1].pod.container == "one"
    outcome = await cluster.kubectl("logs", "pair", "-c", "three")
    assert "container three is not valid for pod pair" in outcome.err


async def test_the_refusal_of_a_node_reaches_the_user(staffed):
    cluster, _ = staffed
    await cluster.kubectl("run", "silent", "--image=x", '--overrides={"spec":{"nodeName":"node-1"}}')
    assert "waiting to start" in (await cluster.kubectl("logs", "silent")).err


async def test_nobody_enters_a_pod_without_the_right_to(staffed):
    cluster, _agent = staffed
    await cluster.kubectl("create", "clusterrole", "reader", "--verb=get", "--resource=pods,pods/exec,pods/log")
    await cluster.kubectl("create", "clusterrolebinding", "reader", "--clusterrole=reader", "--user=bob")
    bob = cluster.kubeconfig("bob", ())
    assert (await cluster.kubectl("logs", "web", config=bob)).code == 0
    outcome = await cluster.kubectl("exec", "web", "--", "ls", config=bob)
    assert 'cannot create resource "pods/exec"' in outcome.err
