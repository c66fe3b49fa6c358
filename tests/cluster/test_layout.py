"""A cluster's files written out: twice is the same as once."""

import os
import tomllib
from pathlib import Path

import msgspec
import pytest
import yaml

from pyk8s.cluster import layout, units, wish
from pyk8s.cluster.folder import Folder
from pyk8s.cluster.nodeinit import Plan
from pyk8s.cluster.supervisor.unit import read_units
from pyk8s.cluster.wish import Wish

DEMO = wish.settle(Wish(2), "demo", "0123456789", "172.28.0.0/24", (20001, 20002, 20003, 20004))
VERSIONS = {"containerd": (1, 6), "etcd": (3, 4), "runc": (1, 1)}


@pytest.fixture
def folder(tmp_path):
    made = Folder(tmp_path, "demo")
    made.path.mkdir(parents=True)
    layout.write(made, DEMO, VERSIONS)
    layout.write_units(made, units.wanted(DEMO, made).values())
    return made


def contents(folder):
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file()}


def test_every_file_is_what_its_reader_expects(folder):
    assert set(yaml.safe_load((folder.config / "control-plane.yaml").read_text())) == {
        "apiserver",
        "controllers",
        "scheduler",
    }
    assert yaml.safe_load((folder.config / "node-2.yaml").read_text())["nodeName"] == "node-2"
    assert tomllib.loads((folder.config / "containerd.toml").read_text())["version"] == 2
    plan = msgspec.json.decode((folder.config / "node-1.json").read_bytes(), type=Plan)
    assert plan.hostname == "node-1"
    assert os.access(folder.path / "holder", os.X_OK)
    assert plan.hold == (str(folder.path / "holder"),)


def test_what_is_bound_into_a_node_is_there(folder):
    for node in DEMO.nodes:
        plan = msgspec.json.decode((folder.config / f"{node.name}.json").read_bytes(), type=Plan)
        assert all(Path(source).is_dir() for source, _ in plan.binds)
        assert list(Path(plan.scratch).iterdir()) == []
        assert folder.node(node.name).manifests.is_dir()


def test_doing_it_again_changes_nothing(folder):
    before = contents(folder)
    times = {path: path.stat().st_mtime_ns for path in before}
    layout.write(folder, DEMO, VERSIONS)
    layout.write_units(folder, units.wanted(DEMO, folder).values())
    assert contents(folder) == before
    assert {path: path.stat().st_mtime_ns for path in before} == times


def test_unit_files_say_what_is_wanted_and_nothing_else(folder):
    assert read_units(folder.units) == units.wanted(DEMO, folder)
    fewer = DEMO.without_node("node-2")
    layout.write_units(folder, units.wanted(fewer, folder).values())
    assert read_units(folder.units) == units.wanted(fewer, folder)


def test_a_removed_node_leaves_no_file(folder):
    (folder.logs / "node-2.agent.log").write_text("said")
    layout.remove_node(folder, "node-2")
    left = [path for path in folder.path.rglob("*node-2*") if path.parent != folder.units]
    assert left == []
    assert list(folder.path.rglob("*node-1*"))


def test_nothing_but_folders_bound_into_nodes_is_open_to_others(folder):
    nodes = folder.path / "nodes"
    open_to_others = [
        path for path in folder.path.rglob("*") if path.stat().st_mode & 0o077 and nodes not in (path, *path.parents)
    ]
    assert open_to_others == []


def test_a_node_asks_this_machines_servers(folder):
    assert layout.resolv_conf().startswith(("nameserver", "#"))
