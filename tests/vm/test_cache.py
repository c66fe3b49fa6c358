"""The cache: built once, never seen half made, bounded."""

import os
import threading
from pathlib import Path

import pytest

from vm.cache import KEPT, UNUSED_DAYS, Cache, folder


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def write(text):
    return lambda draft: draft.write_text(text) and None


def test_what_is_there_is_not_made_again(cache):
    assert cache.get("tree-1", write("first")).read_text() == "first"
    assert cache.get("tree-1", write("second")).read_text() == "first"
    assert cache.have("tree-1")


def test_a_build_that_fails_leaves_nothing(cache):
    def fail(draft):
        draft.mkdir()
        (draft / "half").touch()
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        cache.get("tree-1", fail)
    assert not cache.have("tree-1")
    assert [entry.name for entry in cache.home.iterdir()] == [".lock-tree"]
    assert cache.get("tree-1", write("now")).read_text() == "now"


def test_two_at_once_build_once(cache):
    begun, go, made = threading.Event(), threading.Event(), []

    def slowly(draft):
        begun.set()
        go.wait(30)
        made.append(1)
        draft.write_text("whole")

    found = []
    builders = [threading.Thread(target=lambda: found.append(cache.get("tree-1", slowly).read_text())) for _ in "ab"]
    builders[0].start()
    begun.wait(30)
    builders[1].start()
    go.set()
    for builder in builders:
        builder.join(30)
    assert (found, made) == (["whole", "whole"], [1])


def test_only_the_newest_of_a_kind_stay(cache):
    cache.get("site-1", write(""))
    for number in range(KEPT + 2):
        cache.get(f"tree-{number}", write(""))
    names = {entry.name for entry in cache.home.iterdir() if not entry.name.startswith(".")}
    assert names == {"site-1"} | {f"tree-{number}" for number in range(2, KEPT + 2)}


def test_what_nobody_used_for_long_and_drafts_of_the_dead_are_removed(cache):
    old = cache.get("site-1", write(""))
    long_ago = old.stat().st_mtime - (UNUSED_DAYS + 1) * 86400
    os.utime(old, (long_ago, long_ago))
    dead = cache.home / ".4194305-tree-9"
    dead.mkdir()
    (dead / "half").touch()
    ours = cache.home / f".{os.getpid()}-site-2"
    ours.touch()
    cache.get("tree-1", write(""))
    assert {entry.name for entry in cache.home.iterdir()} == {".lock-site", ".lock-tree", "tree-1", ours.name}


@pytest.mark.parametrize(
    ("environment", "root", "wanted"),
    [
        ({"XDG_CACHE_HOME": "/x"}, True, "/x/pyk8s/vm"),
        ({}, True, "/var/cache/pyk8s/vm"),
        ({"HOME": "/home/me"}, False, "/home/me/.cache/pyk8s/vm"),
    ],
)
def test_where_it_lies(monkeypatch, environment, root, wanted):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "getuid", lambda: 0 if root else 1000)
    assert folder() == Path(wanted)
