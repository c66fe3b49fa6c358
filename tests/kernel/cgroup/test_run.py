"""Version 2 on a folder that looks like it: this machine may have version 1, whose suite stands in the contracts."""

import pytest

from pyk8s.kernel.cgroup.run import Groups
from pyk8s.kernel.cgroup.values import Add, Group, Remove, Usage, plan
from pyk8s.kernel.errors import Unsupported


@pytest.fixture
def root(tmp_path):
    for name, text in (("cgroup.controllers", "cpu io memory pids"), ("cgroup.subtree_control", "io")):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_version_is_what_is_mounted(root, tmp_path_factory):
    assert Groups(root).version == 2
    old = tmp_path_factory.mktemp("v1")
    for name in ("cpu", "memory", "unified"):
        (old / name).mkdir()
    assert Groups(old).version == 1
    with pytest.raises(Unsupported, match="mount cgroup2"):
        Groups(tmp_path_factory.mktemp("nothing"))


def test_controllers_are_enabled_above_a_new_group(root):
    Groups(root).run((Add("/node"),))
    assert (root / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"


def test_limits_are_written_and_usage_is_read(root):
    groups = Groups(root)
    groups.run(plan([Group("/node", 500, 0, 4096, 7)], groups.observe("/node"), 2))
    assert (root / "node/cpu.max").read_text() == "50000 100000"
    assert (root / "node/pids.max").read_text() == "7"
    (root / "node/memory.current").write_text("10\n")
    (root / "node/cgroup.procs").write_text("12\n13\n")
    assert groups.usage("/node") == Usage(0, 10, 0)
    assert groups.processes("/") == {12, 13}


def test_a_group_is_removed_with_all_below(root):
    groups = Groups(root)
    (root / "a/b").mkdir(parents=True)
    groups.run((Remove("/a"),))
    assert groups.observe("/a") == frozenset()
