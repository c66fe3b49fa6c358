"""The readiness protocol: what one half sends, the other understands."""

import asyncio

import pytest

from pyk8s.aio import notify


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """A queue of what the socket in NOTIFY_SOCKET was told."""
    queue = asyncio.Queue()
    monkeypatch.setenv(notify.VARIABLE, str(tmp_path / "n"))
    return queue


async def test_ready_reaches_the_listener(heard, tmp_path):
    listener = notify.Listener(tmp_path / "n", heard.put_nowait)
    listener.open()
    try:
        assert notify.ready("serving")
        assert await asyncio.wait_for(heard.get(), 30) == {"READY": "1", "STATUS": "serving"}
    finally:
        listener.close()
    assert not (tmp_path / "n").exists()


async def test_a_listener_replaces_the_socket_of_a_dead_predecessor(heard, tmp_path):
    (tmp_path / "n").write_text("")
    listener = notify.Listener(tmp_path / "n", heard.put_nowait)
    listener.open()
    try:
        assert notify.notify(READY="1")
        assert (await asyncio.wait_for(heard.get(), 30))["READY"] == "1"
        assert (tmp_path / "n").stat().st_mode & 0o777 == 0o600
    finally:
        listener.close()
        listener.close()


def test_saying_ready_to_nobody_is_no_error(monkeypatch, tmp_path):
    monkeypatch.delenv(notify.VARIABLE, raising=False)
    assert not notify.ready()
    monkeypatch.setenv(notify.VARIABLE, str(tmp_path / "absent"))
    assert not notify.ready()


async def test_a_path_too_long_for_a_unix_socket_is_refused_with_the_limit(tmp_path):
    with pytest.raises(ValueError, match="107 bytes"):
        notify.Listener(tmp_path / ("x" * 120), print).open()


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (b"READY=1", {"READY": "1"}),
        (b"READY=1\nSTATUS=a=b\n", {"READY": "1", "STATUS": "a=b"}),
        (b"", {}),
        (b"nonsense\n=1\nA=", {"A": ""}),
        (b"\xff\xfe=1", {"\ufffd\ufffd": "1"}),
    ],
)
def test_decode(message, fields):
    assert notify.decode(message) == fields


def test_a_value_with_a_line_feed_is_refused():
    with pytest.raises(ValueError, match="STATUS"):
        notify.encode(STATUS="a\nREADY=1")
