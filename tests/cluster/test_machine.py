"""What a machine must have, and how it is told that it has not."""

import pytest

from pyk8s.cluster import machine
from pyk8s.cluster.errors import MachineUnfit, NotAllowed


def test_missing_programs_are_all_named_with_their_packages(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None if name in ("etcd", "nft") else f"/bin/{name}")
    with pytest.raises(MachineUnfit, match=r"etcd, nft; .*--no-remove etcd-server nftables$"):
        machine.probe()


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ({"etcd": (3, 3)}, "etcd 3.3 is too old: 3.4 or later"),
        ({"containerd": (1, 5)}, "containerd 1.5 is too old"),
        ({"runc": None}, "tells no version"),
    ],
)
def test_a_version_that_is_too_old_is_told(found, says):
    with pytest.raises(MachineUnfit, match=says):
        machine.check_versions(found)


def test_newer_versions_of_any_origin_will_do():
    machine.check_versions({"etcd": (3, 6), "containerd": (2, 1), "runc": (1, 3)})


def test_who_is_not_root_is_told_so_and_why(monkeypatch):
    monkeypatch.setattr(machine.os, "geteuid", lambda: 1000)
    with pytest.raises(NotAllowed, match=r"cluster up needs root: .* sudo"):
        machine.require_root("pyk8s cluster up")
    monkeypatch.setattr(machine.os, "geteuid", lambda: 0)
    machine.require_root("pyk8s cluster up")


def test_a_missing_kernel_feature_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    monkeypatch.setattr(machine, "FEATURES", {"overlay": (lambda: False, "modprobe overlay")})
    with pytest.raises(MachineUnfit, match="offers no overlay: modprobe overlay"):
        machine.require_features()
