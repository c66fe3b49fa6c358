"""The settings file, and the names and sizes that a cluster may have."""

import msgspec
import pytest

from pyk8s.cluster import settings
from pyk8s.cluster.errors import ClusterError, NoSuchNode, SettingInvalid
from pyk8s.cluster.settings import Node, Ports, Settings, check_capacity, check_name

PORTS = Ports(https=20001, grpc=20002, etcd_client=20003, etcd_peer=20004)
ONE = Node(name="node-1", address="172.28.0.11", cpus="1500m", memory="4Gi")
DEMO = Settings(name="demo", subnet="172.28.0.0/24", ports=PORTS, cpus="2", memory="4Gi", nodes=(ONE,))


def test_what_is_written_is_read_again_and_only_its_owner_can(tmp_path):
    settings.write(tmp_path / "settings.json", DEMO)
    assert settings.read(tmp_path / "settings.json") == DEMO
    assert (tmp_path / "settings.json").stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "settings.json"]


def test_a_file_is_whole_or_as_before(tmp_path, monkeypatch):
    path = tmp_path / "f"
    settings.write_file(path, b"before")
    monkeypatch.setattr(settings.os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        settings.write_file(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": 1}', b"[]"])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path, content):
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(ClusterError, match=r"settings.json is damaged.*cluster down"):
        settings.read(tmp_path / "settings.json")


def test_a_file_of_a_later_version_is_not_guessed_at(tmp_path):
    settings.write(tmp_path / "s", msgspec.structs.replace(DEMO, version=settings.VERSION + 1))
    with pytest.raises(ClusterError, match="later pyk8s"):
        settings.read(tmp_path / "s")


def test_nodes_are_found_added_replaced_and_taken_away():
    two = Node(name="node-2", address="172.28.0.12", cpus="1", memory="1Gi")
    both = DEMO.with_node(two)
    assert [node.name for node in both.nodes] == ["node-1", "node-2"]
    stopped = msgspec.structs.replace(two, stopped=True)
    assert both.with_node(stopped).node("node-2").stopped
    assert len(both.with_node(stopped).nodes) == 2
    assert both.without_node("node-2") == DEMO
    with pytest.raises(NoSuchNode, match="it has node-1, node-2"):
        both.node("node-9")


def test_a_node_counts_its_capacity_in_millicores_and_bytes():
    assert (ONE.millicores, ONE.bytes) == (1500, 4 << 30)
    assert DEMO.gateway == "172.28.0.1"


@pytest.mark.parametrize("name", ["demo", "a", "node-1", "x" * 32, "0"])
def test_names_that_can_be(name):
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "Demo", "-a", "a-", "a_b", "x" * 33, "../x", "a b", "ä", "a\n"])
def test_names_that_cannot_be(name):
    with pytest.raises(SettingInvalid, match="cannot be used"):
        check_name(name)


@pytest.mark.parametrize(
    ("cpus", "memory", "says"),
    [
        ("two", "4Gi", "--cpus"),
        ("2", "much", "--memory"),
        ("50m", "4Gi", "100m at least"),
        ("2", "64Mi", "256Mi at least"),
        ("-1", "4Gi", "--cpus"),
    ],
)
def test_capacities_that_cannot_be(cpus, memory, says):
    with pytest.raises(SettingInvalid, match=says):
        check_capacity(cpus, memory)


def test_capacities_that_can_be():
    check_capacity("0.5", "256Mi")
    check_capacity("100m", "1e9")
