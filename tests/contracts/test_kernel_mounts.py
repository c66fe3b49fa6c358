"""What every `Mounts` promises: the kernel's, below a folder of the test, and the fake."""

from contextlib import contextmanager
from pathlib import Path

import pytest

from pyk8s.kernel.errors import Absent, Refused
from pyk8s.kernel.mount.fake import FakeMounts
from pyk8s.kernel.mount.run import Mounts
from pyk8s.kernel.mount.values import Mount, Propagate, Put, Unmount, plan


@contextmanager
def kernel(folder: Path):
    mounts = Mounts()
    for name in ("source", "target", "with blank"):
        (folder / name).mkdir()
    try:
        yield mounts
    finally:
        mounts.run(plan([], mounts.observe(), under=str(folder)))


@contextmanager
def fake(folder: Path):
    yield FakeMounts(*(str(folder / name) for name in ("source", "target", "with blank")))


@pytest.fixture(params=[pytest.param(kernel, marks=pytest.mark.kernel), fake], ids=["kernel", "fake"])
def mounts(request, tmp_path):
    with request.param(tmp_path) as made:
        yield made


def below(mounts, folder):
    return [mounted for mounted in mounts.observe() if mounted.target.startswith(str(folder))]


def test_a_bind_mount_and_a_tmpfs_are_there_and_leave_nothing_to_plan(mounts, tmp_path):
    wanted = [
        Mount(f"{tmp_path}/target", source=f"{tmp_path}/source", read_only=True),
        Mount(f"{tmp_path}/with blank", "tmpfs", size=1 << 20, mode=0o1777),
    ]
    mounts.run(plan(wanted, mounts.observe()))
    assert [(Path(each.target).name, each.read_only) for each in below(mounts, tmp_path)] == [
        ("target", True),
        ("with blank", False),
    ]
    assert plan(wanted, mounts.observe()) == ()


def test_what_nobody_wants_below_a_folder_goes(mounts, tmp_path):
    mounts.run((Put(Mount(f"{tmp_path}/target", "tmpfs")), Put(Mount(f"{tmp_path}/source", "tmpfs"))))
    mounts.run(plan([], mounts.observe(), under=str(tmp_path)))
    assert below(mounts, tmp_path) == []


def test_unmounting_takes_the_topmost(mounts, tmp_path):
    target = f"{tmp_path}/target"
    mounts.run((Put(Mount(target, "tmpfs")), Put(Mount(target, "tmpfs"))))
    mounts.run((Unmount(target),))
    assert len(below(mounts, tmp_path)) == 1


def test_a_source_that_is_missing_is_absent(mounts, tmp_path):
    with pytest.raises(Absent):
        mounts.run((Put(Mount(f"{tmp_path}/target", source=f"{tmp_path}/nope")),))
    assert below(mounts, tmp_path) == []


def test_unmounting_what_is_not_mounted_is_refused(mounts, tmp_path):
    with pytest.raises(Refused):
        mounts.run((Unmount(f"{tmp_path}/target"),))


def test_propagation_can_be_set_on_a_mount_only(mounts, tmp_path):
    mounts.run((Put(Mount(f"{tmp_path}/target", "tmpfs")), Propagate(f"{tmp_path}/target", "private")))
    with pytest.raises(Refused):
        mounts.run((Propagate(f"{tmp_path}/source", "private"),))
