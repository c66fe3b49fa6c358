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

BINARY = Path(__file__).parents[2] / "cni" / "binary.py"
ENVIRONMENT = {"CNI_COMMAND": "VERSION", "CNI_ARGS": "A=1", "PATH": os.environ["PATH"], "SECRET": "not yours"}


def run(path, document=b'{"cniVersion":"1.0.0"}', **environment):
    words = [sys.executable, "-IS", str(BINARY), str(path)]
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


def test_alone_it_tells_errors_by_their_codes(tmp_path):
    done = run(tmp_path / "none", b"{", CNI_COMMAND="ADD")
    assert (done.returncode, json.loads(done.stdout)["code"]) == (1, 6)
