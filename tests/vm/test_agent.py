"""The guest's agent, on this machine, with a socket for a port."""

import json
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from vm import frames
from vm.recipe import GUEST

SCRIPT = "import os, sys; sys.path.insert(0, sys.argv[1]); import agent; agent.Agent(int(sys.argv[2])).serve()"


class Host:
    """Our end of the port."""

    def __init__(self, end):
        self.end = end
        self.reader = frames.Reader()
        self.waiting = []

    def hear(self):
        while not self.waiting:
            data = self.end.recv(65536)
            assert data, "the agent ended"
            self.waiting += self.reader.feed(data)
        return self.waiting.pop(0)

    def start(self, number, *argv, **wish):
        self.say(frames.START, number, json.dumps({"argv": argv, "cwd": "/"} | wish).encode())

    def say(self, kind, number, data=b""):
        self.end.sendall(frames.pack(kind, number, data))

    def end_of(self, *numbers):
        """Exit code, output and errors of commands, once all of them ended."""
        found = {number: [None, b"", b""] for number in numbers}
        while any(code is None for code, *_ in found.values()):
            kind, number, data = self.hear()
            if kind == frames.EXIT:
                found[number][0] = int(data)
            else:
                found[number][1 if kind == frames.OUTPUT else 2] += data
        return [tuple(each) for each in found.values()]


@pytest.fixture
def host(tmp_path):
    with agent(tmp_path) as made:
        yield made


@contextmanager
def agent(folder: Path):
    for file in (GUEST / "agent.py", GUEST.parent / "frames.py"):
        shutil.copy(file, folder)
    ours, theirs = socket.socketpair()
    ours.settimeout(30)
    with ours, theirs:
        words = [sys.executable, "-IS", "-c", SCRIPT, str(folder), str(theirs.fileno())]
        with subprocess.Popen(words, pass_fds=[theirs.fileno()], stderr=subprocess.PIPE) as process:
            theirs.close()
            host = Host(ours)
            kind, _, data = host.hear()
            assert (kind, set(json.loads(data))) == (frames.READY, {"kernel", "name"})
            yield host
            ours.close()
            process.communicate(timeout=30)


def test_a_command_has_its_code_its_output_and_its_errors(host):
    host.start(1, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert host.end_of(1) == [(7, b"out\n", b"err\n")]


def test_a_command_has_its_folder_and_its_environment(host, tmp_path):
    host.start(1, "sh", "-c", "pwd; echo $COLOUR", cwd=str(tmp_path), env={"COLOUR": "green"})
    assert host.end_of(1) == [(0, f"{tmp_path}\ngreen\n".encode(), b"")]


def test_input_arrives_whole_and_ends(host):
    host.start(1, "sha256sum")
    for _ in range(40):
        host.say(frames.INPUT, 1, b"x" * 100_000)
    host.say(frames.INPUT_END, 1)
    wanted = subprocess.run(["sha256sum"], input=b"x" * 4_000_000, capture_output=True, check=True).stdout
    assert host.end_of(1) == [(0, wanted, b"")]


def test_output_arrives_whole(host):
    host.start(1, "head", "-c", "3000000", "/dev/zero")
    assert host.end_of(1) == [(0, bytes(3_000_000), b"")]


def test_commands_run_side_by_side(host):
    host.start(1, "cat")
    host.start(2, "echo", "second")
    assert host.end_of(2) == [(0, b"second\n", b"")]
    host.say(frames.INPUT, 1, b"first\n")
    host.say(frames.INPUT_END, 1)
    assert host.end_of(1) == [(0, b"first\n", b"")]


def test_a_command_is_killed_with_what_it_started(host):
    host.start(1, "sh", "-c", "echo up; sleep 600 & wait")
    assert host.hear() == (frames.OUTPUT, 1, b"up\n")
    host.say(frames.KILL, 1)
    assert host.end_of(1) == [(128 + 9, b"", b"")]


def test_a_program_left_in_the_background_does_not_hold_its_command(host):
    host.start(1, "sh", "-c", "sleep 30 & echo $!")
    ((code, output, _),) = host.end_of(1)
    subprocess.run(["kill", output.decode().strip()], check=True)
    assert code == 0


@pytest.mark.parametrize(
    ("program", "code", "why"),
    [("/no/such/program", 127, b"No such file or directory"), ("/etc/passwd", 126, b"Permission denied")],
)
def test_what_cannot_be_started_is_told_as_a_shell_tells_it(host, program, code, why):
    host.start(1, program)
    assert host.end_of(1) == [(code, b"", program.encode() + b": " + why + b"\n")]


def test_input_for_a_command_that_is_gone_or_does_not_read_harms_nobody(host):
    host.start(1, "true")
    host.end_of(1)
    host.say(frames.INPUT, 1, b"late")
    host.start(2, "sh", "-c", "exec <&-; echo deaf; exec sleep 0.2")
    for _ in range(3):
        host.say(frames.INPUT, 2, b"x" * 100_000)
    host.say(frames.INPUT_END, 2)
    assert host.end_of(2) == [(0, b"deaf\n", b"")]
