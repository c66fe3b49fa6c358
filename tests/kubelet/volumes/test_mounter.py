"""Volumes made and taken away, with mounts in memory."""

import os
from pathlib import Path

import pytest

from pyk8s.kernel.mount.fake import FakeMounts
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.volumes.mounter import Mounter, check_host_path
from pyk8s.kubelet.volumes.payload import File
from pyk8s.kubelet.volumes.plan import Folder, Memory, OfNode, Written
from tests.kubelet.values import make_pod

POD = make_pod(volumes=[{"name": "v", "configMap": {"name": "c"}}])


class Folders:
    """The folders that mounts in memory may be put on: those of the real file system."""

    def __rsub__(self, needed):
        return {each for each in needed if not Path(each).is_dir()}


@pytest.fixture
def mounter(tmp_path):
    mounts = FakeMounts()
    mounts.folders = Folders()
    return Mounter(tmp_path, mounts)


def where(mounter, name="v"):
    return str(mounter.root / "pods" / "u" / "volumes" / "kind" / name)


def test_an_empty_folder_is_open_to_all(mounter):
    mounter.mount({"v": Folder(where(mounter))}, {})
    assert Path(where(mounter)).stat().st_mode & 0o7777 == 0o777


def test_a_folder_that_is_there_keeps_its_content(mounter):
    mounter.mount({"v": Folder(where(mounter))}, {})
    with open(f"{where(mounter)}/x", "w") as file:
        file.write("kept")
    mounter.mount({"v": Folder(where(mounter))}, {})
    assert [each.name for each in Path(where(mounter)).iterdir()] == ["x"]


def test_a_folder_of_a_group_gives_its_files_to_it(mounter):
    mounter.mount({"v": Folder(where(mounter), os.getgid())}, {})
    assert Path(where(mounter)).stat().st_mode & 0o7777 == 0o2777


def test_memory_is_mounted_once(mounter):
    for _ in range(2):
        mounter.mount({"v": Memory(where(mounter), 4096)}, {})
    (mounted,) = mounter._mounts.observe()
    assert (mounted.target, mounted.kind) == (where(mounter), "tmpfs")


def test_files_are_written(mounter):
    wanted = {"v": Written(where(mounter), POD.spec.volumes[0], in_memory=True)}
    mounter.mount(wanted, {"v": {"a": File(b"1")}})
    with open(f"{where(mounter)}/a") as file:
        assert file.read() == "1"


def test_what_cannot_be_made_is_said(mounter):
    (mounter.root / "pods").write_text("in the way")
    with pytest.raises(PodError, match="volume 'v'"):
        mounter.mount({"v": Folder(where(mounter))}, {})


def test_everything_of_a_pod_is_taken_away_deepest_first(mounter):
    mounter.mount({"v": Memory(where(mounter)), "w": Folder(where(mounter, "w"))}, {})
    mounter.unmount("u")
    assert mounter._mounts.observe() == ()
    assert not (mounter.root / "pods" / "u" / "volumes").exists()
    mounter.unmount("u")


def test_what_belongs_to_another_pod_stays(mounter):
    other = str(mounter.root / "pods" / "u2" / "volumes" / "kind" / "v")
    mounter.mount({"v": Memory(where(mounter)), "o": Memory(other)}, {})
    mounter.unmount("u")
    assert [each.target for each in mounter._mounts.observe()] == [other]


def test_a_pod_is_removed_with_its_folder(mounter):
    mounter.mount({"v": Folder(where(mounter))}, {})
    assert mounter.pods() == {"u"}
    mounter.remove("u")
    assert mounter.pods() == frozenset()
    mounter.remove("u")


def test_a_path_of_the_node_is_left_alone(mounter, tmp_path):
    (tmp_path / "node").mkdir()
    mounter.mount({"v": OfNode(str(tmp_path / "node"), "Directory")}, {})
    mounter.unmount("u")
    assert (tmp_path / "node").is_dir()


@pytest.mark.parametrize(
    ("kind", "there", "works"),
    [
        ("", None, True),
        ("", "file", True),
        ("Directory", None, False),
        ("Directory", "file", False),
        ("Directory", "folder", True),
        ("DirectoryOrCreate", None, True),
        ("DirectoryOrCreate", "file", False),
        ("File", None, False),
        ("File", "file", True),
        ("FileOrCreate", None, True),
        ("FileOrCreate", "folder", False),
        ("Socket", "file", False),
        ("CharDevice", "file", False),
        ("BlockDevice", "file", False),
    ],
)
def test_the_type_of_a_path(tmp_path, kind, there, works):
    path = tmp_path / "x"
    if there == "file":
        path.touch()
    elif there == "folder":
        path.mkdir()
    if works:
        check_host_path(path, kind)
        assert path.exists()
    else:
        with pytest.raises(PodError, match="hostPath type check failed"):
            check_host_path(path, kind)


def test_a_device_is_one(tmp_path):
    check_host_path(Path("/dev/null"), "CharDevice")
