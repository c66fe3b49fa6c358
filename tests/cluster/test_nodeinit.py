"""Making a node: the parts that can be looked at without being one."""

from types import SimpleNamespace

import pytest

from pyk8s.cluster import nodeinit
from pyk8s.kernel.errors import Absent


def test_a_folder_is_emptied_and_links_in_it_are_not_followed(tmp_path):
    (tmp_path / "kept").write_text("kept")
    run = tmp_path / "run"
    (run / "containerd" / "deep").mkdir(parents=True)
    (run / "file").write_text("x")
    (run / "out").symlink_to(tmp_path)
    nodeinit.empty(run)
    assert list(run.iterdir()) == []
    assert (tmp_path / "kept").read_text() == "kept"


def test_a_mount_that_went_since_it_was_seen_is_let_go(monkeypatch):
    def umount(target, flags):
        undone.append(target)
        raise Absent(f"unmount {target}", 2)

    undone = []
    seen = [SimpleNamespace(target=target) for target in ("/run", "/run/a", "/run/a/b", "/srv/x")]
    monkeypatch.setattr(nodeinit, "observe", lambda: seen)
    monkeypatch.setattr(nodeinit.syscalls, "umount", umount)
    nodeinit.uncover(["/run"])
    assert undone == ["/run/a/b", "/run/a"]


@pytest.mark.parametrize(
    ("path", "covered"), [("/var/lib/pyk8s", True), ("/etc/x", True), ("/var/tmp/pk1", False), ("/optional", False)]
)
def test_what_the_overlays_cover_is_known(path, covered):
    assert nodeinit.covered(path) is covered
