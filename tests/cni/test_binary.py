"""The thin program: what it imports, what it carries, when it stays alone."""

import ast
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from pyk8s.kernel.netns.run import entered
from tests.kernel.spaces import spaces

BINARY = Path(__file__).parents[2] / "cni" / "binary.py"
ENVIRONMENT = {"CNI_COMMAND": "VERSION", "CNI_ARGS": "A=1", "PATH": os.environ["PATH"], "SECRET": "not yours"}


ALONE = ("/var/lib/cni", sys.executable, str(BINARY.parent / "alone.py"))


def run(path, document=b'{"cniVersion":"1.0.0"}', **environment):
    words = [sys.executable, "-IS", str(BINARY), str(path), *ALONE]
    return subprocess.run(words, input=document, env=ENVIRONMENT | environment, capture_output=True, timeout=60)


@contextmanager
def agent(path, *answers):
    """Somebody on the socket who takes what comes and gives `answers`, one a caller; yields what came."""
    heard = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve():
            for answer in answers:
                caller, _ = listener.accept()
                with caller:
                    parts, rights = [], []
                    while True:
                        part, descriptors, _, _ = socket.recv_fds(caller, 65536, 4)
                        rights += descriptors
                        if not part:
                            break
                        parts.append(part)
                    heard.append((b"".join(parts), [os.fstat(each).st_ino for each in rights]))
                    for each in rights:
                        os.close(each)
                    if answer is not None:
                        caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield heard
        thread.join(30)


