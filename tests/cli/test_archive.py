"""What is packed comes back the same, and nothing is ever written outside its folder."""

import io
import tarfile

import pytest

from pyk8s.cli.archive import ArchiveUnsafe, pack, unpack


def test_a_folder_comes_back_as_it_was(tmp_path):
    source = tmp_path / "site"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "page").write_bytes(b"x" * 700_000)
    (source / "run").write_text("#!/bin/sh")
    (source / "run").chmod(0o755)
    held = io.BytesIO(b"".join(pack(source, "site")))
    assert unpack(held, "site", tmp_path / "copy") == 2
    assert (tmp_path / "copy" / "deep" / "page").read_bytes() == b"x" * 700_000
    assert (tmp_path / "copy" / "run").stat().st_mode & 0o777 == 0o755


def test_a_file_may_get_another_name(tmp_path):
    (tmp_path / "a").write_text("hello")
    unpack(io.BytesIO(b"".join(pack(tmp_path / "a", "b"))), "b", tmp_path / "c")
    assert (tmp_path / "c").read_text() == "hello"


def archive_of(*members):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.SYMTYPE:
                member.linkname = content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    held.seek(0)
    return held


def test_a_name_that_leads_out_is_refused(tmp_path):
    with pytest.raises(ArchiveUnsafe, match="leads out"):
        unpack(archive_of(("x/../../evil", tarfile.REGTYPE, b"!")), "x", tmp_path / "in")
    assert list(tmp_path.rglob("evil")) == []


def test_a_link_is_never_followed_out(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    held = archive_of(("x/link", tarfile.SYMTYPE, str(outside)), ("x/link/evil", tarfile.REGTYPE, b"!"))
    unpack(held, "x", tmp_path / "in")
    assert list(outside.iterdir()) == []


def test_a_link_that_is_there_already_is_not_written_through(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "in"
    outside.mkdir()
    inside.mkdir()
    (inside / "link").symlink_to(outside)
    with pytest.raises(ArchiveUnsafe, match="through a link"):
        unpack(archive_of(("x/link/evil", tarfile.REGTYPE, b"!")), "x", inside)


def test_a_path_that_is_not_in_the_archive_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        unpack(archive_of(("other", tarfile.REGTYPE, b"!")), "x", tmp_path / "in")
