"""Files changed all at once."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyk8s.kubelet.volumes import atomic
from pyk8s.kubelet.volumes.payload import File


def seen(folder):
    """What a reader finds: path -> (bytes, mode), hidden names left out."""
    found = {}
    for top in folder.iterdir():
        if top.name.startswith(".."):
            continue
        for path in [top, *top.rglob("*")] if top.is_dir() else [top]:
            if path.is_file():
                found[str(path.relative_to(folder))] = (path.read_bytes(), path.stat().st_mode & 0o777)
    return found


def test_files_show_through_links(tmp_path):
    assert atomic.write(tmp_path, {"a": File(b"1"), "x/y": File(b"2", 0o600)})
    assert seen(tmp_path) == {"a": (b"1", 0o644), "x/y": (b"2", 0o600)}
    assert str((tmp_path / "a").readlink()) == "..data/a"


def test_the_same_again_changes_nothing(tmp_path):
    atomic.write(tmp_path, {"a": File(b"1")})
    before = str((tmp_path / "..data").readlink())
    assert not atomic.write(tmp_path, {"a": File(b"1")})
    assert str((tmp_path / "..data").readlink()) == before


@pytest.mark.parametrize(
    "changed", [{"a": File(b"2")}, {"a": File(b"1", 0o600)}, {"a": File(b"1"), "b": File(b"")}, {}, {"b": File(b"1")}]
)
def test_any_change_is_a_new_folder_behind_the_link(tmp_path, changed):
    atomic.write(tmp_path, {"a": File(b"1")})
    before = str((tmp_path / "..data").readlink())
    assert atomic.write(tmp_path, changed)
    assert str((tmp_path / "..data").readlink()) != before
    assert seen(tmp_path) == {path: (file.data, file.mode) for path, file in changed.items()}


def test_a_reader_keeps_what_it_has_opened(tmp_path):
    atomic.write(tmp_path, {"a": File(b"old")})
    with (tmp_path / "a").open("rb") as file:
        atomic.write(tmp_path, {"a": File(b"new")})
        assert file.read() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_what_a_crash_left_is_swept_away(tmp_path):
    atomic.write(tmp_path, {"a": File(b"1")})
    (tmp_path / "..left_over").mkdir()
    (tmp_path / "..data_tmp").symlink_to("..left_over")
    atomic.write(tmp_path, {"a": File(b"2")})
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("..")) == sorted(
        ["..data", str((tmp_path / "..data").readlink())]
    )


def test_files_of_a_group_can_be_read_by_it(tmp_path):
    group = os.getgid()
    atomic.write(tmp_path, {"a": File(b"1", 0o400)}, group=group)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o440
    assert not atomic.write(tmp_path, {"a": File(b"1", 0o400)}, group=group)


names = st.sampled_from(["a", "b", "dir/a", "dir/b", "dir/sub/a"])
contents = st.dictionaries(names, st.builds(File, st.binary(max_size=3), st.sampled_from([0o644, 0o600])))


@settings(max_examples=40, deadline=None)
@given(st.lists(contents, min_size=1, max_size=4))
def test_the_last_content_is_what_is_seen(tmp_path_factory, versions):
    folder = tmp_path_factory.mktemp("volume")
    for version in versions:
        atomic.write(folder, version)
        assert seen(folder) == {path: (file.data, file.mode) for path, file in version.items()}
