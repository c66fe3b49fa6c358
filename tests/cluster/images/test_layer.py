"""Layers: the same files give the same bytes, and none leads out."""

import io
import os
import tarfile

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import layer
from pyk8s.cluster.images.layer import Entry


def packed(entries):
    out = io.BytesIO()
    layer.write(entries, out)
    return out.getvalue()


def names(content):
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return [member.name for member in archive]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two").write_text("2")
    (tmp_path / "a").write_text("1")
    (tmp_path / "a").chmod(0o751)
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def test_a_tree_is_packed_in_order_and_what_cannot_be_in_an_image_is_left_out(folder):
    content = packed(layer.tree(folder, "srv/www"))
    assert names(content) == ["srv", "srv/www", "srv/www/a", "srv/www/b", "srv/www/b/two", "srv/www/link"]


def test_times_and_owners_of_the_machine_do_not_show(folder):
    before = packed(layer.tree(folder, ""))
    os.utime(folder / "a", (1, 1))
    os.chown(folder / "a", os.getuid(), os.getgid())
    assert packed(layer.tree(folder, "")) == before
    with tarfile.open(fileobj=io.BytesIO(before)) as archive:
        assert {(member.mtime, member.uid, member.uname) for member in archive} == {(0, 0, "")}
        assert archive.getmember("a").mode == 0o751


def test_a_link_stays_a_link_wherever_it_points(folder):
    with tarfile.open(fileobj=io.BytesIO(packed(layer.tree(folder, "")))) as archive:
        assert archive.getmember("link").linkname == "/etc/passwd"


def test_a_later_entry_replaces_an_earlier_and_parents_are_made():
    entries = [Entry("a/b/c", 0o600, content=b"1"), Entry("a/b/c", 0o644, content=b"22")]
    with tarfile.open(fileobj=io.BytesIO(packed(entries))) as archive:
        assert [(member.name, member.mode, member.size) for member in archive] == [
            ("a", 0o755, 0),
            ("a/b", 0o755, 0),
            ("a/b/c", 0o644, 2),
        ]


@pytest.mark.parametrize("path", ["../x", "a/../../x", "..", "a/..", "x\0y"])
def test_a_path_that_leads_out_is_refused(path):
    with pytest.raises(ImageInvalid, match="leads out of the image"):
        layer.check_path(path)


@pytest.mark.parametrize(("path", "plain"), [("/a/b", "a/b"), ("a//b/", "a/b"), ("./a", "a"), ("", ""), ("/", "")])
def test_paths_are_plain_inside_an_image(path, plain):
    assert layer.check_path(path) == plain
