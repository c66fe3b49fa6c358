"""Clusters made, found up, interrupted, killed, stopped, kept and taken down: and what is left of them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.e2e.cluster import PYK8S, Cluster, eventually
from tests.e2e.machine import held, namespaces_of, processes_of, traces

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def home():
    path = Path(tempfile.mkdtemp(prefix="pk", dir="/var/tmp"))
    yield path
    environment = {**os.environ, "PYK8S_HOME": str(path)}
    for folder in (path / "clusters").glob("*"):
        subprocess.run([PYK8S, "cluster", "down", "--name", folder.name], env=environment, check=False, timeout=120)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def small(home):
    """A cluster of one node, not up yet."""
    return Cluster(nodes=1, home=home)


def pids(cluster, role=""):
    """The pids of the supervised processes, by unit name."""
    told = cluster.status()["processes"]
    return {each["name"]: each["pid"] for each in told if each["role"] == role or (not role and _supervised(each))}


def _supervised(each):
    return each["role"] in ("etcd", "control-plane", "holder", "containerd", "node")


def marks(cluster):
    """What names of things of this cluster hold: its cgroup, its id, its home."""
    status = cluster.status()
    return [
        status["cgroup"].strip("/"),
        status["bridge"].removeprefix("pkb"),
        str(cluster.home),
        status["network"][:-4],
    ]


def assert_nothing_left(cluster, before, mine, spaces=()):
    left = traces(cluster.home).left_of(before, mine)
    assert left == {}
    assert processes_of(cluster.home / "clusters") == {}
    assert not set(spaces) & traces(cluster.home).namespaces
    assert not (cluster.home / "clusters").exists()


def test_a_cluster_comes_up_is_found_up_and_leaves_nothing(home):
    before = traces(home)
    cluster = Cluster(nodes=3, home=home)
    started = time.monotonic()
    cluster.up()
    took = time.monotonic() - started
    assert took < 60, f"three nodes took {took:.1f} s"
    mine = marks(cluster)
    nodes = cluster.json("get", "nodes")["items"]
    assert [each["metadata"]["name"] for each in nodes] == ["node-1", "node-2", "node-3"]

    status = cluster.status()
    assert status["state"] == "running"
    assert all(each["healthy"] for each in status["processes"])
    named = {each["pid"] for each in status["processes"]}
    running = set(processes_of(home / "clusters"))
    assert running <= named, "every process is named by `cluster status`"
    assert {each["role"] for each in status["processes"]} >= {
        "supervisor",
        "etcd",
        "control-plane",
        "containerd",
        "node",
    }
    assert {each["node"] for each in status["processes"] if each["role"] == "node"} == {"node-1", "node-2", "node-3"}

    first = pids(cluster)
    told = cluster.run("cluster", "up", "--name", cluster.name, "--nodes", "5", "--cpus", "4")
    assert "it has 3 nodes, 5 were asked for" in told
    assert "4 were asked for" in told
    assert pids(cluster) == first, "again is no change"

    with held(first.values()) as spaces:
        assert len(spaces) == 9, "each node has a namespace of network, of mounts and of its name"
        cluster.run("cluster", "down", "--name", cluster.name)
        assert_nothing_left(cluster, before, mine, spaces)
    assert [path.name for path in home.iterdir()] == ["images"], "only the image cache stays"
    said = cluster.run("cluster", "down", "--name", cluster.name, code=1)
    assert said == ""
    assert "there is no cluster" in cluster.last.stderr


@pytest.mark.parametrize("line", ["network ", "keys and configurations", "etcd serves", "control-plane serves"])
def test_ctrl_c_in_the_middle_of_up_takes_everything_back(small, line):
    before = traces(small.home)
    words = [PYK8S, "cluster", "up", "--name", small.name, "--nodes", "2"]
    process = subprocess.Popen(
        words, env=small.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        for said in process.stdout:
            if said.startswith(line):
                break
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert errors.strip() == "error: interrupted"
    assert_nothing_left(small, before, [str(small.home)])


def test_an_up_that_is_killed_is_cleaned_up_by_down_and_another_up_goes_on(small):
    before = traces(small.home)
    words = [PYK8S, "cluster", "up", "--name", small.name, "--nodes", "1"]
    process = subprocess.Popen(words, env=small.environment, stdout=subprocess.PIPE, text=True)
    for said in process.stdout:
        if said.startswith("etcd serves"):
            break
    process.kill()
    process.wait()
    process.stdout.close()
    listed = json.loads(small.run("cluster", "list", "-o", "json"))
    assert listed[0]["state"] == "incomplete"
    small.up()
    assert small.status()["state"] == "running"
    mine = marks(small)
    small.run("cluster", "down", "--name", small.name)
    assert_nothing_left(small, before, mine)


def test_a_killed_supervisor_harms_nothing_and_the_next_up_takes_over(small):
    before = traces(small.home)
    small.up()
    mine, first = marks(small), pids(small)
    os.kill(pids(small, "supervisor")["supervisor"], signal.SIGKILL)
    eventually(lambda: small.status()["state"] == "unsupervised")
    assert pids(small) == first
    small("get", "nodes")
    small.up()
    assert small.status()["state"] == "running"
    assert pids(small) == first, "nothing was started anew"
    os.kill(first["node-1.agent"], signal.SIGKILL)
    eventually(lambda: pids(small)["node-1.agent"] not in (0, first["node-1.agent"]))
    os.kill(pids(small, "supervisor")["supervisor"], signal.SIGKILL)
    small.run("cluster", "down", "--name", small.name)
    assert_nothing_left(small, before, mine)


def test_a_killed_holder_comes_back_into_the_same_namespaces(small):
    small.up()
    first = pids(small)
    spaces = namespaces_of([first["node-1.holder"]])
    os.kill(first["node-1.holder"], signal.SIGKILL)
    eventually(lambda: pids(small)["node-1.holder"] not in (0, first["node-1.holder"]))
    now = pids(small)
    assert namespaces_of([now["node-1.holder"]]) == spaces
    assert {**now, "node-1.holder": 0} == {**first, "node-1.holder": 0}


def test_a_node_that_is_gone_altogether_is_made_anew(small):
    small.up()
    first = pids(small)
    for name in ("node-1.holder", "node-1.containerd", "node-1.agent"):
        os.kill(first[name], signal.SIGKILL)
    eventually(lambda: small.status()["state"] == "running", seconds=60)
    assert namespaces_of([pids(small)["node-1.holder"]]) != namespaces_of([first["etcd"]])
    small.wait("condition=Ready", "node/node-1", seconds=60)


def test_two_clusters_stand_side_by_side(home):
    one, two = Cluster(nodes=1, home=home), Cluster(nodes=1, home=home)
    one.up()
    two.up()
    networks = {each.status()["network"] for each in (one, two)}
    assert len(networks) == 2
    one("create", "configmap", "mine")
    assert "mine" not in two("get", "configmaps")
    listed = json.loads(one.run("cluster", "list", "-o", "json"))
    assert {(each["name"], each["state"]) for each in listed} == {(one.name, "running"), (two.name, "running")}
    kept = pids(two)
    one.run("cluster", "down", "--name", one.name)
    assert pids(two) == kept
    two("get", "nodes")


def test_two_commands_on_one_cluster_do_not_race(small):
    words = [PYK8S, "cluster", "up", "--name", small.name, "--nodes", "1"]
    process = subprocess.Popen(words, env=small.environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline()
    small.run(*words[1:], code=1)
    assert "another pyk8s command works on cluster" in small.last.stderr
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert small.status()["state"] == "running"


def test_data_can_be_kept_over_a_down(small):
    before = traces(small.home)
    small.up()
    small("create", "configmap", "kept", "--from-literal=a=1")
    uid, certificate = small.field("configmap/kept", ".metadata.uid"), small.kubeconfig.read_bytes()
    small.run("cluster", "down", "--name", small.name, "--keep-data")
    assert processes_of(small.home / "clusters") == {}
    left = traces(small.home).left_of(before, [str(small.home)])
    assert set(left) <= {"files"}
    small.up()
    assert small.field("configmap/kept", ".metadata.uid") == uid
    assert small.kubeconfig.read_bytes() == certificate


def test_a_port_that_somebody_took_meanwhile_is_named(small):
    small.up()
    port = int(small.status()["server"].rsplit(":", 1)[1])
    small.run("cluster", "stop", "--name", small.name)
    with socket.create_server(("127.0.0.1", port)):
        small.run("cluster", "start", "--name", small.name, code=1)
        assert f"port {port}" in small.last.stderr
        assert "was taken by another program" in small.last.stderr
    small.run("cluster", "start", "--name", small.name)
    assert small.status()["state"] == "running"


def test_a_missing_system_package_is_named_and_nothing_is_made(small, tmp_path):
    before = traces(small.home)
    for name in ("ip", "nft", "iptables", "iptables-restore", "containerd", "containerd-shim-runc-v2"):
        (tmp_path / name).symlink_to(shutil.which(name))
    small.environment["PATH"] = str(tmp_path)
    small.run("cluster", "up", "--name", small.name, code=1)
    assert "missing on this machine: etcd, runc" in small.last.stderr
    assert "apt-get install --no-remove etcd-server runc" in small.last.stderr
    assert_nothing_left(small, before, [str(small.home)])


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (("cluster", "up", "--name", "Not_A_Name"), "cannot be used", 2),
        (("cluster", "up", "--name", "x", "--nodes", "0"), "1 to 200 nodes", 2),
        (("cluster", "up", "--name", "x", "--nodes", "three"), "--nodes", 2),
        (("cluster", "up", "--name", "x", "--memory", "much"), "--memory", 2),
        (("cluster", "stop", "--name", "nope"), "there is no cluster nope", 1),
        (("cluster", "status", "--name", "nope"), "there is no cluster nope", 1),
        (("node", "add", "--name", "nope"), "there is no cluster nope", 1),
        (("image", "load", "/dev/null"), "archive", 1),
        (("image", "remove", "nope"), "there is no image", 1),
        (("clustre", "up"), "did you mean cluster", 2),
    ],
)
def test_bad_input_is_told_in_one_line(small, words, says, code):
    small.run(*words, code=code)
    assert says in small.last.stderr
    assert small.last.stderr.startswith("error: ")
    assert "Traceback" not in small.last.stderr
    assert not (small.home / "clusters").exists()