def test_it_imports_only_what_is_built_into_the_interpreter():
    imported = set()
    for node in ast.walk(ast.parse(BINARY.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        assert not isinstance(node, ast.ImportFrom)
    assert imported == {"sys", "posix", "_socket"}


def test_it_carries_the_variables_the_input_and_the_namespace(tmp_path):
    (tmp_path / "netns").touch()
    with agent(tmp_path / "s", b"\x00{}") as heard:
        done = run(tmp_path / "s", b"input", CNI_NETNS=str(tmp_path / "netns"))
    ((message, rights),) = heard
    variables, _, document = message.partition(b"\0\0")
    assert document == b"input"
    assert set(variables.split(b"\0")) == {
        b"CNI_COMMAND=VERSION",
        b"CNI_ARGS=A=1",
        f"CNI_NETNS={tmp_path}/netns".encode(),
    }
    assert rights == [(tmp_path / "netns").stat().st_ino]
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{}", b"")


def test_a_namespace_that_is_gone_is_not_carried(tmp_path):
    with agent(tmp_path / "s", b"\x00") as heard:
        run(tmp_path / "s", CNI_NETNS=str(tmp_path / "gone"))
    assert heard[0][1] == []


@pytest.mark.parametrize("answer", [b"\x00result", b'\x01{"code":7}'])
def test_the_answer_is_the_exit_code_and_the_output(tmp_path, answer):
    with agent(tmp_path / "s", answer):
        done = run(tmp_path / "s")
    assert (done.returncode, done.stdout) == (answer[0], answer[1:])


def test_long_input_and_long_answers_arrive_whole(tmp_path):
    document, result = os.urandom(700_000), os.urandom(900_000)
    with agent(tmp_path / "s", b"\x00" + result) as heard:
        done = run(tmp_path / "s", document)
    assert heard[0][0].endswith(b"\0\0" + document)
    assert done.stdout == result


@pytest.mark.parametrize("trouble", ["no socket", "nobody listens", "hung up"])
def test_without_an_answer_it_answers_alone_and_loses_no_input(tmp_path, trouble):
    path = tmp_path / "s"
    if trouble == "hung up":
        with agent(path, None):
            done = run(path)
    else:
        if trouble == "nobody listens":
            with socket.socket(socket.AF_UNIX) as stale:
                stale.bind(str(path))
        done = run(path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["cniVersion"] == "1.0.0"


CONF = b"""{"cniVersion": "1.0.0", "name": "net", "type": "pyk8s-cni",
"ipam": {"type": "host-local", "dataDir": "%s", "subnet": "10.9.0.0/24"}}"""


@pytest.mark.kernel
def test_an_add_that_an_agent_ended_over_is_done_again_from_the_start(tmp_path):
    """What that agent left half-made is taken away first; a second ADD of the runtime's own is refused."""
    path = tmp_path / "s"
    document = CONF % str(tmp_path / "networks").encode()
    with spaces(2) as (host, pod), entered(host):
        (tmp_path / "networks" / "net").mkdir(parents=True)
        (tmp_path / "networks" / "net" / "10.9.0.2").write_bytes(b"c1\r\neth0")
        call = {"CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c1", "CNI_NETNS": pod, "CNI_IFNAME": "eth0", "CNI_PATH": "/x"}
        call["CNI_ARGS"] = ""
        with agent(path, None):
            done = run(path, document, **call)
        assert done.returncode == 0, done.stdout
        assert json.loads(done.stdout)["ips"][0]["address"] == "10.9.0.2/24"
        assert json.loads(run(path, document, **call).stdout)["code"] == 999
        assert run(path, document, **call | {"CNI_COMMAND": "DEL"}).returncode == 0


def test_an_agent_that_takes_too_long_is_for_trying_again_and_nobody_does_it_twice(tmp_path):
    text = BINARY.read_text().replace("PATIENCE = 60.0", "PATIENCE = 0.2")
    (tmp_path / "binary.py").write_text(text)
    held = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def serve():
            caller, _ = listener.accept()
            with caller:
                held.wait(30)

        thread = threading.Thread(target=serve)
        thread.start()
        words = [sys.executable, "-IS", str(tmp_path / "binary.py"), str(tmp_path / "s"), *ALONE]
        done = subprocess.run(words, input=b"{}", env=ENVIRONMENT, capture_output=True, timeout=60)
        held.set()
        thread.join(30)
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, 11)


def test_at_a_terminal_it_says_what_it_is(tmp_path):
    done = subprocess.run(
        [sys.executable, "-IS", str(BINARY), str(tmp_path / "s"), *ALONE], env={}, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"CNI plugin" in done.stderr


def script(*words, **environment):
    code = "import sys; from cni.main import main; sys.exit(main())"
    whole = {"PATH": os.environ["PATH"]} | environment
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(
        command, env=whole, input=b'{"cniVersion":"1.0.0"}', capture_output=True, timeout=60, cwd=BINARY.parents[1]
    )


def test_the_console_script_installs_the_plugin_and_is_one_itself(tmp_path):
    done = script("install", str(tmp_path / "bin"), "--socket", str(tmp_path / "s"), "--state", str(tmp_path))
    assert (done.returncode, done.stdout.decode().strip()) == (0, str(tmp_path / "bin" / "pyk8s-cni"))
    assert {file.name for file in (tmp_path / "bin").iterdir()} == {"pyk8s-cni", ".pyk8s-cni.pyc"}
    installed = subprocess.run(
        [tmp_path / "bin" / "pyk8s-cni"],
        env=ENVIRONMENT,
        input=b'{"cniVersion":"0.4.0"}',
        capture_output=True,
        timeout=60,
    )
    for answer, version in ((installed, "0.4.0"), (script(CNI_COMMAND="VERSION"), "1.0.0")):
        assert (answer.returncode, json.loads(answer.stdout)["cniVersion"]) == (0, version)


def test_a_folder_that_cannot_be_written_is_told_in_a_line(tmp_path):
    (tmp_path / "file").touch()
    done = script("install", str(tmp_path / "file" / "bin"))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"file" in done.stderr
    assert b"Traceback" not in done.stderr


def test_alone_it_tells_errors_by_their_codes(tmp_path):
    done = run(tmp_path / "none", b"{", CNI_COMMAND="ADD")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, 6)
