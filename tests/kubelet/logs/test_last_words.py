"""What a container leaves behind."""

import pytest

from pyk8s.kubelet.logs.last_words import last_words
from tests.kubelet.values import exited, make_pod

FILE = make_pod({"name": "web"}).spec.containers[0]
OR_LOG = make_pod({"name": "web", "terminationMessagePolicy": "FallbackToLogsOnError"}).spec.containers[0]


@pytest.fixture
def view(tmp_path):
    log = tmp_path / "0.log"
    log.write_bytes(b"".join(f"T stderr F line {number}\n".encode() for number in range(100)))
    return exited(code=1, log_path=str(log))


def test_the_file_is_read(tmp_path, view):
    (tmp_path / "words").write_text("bye")
    assert last_words(FILE, view, tmp_path / "words") == "bye"
    assert last_words(OR_LOG, view, tmp_path / "words") == "bye"


def test_without_a_file_there_is_nothing(tmp_path, view):
    assert last_words(FILE, view, tmp_path / "none") == ""


def test_only_the_end_of_a_long_file_is_kept(tmp_path, view):
    (tmp_path / "words").write_text("x" * 5000 + "end")
    said = last_words(FILE, view, tmp_path / "words")
    assert len(said) == 4096
    assert said.endswith("end")


def test_the_log_speaks_for_one_that_failed(tmp_path, view):
    said = last_words(OR_LOG, view, tmp_path / "none")
    assert said.startswith("line 20\n")
    assert said.endswith("line 99\n")


def test_the_log_does_not_speak_for_one_that_ended_well(tmp_path):
    log = tmp_path / "0.log"
    log.write_bytes(b"T stdout F all is well\n")
    assert last_words(OR_LOG, exited(log_path=str(log)), tmp_path / "none") == ""


def test_no_more_than_two_kilobytes_of_a_log(tmp_path):
    log = tmp_path / "0.log"
    log.write_bytes(b"T stdout F " + b"x" * 5000 + b"\n")
    assert len(last_words(OR_LOG, exited(code=1, log_path=str(log)), tmp_path / "none")) == 2048
