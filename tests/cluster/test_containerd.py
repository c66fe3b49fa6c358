"""What containerd is configured with, for each of its versions."""

import tomllib

import pytest

from pyk8s.cluster import containerd


@pytest.mark.parametrize("version", [(1, 6), (1, 7)])
def test_versions_one_read_form_two(version):
    config = tomllib.loads(containerd.config(version, restrict_oom=True))
    assert config["version"] == 2
    cri = config["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["restrict_oom_score_adj"] is True
    assert cri["sandbox_image"] == containerd.SANDBOX_IMAGE
    assert cri["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False
    assert cri["cni"] == {"bin_dir": "/opt/cni/bin", "conf_dir": "/etc/cni/net.d", "max_conf_num": 1}


@pytest.mark.parametrize("version", [(2, 0), (2, 1), (3, 0)])
def test_version_two_reads_form_three(version):
    config = tomllib.loads(containerd.config(version, restrict_oom=False))
    assert config["version"] == 3
    plugins = config["plugins"]
    assert plugins["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == containerd.SANDBOX_IMAGE
    runtime = plugins["io.containerd.cri.v1.runtime"]
    assert runtime["restrict_oom_score_adj"] is False
    assert runtime["containerd"]["runtimes"]["runc"]["options"]["SystemdCgroup"] is False
    assert runtime["cni"]["bin_dir"] == "/opt/cni/bin"


@pytest.mark.parametrize("version", [(1, 6), (2, 0)])
def test_every_form_has_the_same_paths_and_serves_no_tcp(version):
    config = tomllib.loads(containerd.config(version, restrict_oom=True))
    assert (config["root"], config["state"]) == ("/var/lib/containerd", "/run/containerd")
    assert config["grpc"]["address"] == "/run/containerd/containerd.sock"
    assert config["plugins"]["io.containerd.grpc.v1.cri"]["disable_tcp_service"] is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", (1, 6)),
        ("containerd containerd.io 1.7.27 05044ec0a9a75232cad458027ca83437aae3f4da", (1, 7)),
        ("containerd github.com/containerd/containerd/v2 v2.1.1 cb1076646aa3740577fafbf3d914198b7fe8e3f7", (2, 1)),
        ("runc version 1.1.5+ds1\ncommit: 1.1.5", (1, 1)),
        ("etcd Version: 3.4.23\nGit SHA: Not provided", (3, 4)),
        ("no number here", None),
        ("", None),
    ],
)
def test_versions_are_read_from_what_programs_say(text, expected):
    assert containerd.parse_version(text) == expected


@pytest.mark.parametrize(
    ("mask", "may"), [("000001ffffffffff", True), ("000001fffeffffff", False), ("0000000000000000", False)]
)
def test_who_lacks_cap_sys_resource_may_not_lower_scores(mask, may):
    assert containerd.may_set_oom_score(f"Name:\tx\nCapEff:\t{mask}\n") is may
