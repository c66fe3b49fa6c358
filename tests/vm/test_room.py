"""Whether there is room: each thing that is missing is a sentence."""

import platform
import shutil
from types import SimpleNamespace

import pytest

from vm import room


@pytest.fixture
def plenty(monkeypatch):
    """A machine with everything."""
    monkeypatch.setattr(room.os, "getuid", lambda: 0)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    monkeypatch.setattr(shutil, "disk_usage", lambda where: SimpleNamespace(free=10**12))
    monkeypatch.setattr(room, "available", lambda text: 10**6)
    return monkeypatch


def test_nothing_is_missing_where_all_is_there(plenty, tmp_path):
    assert room.lacking(3, 1024, tmp_path / "not" / "yet") == []


@pytest.mark.parametrize(
    ("where", "what", "value", "sentence"),
    [
        (room.os, "getuid", lambda: 1000, "needs root"),
        (platform, "machine", lambda: "aarch64", "one for x86_64, and this is aarch64"),
        (shutil, "disk_usage", lambda where: SimpleNamespace(free=2**30), "5000 MiB of disk and 1024 are free"),
        (room, "available", lambda text: 2000, "3 machines take 4272 MiB of memory and 2000 are free"),
        (
            shutil,
            "which",
            lambda name, path=None: None if name.startswith(("qemu", "mm")) else name,
            r"qemu-system-x86_64, mmdebstrap not installed \(Debian: mmdebstrap qemu-system-x86\)",
        ),
    ],
    ids=["root", "architecture", "disk", "memory", "programs"],
)
def test_each_lack_is_a_sentence_of_its_own(plenty, tmp_path, where, what, value, sentence):
    plenty.setattr(where, what, value)
    (found,) = room.lacking(3, 1024, tmp_path)
    assert pytest.RaisesExc(ValueError, match=sentence).matches(ValueError(found))


def test_available_memory_is_read_in_megabytes():
    assert room.available("MemTotal:  24105000 kB\nMemAvailable:   2048000 kB\n") == 2000
