"""Into pods and out of them: logs, exec, attach, cp, port-forward, by our command and by kubectl."""

import subprocess

import pytest

from tests.e2e.cluster import PYK8S, eventually, pod

pytestmark = pytest.mark.e2e


@pytest.fixture
def shell(cluster, image):
    """A pod `p` with a shell and a web server on 8080."""
    command = (
        "echo first; echo second >&2; mkdir -p /www; echo page > /www/index.html; httpd -p 8080 -h /www; sleep 3600"
    )
    cluster.apply(pod("p", command, image=image))
    cluster.wait("condition=Ready", "pod/p")
    return cluster


def both(cluster):
    """Our command and kubectl, as functions of the same words."""
    return [cluster, cluster.kubectl]


def test_logs_whole_last_lines_and_with_times(shell):
    for tool in both(shell):
        assert sorted(tool("logs", "p").split()) == ["first", "second"]
        assert len(tool("logs", "p", "--tail=1").split()) == 1
        assert tool("logs", "p", "--timestamps", "--tail=1")[:2] == "20"


def test_logs_of_the_run_before(cluster, image):
    cluster.apply(pod("p", "echo run $RANDOM; exit 1", image=image))
    cluster.wait("jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/p")
    for tool in both(cluster):
        assert tool("logs", "p", "--previous").startswith("run")


def test_following_logs_ends_with_the_container(cluster, image):
    command = "for i in 1 2 3; do echo line $i; sleep 0.2; done"
    cluster.apply(pod("p", command, image=image, restartPolicy="Never"))
    cluster.wait("create", "pod/p")
    for tool in both(cluster):
        eventually(lambda: cluster.field("pod/p", ".status.phase") != "Pending")
        assert tool("logs", "-f", "p") == "line 1\nline 2\nline 3\n"


def test_exec_carries_input_output_errors_and_the_exit_code(shell):
    for tool in both(shell):
        assert tool("exec", "p", "--", "echo", "hello") == "hello\n"
        assert tool("exec", "-i", "p", "--", "cat", input="from here\n") == "from here\n"
        tool("exec", "p", "--", "sh", "-c", "echo bad >&2; exit 7", code=7)
        assert "bad" in shell.machine.last.stderr


def test_exec_of_much_data_loses_no_byte(shell):
    data = bytes(range(256)) * 4096 * 4
    for tool in both(shell):
        assert tool("exec", "-i", "p", "--", "md5sum", input=data).split()[0] == _md5(data)
        got = tool("exec", "-i", "p", "--", "cat", input=data)
        assert got == data


def _md5(data):
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


def test_exec_with_a_terminal_has_one(shell):
    words = [
        "--cluster",
        shell.machine.name,
        "exec",
        "-n",
        shell.namespace,
        "-it",
        "p",
        "--",
        "sh",
        "-c",
        "tty; stty size",
    ]
    said = subprocess.run(
        ["script", "-qec", " ".join([PYK8S, *(f"'{word}'" for word in words)]), "/dev/null"],
        capture_output=True,
        text=True,
        timeout=60,
        env=shell.machine.environment | {"TERM": "xterm"},
        check=False,
    )
    assert "/dev/pts/" in said.stdout, said


def test_a_command_that_is_not_there_is_said(shell):
    for tool in both(shell):
        tool("exec", "p", "--", "no-such-program", code=None)
        assert shell.machine.last.returncode not in (0, None)
        assert "no-such-program" in shell.machine.last.stderr


def test_files_go_in_and_come_back(shell, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.bin").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "site" / "b.txt").write_text("hello")
    for number, tool in enumerate(both(shell)):
        tool("cp", str(tmp_path / "site"), f"p:/tmp/site{number}")
        tool("cp", f"p:/tmp/site{number}", str(tmp_path / f"back{number}"))
        assert (tmp_path / f"back{number}" / "a.bin").read_bytes() == bytes(range(256)) * 1000
        assert (tmp_path / f"back{number}" / "b.txt").read_text() == "hello"


@pytest.mark.parametrize("tool", ["pyk8s", "kubectl"])
def test_a_port_of_a_pod_under_localhost(shell, tool):
    machine = shell.machine
    if tool == "pyk8s":
        start = [PYK8S, "--cluster", machine.name, "port-forward", "-n", shell.namespace, "pod/p", ":8080"]
    else:
        start = [str(PYK8S).replace("pyk8s", "kubectl"), "--kubeconfig", str(machine.kubeconfig), "-n", shell.namespace]
        start += ["port-forward", "pod/p", ":8080"]
    running = subprocess.Popen(start, stdout=subprocess.PIPE, text=True, env=machine.environment)
    try:
        line = running.stdout.readline()
        address = line.split()[2]
        for _ in range(5):
            assert machine.run("-sf", "-m", "5", f"http://{address}/", program="curl") == "page\n"
    finally:
        running.terminate()
        running.wait(10)
        running.stdout.close()


def test_attach_shows_what_the_program_writes(cluster, image):
    command = "while read line; do echo got $line; done"
    made = pod("p", command, image=image, restartPolicy="Never")
    made["spec"]["containers"][0] |= {"stdin": True, "stdinOnce": True}
    cluster.apply(made)
    cluster.wait("condition=Ready", "pod/p")
    assert "got hello" in cluster("attach", "-i", "p", input="hello\n")
    cluster.wait("jsonpath={.status.phase}=Succeeded", "pod/p")


def test_run_with_input_shows_the_answer_and_removes_the_pod(cluster, image):
    said = cluster("run", "-i", "--rm", "p", f"--image={image}", "--command", "--", "cat", input="to and fro\n")
    assert "to and fro" in said
    assert cluster.json("get", "pods")["items"] == []
