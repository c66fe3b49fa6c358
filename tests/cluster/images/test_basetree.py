"""Where a path leads in an image that has links: tables."""

import io
import tarfile

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images.basetree import BaseTree
from tests.cluster.images.rig import tar

FOLDERS = ("usr", "usr/bin", "etc", "srv")
LINKS = (("bin", "usr/bin"), ("sbin", "/usr/bin"), ("etc/up", "../srv"), ("loop", "pool"), ("pool", "loop"))


@pytest.fixture
def tree():
    made = BaseTree()
    for path in FOLDERS:
        made.add(info(path, tarfile.DIRTYPE))
    for path, target in LINKS:
        made.add(info(path, tarfile.SYMTYPE, target))
    made.add(info("etc/passwd"))
    return made


def info(path, kind=tarfile.REGTYPE, target=""):
    made = tarfile.TarInfo(path)
    made.type, made.linkname = kind, target
    return made


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("bin/tool", "usr/bin/tool"),
        ("sbin/tool", "usr/bin/tool"),
        ("bin", "bin"),
        ("etc/up/page", "srv/page"),
        ("new/path", "new/path"),
        ("usr/bin/x", "usr/bin/x"),
        ("../../etc/x", "etc/x"),
    ],
)
def test_links_among_parents_are_followed_inside_the_image(tree, path, expected):
    assert tree.resolve(path) == expected


def test_links_in_a_circle_are_told(tree):
    with pytest.raises(ImageInvalid, match="lead in a circle"):
        tree.resolve("loop/x")


@pytest.mark.parametrize(
    ("path", "is_folder"),
    [("usr", True), ("bin", True), ("etc/up", True), ("etc/passwd", False), ("nowhere", False), ("", True)],
)
def test_a_folder_is_known_also_behind_a_link(tree, path, is_folder):
    assert tree.is_folder(path) is is_folder


def test_whiteouts_take_away_what_lower_layers_hold(tree):
    tree.add(info("usr/.wh.bin"))
    assert not tree.is_folder("usr/bin")
    assert not tree.is_folder("bin")
    tree.add(info("etc/.wh..wh..opq"))
    assert tree.is_folder("etc")
    assert "etc/passwd" not in tree.files
    assert tree.resolve("etc/up/x") == "etc/up/x"


def test_a_folder_over_a_link_is_a_folder(tree):
    tree.add(info("bin", tarfile.DIRTYPE))
    assert tree.resolve("bin/tool") == "bin/tool"


def test_layers_are_read_from_their_files_lowest_first(tmp_path):
    (tmp_path / "1").write_bytes(tar({"a/b": b""}, [("x", "a")]))
    (tmp_path / "2").write_bytes(tar({".wh.x": b""}))
    assert BaseTree.read([tmp_path / "1"]).resolve("x/y") == "a/y"
    assert BaseTree.read([tmp_path / "1", tmp_path / "2"]).resolve("x/y") == "x/y"


def test_a_layer_in_a_form_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "1").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    with pytest.raises(ImageInvalid, match="of the base cannot be read"):
        BaseTree.read([tmp_path / "1"])


def test_reading_is_the_same_as_adding():
    content = tar({"a/b": b"x"}, [("l", "a")])
    made = BaseTree()
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            made.add(member)
    assert made.links == {"l": "a"}
    assert made.files == {"a/b"}
