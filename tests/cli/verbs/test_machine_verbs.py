"""Verbs on clusters, nodes and images of this machine: what they ask of the cluster room, and what they print."""

import asyncio
import json
import os
import signal
import tempfile
from pathlib import Path

import msgspec
import pytest
import yaml

from pyk8s.aio import clock
from pyk8s.cli.clusters import carry_out
from pyk8s.cli.main import run
from pyk8s.cluster import folder, lifecycle, nodes, wish
from pyk8s.cluster.images import actions
from pyk8s.cluster.images.store import Store
from pyk8s.wire import kubeconfig
from tests.cluster.images.rig import docker, small
from tests.cluster.test_settings import DEMO


@pytest.fixture
def home(monkeypatch):
    with tempfile.TemporaryDirectory(prefix="pk") as made:
        monkeypatch.setenv("PYK8S_HOME", made)
        yield Path(made)


@pytest.fixture
def demo(home):
    """A stopped cluster called demo, as files only."""
    made = folder.of("demo")
    made.path.mkdir(parents=True)
    made.write(msgspec.structs.replace(DEMO, complete=True, stopped=True))
    connection = kubeconfig.Connection(server="https://127.0.0.1:1", ca=b"ca", cert=b"cert", key=b"key")
    kubeconfig.write(made.kubeconfig, connection, name="pyk8s-demo")
    return made


@pytest.fixture
def asked(monkeypatch):
    """What was asked of the cluster room, and nothing done."""
    calls = []

    def record(name, answer=None):
        async def call(*words, **flags):
            said = [word for word in words if not callable(word)]
            kept = {key: value for key, value in flags.items() if not callable(value)}
            calls.append((name, *said, kept))
            return answer

        return call

    monkeypatch.setattr(lifecycle, "up", record("up", (DEMO, ["it has 1 nodes, 3 were asked for"])))
    for name in ("down", "stop", "start"):
        monkeypatch.setattr(lifecycle, name, record(name))
    for name in ("add", "remove", "stop", "start"):
        monkeypatch.setattr(nodes, name, record(f"node {name}", DEMO.nodes[0]))
    return calls


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["cluster", "up"], ("up", "demo", wish.Wish(), {})),
        (
            ["cluster", "up", "--name", "x", "--nodes", "1", "--cpus", "1", "--memory", "1Gi"],
            ("up", "x", wish.Wish(1, "1", "1Gi"), {}),
        ),
        (
            ["cluster", "up", "--ip-family", "dual", "--network-backend", "vxlan", "--proxy-mode", "nftables"],
            (
                "up",
                "demo",
                wish.Wish(ip_family="dual", network_backend="vxlan", proxy_mode="nftables"),
                {},
            ),
        ),
        (["cluster", "down"], ("down", "demo", {"keep_data": False})),
        (["cluster", "down", "--keep-data"], ("down", "demo", {"keep_data": True})),
        (["cluster", "stop", "--name", "x"], ("stop", "x", {})),
        (["cluster", "start"], ("start", "demo", {})),
        (["node", "add"], ("node add", "demo", "", {"cpus": None, "memory": None})),
        (["node", "add", "n4", "--cpus", "1"], ("node add", "demo", "n4", {"cpus": "1", "memory": None})),
        (["node", "remove", "n4", "--name", "demo"], ("node remove", "demo", "n4", {})),
        (["--cluster", "demo", "node", "stop", "n4"], ("node stop", "demo", "n4", {})),
        (["node", "start", "n4", "--cluster", "demo"], ("node start", "demo", "n4", {})),
    ],
)
def test_what_is_typed_is_what_is_asked(demo, asked, words, call):
    assert run(words) == 0
    assert asked == [call]


def test_up_tells_what_is_not_as_asked_and_what_to_do_next(home, asked, capsys):
    assert run(["cluster", "up", "--name", "x"]) == 0
    said = capsys.readouterr().out
    assert "cluster x is up: 1 nodes" in said
    assert "not as asked: it has 1 nodes, 3 were asked for" in said
    assert "pyk8s --cluster x get nodes" in said


