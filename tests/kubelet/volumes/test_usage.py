"""How much is stored in folders that have a limit."""

import os
from pathlib import Path

from pyk8s.kubelet.volumes.usage import exceeded, limits, stored
from tests.kubelet.values import make_pod

POD = make_pod(
    volumes=[
        {"name": "bounded", "emptyDir": {"sizeLimit": "1Mi"}},
        {"name": "free", "emptyDir": {}},
        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
        {"name": "broken", "emptyDir": {"sizeLimit": "much"}},
        {"name": "other", "configMap": {"name": "c"}},
    ]
)


def test_only_folders_on_disk_with_a_limit_are_measured():
    assert {name: bound for name, (_, bound) in limits(POD, "/root").items()} == {"bounded": 1024 * 1024}


def test_what_is_stored(tmp_path):
    (tmp_path / "a").write_bytes(os.urandom(100_000))
    os.link(tmp_path / "a", tmp_path / "again")
    (tmp_path / "link").symlink_to("/etc")
    assert 100_000 <= stored(tmp_path) <= 120_000
    assert stored(tmp_path / "none") == 0


def test_a_volume_over_its_limit_is_named(tmp_path):
    path, _ = limits(POD, str(tmp_path))["bounded"]
    Path(path).mkdir(parents=True)
    assert exceeded(POD, str(tmp_path)) == ""
    (Path(path) / "big").write_bytes(os.urandom(1_100_000))
    assert exceeded(POD, str(tmp_path)) == 'Usage of EmptyDir volume "bounded" exceeds the limit "1Mi". '
