"""Logs set aside when they are too long."""

from datetime import UTC, datetime

import pytest

from pyk8s.kubelet.errors import Refused
from pyk8s.kubelet.logs.rotate import rotate, rotated_name, superfluous
from pyk8s.kubelet.runtime.fake import FakeRuntime

NOON = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


async def test_a_short_log_is_left_alone(tmp_path):
    path = tmp_path / "0.log"
    path.write_bytes(b"x" * 10)
    assert not await rotate(FakeRuntime(), "c", path, 10, 5)
    assert not await rotate(FakeRuntime(), "c", tmp_path / "none", 10, 5)
    assert names(tmp_path) == ["0.log"]


async def test_a_long_log_is_set_aside_and_reopened(tmp_path):
    path, runtime = tmp_path / "0.log", FakeRuntime()
    path.write_bytes(b"x" * 11)
    assert await rotate(runtime, "c", path, 10, 5)
    (aside,) = names(tmp_path)
    assert aside.startswith("0.log.2")
    assert runtime.calls == ["reopen_log c"]


async def test_the_oldest_are_deleted(tmp_path):
    path = tmp_path / "0.log"
    path.write_bytes(b"x" * 11)
    for day in range(1, 6):
        rotated_name(path, NOON.replace(day=day)).touch()
    await rotate(FakeRuntime(), "c", path, 10, 4)
    left = names(tmp_path)
    assert len(left) == 3
    assert left[0].startswith("0.log.20260104")


async def test_a_runtime_that_refuses_leaves_the_log_where_it_was(tmp_path):
    path, runtime = tmp_path / "0.log", FakeRuntime()
    path.write_bytes(b"x" * 11)
    runtime.refusals["reopen_log"] = "no"
    with pytest.raises(Refused):
        await rotate(runtime, "c", path, 10, 5)
    assert names(tmp_path) == ["0.log"]


@pytest.mark.parametrize(
    ("count", "most", "gone"), [(0, 5, []), (3, 5, []), (4, 5, ["a"]), (4, 2, ["a", "b", "c", "d"]), (2, 1, ["a", "b"])]
)
def test_which_are_too_many(count, most, gone):
    assert superfluous(list("dcba")[4 - count :], most) == gone
