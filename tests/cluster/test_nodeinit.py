"""Making a node: the parts that can be looked at without being one."""

import pytest

from pyk8s.cluster import nodeinit


def test_a_folder_is_emptied_and_links_in_it_are_not_followed(tmp_path):
    (tmp_path / "kept").write_text("kept")
    run = tmp_path / "run"
    (run / "containerd" / "deep").mkdir(parents=True)
    (run / "file").write_text("x")
    (run / "out").symlink_to(tmp_path)
    nodeinit.empty(run)
    assert list(run.iterdir()) == []
    assert (tmp_path / "kept").read_text() == "kept"


@pytest.mark.parametrize(
    ("path", "covered"), [("/var/lib/pyk8s", True), ("/etc/x", True), ("/var/tmp/pk1", False), ("/optional", False)]
)
def test_what_the_overlays_cover_is_known(path, covered):
    assert nodeinit.covered(path) is covered
