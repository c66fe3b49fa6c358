"""From an overlay's upper folder to a layer."""

import os

import pytest

from pyk8s.cluster.errors import ImageInvalid
from pyk8s.cluster.images import inside, runstep
from pyk8s.cluster.images.runstep import Steps, changes
from pyk8s.cluster.images.store import Store


def test_files_folders_and_links_that_changed_are_the_layer(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "new").write_text("x")
    (tmp_path / "etc" / "resolv.conf").write_text("the machine's own")
    (tmp_path / "link").symlink_to("etc/new")
    for name in ("proc", "dev", "sys"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    found = {entry.path: entry for entry in changes(tmp_path)}
    assert set(found) == {"etc", "etc/new", "link"}
    assert found["link"].link == "etc/new"
    assert found["etc/new"].source == tmp_path / "etc" / "new"


@pytest.mark.kernel
def test_what_was_removed_becomes_a_whiteout_and_what_was_replaced_is_opaque(tmp_path):
    os.mknod(tmp_path / "gone", 0o600 | 0o020000, 0)
    (tmp_path / "anew").mkdir()
    os.setxattr(tmp_path / "anew", "trusted.overlay.opaque", b"y")
    assert {entry.path for entry in changes(tmp_path)} == {".wh.gone", "anew", "anew/.wh..wh..opq"}


def test_owners_of_the_image_are_kept(tmp_path):
    (tmp_path / "f").write_text("")
    info = (tmp_path / "f").stat()
    (entry,) = changes(tmp_path)
    assert (entry.uid, entry.gid) == (info.st_uid, info.st_gid)


def test_a_build_without_root_is_told_why_it_needs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(runstep.os, "geteuid", lambda: 1000)
    with Steps(Store(tmp_path), None) as steps, pytest.raises(ImageInvalid, match="RUN needs root"):
        steps.run(["true"], {}, "/", "")


@pytest.mark.parametrize(("text", "expected"), [("", (0, 0)), ("5", (5, 0)), ("5:6", (5, 6)), ("root", (0, 0))])
def test_users_by_number_or_by_the_images_accounts(text, expected):
    assert inside.user(text) == expected


def test_a_user_the_image_does_not_know_is_told():
    with pytest.raises(ValueError, match="has no nobody-like-this"):
        inside.user("nobody-like-this")
