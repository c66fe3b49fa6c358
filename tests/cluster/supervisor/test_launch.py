"""Waiting for a cluster's processes, and what is said when they do not come."""

import asyncio

import pytest

from pyk8s.cluster.errors import StartFailed
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.supervisor import control, launch
from pyk8s.cluster.supervisor.unit import Report, State
from tests.virtual import virtual_time


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path, "demo")
    made.logs.mkdir(parents=True)
    return made


def reports(monkeypatch, *made, forever=False):
    """Let the supervisor say these reports, then end or go on in silence."""

    async def watch(path):
        for each in made:
            yield each
        if forever:
            await asyncio.Event().wait()

    monkeypatch.setattr(control, "watch", watch)


def said(name, state, restarts=0, exit=""):
    return Report(name=name, role=name, node="", state=state, restarts=restarts, exit=exit)


async def wait(folder, *names, seconds=10.0):
    seen = []
    await launch.until_ready(folder, {name: name for name in names}, seen.append, seconds)
    return [report.name for report in seen]


@virtual_time
async def test_it_is_over_once_every_process_is_ready(folder, monkeypatch):
    ready = [said(name, State.READY) for name in ("b", "x", "a")]
    reports(monkeypatch, said("a", State.STARTING), *ready)
    assert await wait(folder, "a", "b") == ["a", "b", "x", "a"]


@virtual_time
async def test_a_process_that_ends_again_and_again_is_named_with_its_last_words(folder, monkeypatch):
    (folder.logs / "a.log").write_text("line\n" * 50 + "address already in use\n")
    reports(monkeypatch, said("a", State.BACKOFF, launch.MOST_RESTARTS, "exit code 1"))
    with pytest.raises(StartFailed, match=r"a does not come up \(exit code 1\)") as caught:
        await wait(folder, "a")
    assert f"{folder.logs / 'a.log'} ends with: line" in str(caught.value)
    assert str(caught.value).endswith("address already in use")


@virtual_time
async def test_one_that_was_started_anew_once_is_given_time(folder, monkeypatch):
    reports(monkeypatch, said("a", State.BACKOFF, 1, "exit code 1"), said("a", State.READY, 1))
    await wait(folder, "a")


@virtual_time
async def test_silence_ends_in_time_and_names_who_is_missing(folder, monkeypatch):
    reports(monkeypatch, said("a", State.WAITING), said("b", State.STARTING), forever=True)
    with pytest.raises(StartFailed, match="not ready within 10 s: b does not come up"):
        await wait(folder, "a", "b")
    reports(monkeypatch, forever=True)
    with pytest.raises(StartFailed, match="a, b never started"):
        await wait(folder, "a", "b")


@virtual_time
async def test_a_supervisor_that_ends_is_told_with_its_last_words(folder, monkeypatch):
    (folder.logs / "supervisor.log").write_text("Killed\n")
    reports(monkeypatch)
    with pytest.raises(StartFailed, match="ended before a was ready: Killed"):
        await wait(folder, "a")


async def test_no_socket_is_no_supervisor(folder):
    assert not await launch.is_running(folder)


def test_last_lines_are_few_and_short(tmp_path):
    (tmp_path / "log").write_bytes(b"first\n" + b"x" * 20_000 + b"\n\xff\nlast\n\n")
    lines = launch.last_lines(tmp_path / "log").split("\n")
    assert lines[-1] == "last"
    assert max(map(len, lines)) <= 500
    assert launch.last_lines(tmp_path / "absent") == ""