def test_clusters_are_listed_in_every_form(demo, capsys):
    assert run(["cluster", "list"]) == 0
    assert capsys.readouterr().out == (
        "NAME   STATE     NODES   SERVER\ndemo   stopped   1       https://127.0.0.1:20001\n"
    )
    assert run(["cluster", "list", "-o", "name"]) == 0
    assert capsys.readouterr().out == "demo\n"
    assert run(["cluster", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "stopped"


def test_status_is_a_table_or_json(demo, capsys):
    assert run(["cluster", "status"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("demo: stopped, https://127.0.0.1:20001, network 172.28.0.0/24\n")
    assert "ROLE" in said
    assert run(["cluster", "status", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["kubeconfig"] == str(demo.kubeconfig)


@pytest.mark.parametrize("words", [["cluster", "status"], ["kubeconfig"], ["node", "stop", "n"]])
def test_without_a_cluster_it_says_how_to_make_one(home, capsys, words):
    assert run(words) == 1
    assert "make one with `pyk8s cluster up`" in capsys.readouterr().err


def test_with_several_clusters_it_asks_which(home, capsys):
    for name in ("a", "b"):
        folder.of(name).path.mkdir(parents=True)
    assert run(["cluster", "status"]) == 2
    assert "choose one with --name a|b" in capsys.readouterr().err


def test_the_kubeconfig_is_shown_or_its_path(demo, capsys):
    assert run(["kubeconfig"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["current-context"] == "pyk8s-demo"
    assert run(["kubeconfig", "--path"]) == 0
    assert capsys.readouterr().out == f"{demo.kubeconfig}\n"


def test_the_kubeconfig_is_merged_into_another_and_taken_out_again(demo, home, capsys):
    other = home / "config"
    assert run(["kubeconfig", "--merge", str(other)]) == 0
    assert kubeconfig.load(other).server == "https://127.0.0.1:1"
    assert run(["kubeconfig", "--remove", str(other)]) == 0
    assert yaml.safe_load(other.read_text())["contexts"] == []
    assert run(["kubeconfig", "--path", "--merge", str(other)]) == 2
    assert "exclude one another" in capsys.readouterr().err


def test_an_archive_is_loaded_from_a_file_and_listed_and_removed(home, tmp_path, capsys):
    (tmp_path / "web.tar").write_bytes(docker())
    assert run(["image", "load", str(tmp_path / "web.tar")]) == 0
    assert "loaded docker.io/library/web:1" in capsys.readouterr().out
    assert run(["image", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("web:1 ")
    assert run(["image", "list", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "docker.io/library/web:1"
    assert run(["image", "remove", "web:1"]) == 0
    assert run(["image", "list", "-o", "name"]) == 0
    assert capsys.readouterr().out == "removed web:1\n"


def test_an_image_is_built_from_a_folder(home, tmp_path, capsys):
    (tmp_path / "Dockerfile").write_text("ARG V=1\nFROM scratch\nCOPY f /f\nLABEL v=$V\n")
    (tmp_path / "f").write_text("file")
    assert run(["image", "build", str(tmp_path), "-t", "app:1", "--build-arg", "V=2"]) == 0
    assert "built docker.io/library/app:1" in capsys.readouterr().out
    store = Store(home / "images")
    content = json.loads(store.read(store.images()[0].manifest.config))
    assert content["config"]["Labels"] == {"v": "2"}
    assert run(["image", "build", str(tmp_path), "-t", "app:1", "--build-arg", "V"]) == 2


@pytest.mark.parametrize("words", [["build", ".", "-t", "x:1"], ["load", "-"], ["remove", "x:1"]])
def test_who_is_not_root_changes_no_image(home, monkeypatch, capsys, words):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run(["image", *words]) == 1
    assert f"pyk8s image {words[0]} needs root: the images belong to every cluster" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_being_told_to_end_is_an_interruption_that_takes_back(number):
    undone = []

    async def work():
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait([asyncio.ensure_future(clock.sleep(0.01))])
            undone.append(True)

    # Whoever runs the tests may ignore the signal, as nohup does.
    outside = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            carry_out(work())
        assert signal.getsignal(number) is signal.SIG_DFL or number == signal.SIGINT
    finally:
        signal.signal(number, outside)
    assert undone == [True]


def test_images_are_given_to_no_node_of_a_stopped_cluster(demo):
    small(actions.store())
    demo.node("node-1").containerd_socket.parent.mkdir(parents=True)
    demo.node("node-1").containerd_socket.touch()
    assert actions.running_nodes() == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell, capsys):
    assert run(["completion", shell]) == 0
    assert "_PYK8S_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "key"), [([], "pyk8s 0"), (["-o", "json"], '"kubernetes"'), (["-o", "yaml"], "python:")]
)
def test_version_in_every_form(words, key, capsys):
    assert run(["version", *words]) == 0
    assert key in capsys.readouterr().out


def test_node_alone_shows_help_and_config_goes_with_nothing_else(home, tmp_path, capsys):
    assert run(["node"]) == 2
    assert "Commands:" in capsys.readouterr().out
    (tmp_path / "n.yaml").write_text("{}")
    assert run(["node", "--config", str(tmp_path / "n.yaml"), "stop", "x"]) == 2
    assert "goes with no other command" in capsys.readouterr().err
