"""What a shell offers at a Tab: words that fit, nothing where something is wrong, never late."""

import contextlib
import time

import pytest
from click.shell_completion import BashComplete, ShellComplete

from pyk8s.api.refs import CONFIG_MAPS, NAMESPACES, NODES, PODS
from pyk8s.cli import completion
from pyk8s.cli.root import root
from pyk8s.cli.session import Session
from pyk8s.cluster import folder
from pyk8s.wire import kubeconfig
from tests.cli.verbs.rig import Rig, pod


@pytest.fixture
def rig(monkeypatch):
    made = Rig()
    for name in ("web-1", "web-2", "db-0"):
        made.create(PODS.within("default"), pod(name))
    made.create(PODS.within("shop"), pod("till"))
    for name in ("default", "shop"):
        made.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for name in ("node-1", "node-2"):
        made.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    made.create(CONFIG_MAPS.within("shop"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prices"}})
    monkeypatch.setattr(Session, "client", lambda self: made.session.client())
    monkeypatch.setattr(Session, "connection", made.session.connection)
    return made


def offered(line):
    """The words that are offered behind `line`; its last word, which may be "", is being typed."""
    *words, incomplete = line.split(" ")
    shell = ShellComplete(root, {}, "pyk8s", "_PYK8S_COMPLETE")
    return [item.value for item in shell.get_completions(words, incomplete)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("get config", ["configmaps"], id="kinds"),
        pytest.param("get pods,config", ["pods,configmaps"], id="kinds behind a comma"),
        pytest.param("get pods ", ["db-0", "web-1", "web-2"], id="names"),
        pytest.param("get pods web-1 w", ["web-2"], id="names that are not there yet"),
        pytest.param("describe po/w", ["po/web-1", "po/web-2"], id="type and name"),
        pytest.param("get pods/web-1 pods/d", ["pods/db-0"], id="type and name again"),
        pytest.param("delete cm -n shop ", ["prices"], id="in a namespace"),
        pytest.param("-n shop get pods ", ["till"], id="in a namespace said before the verb"),
        pytest.param("rollout undo deployme", ["deployments"], id="below a group"),
        pytest.param("logs w", ["web-1", "web-2"], id="pods"),
        pytest.param("exec pods/d", ["pods/db-0"], id="type and name of a pod"),
        pytest.param("logs web-1 -c ", ["main"], id="containers"),
        pytest.param("exec web-1 -c m", ["main"], id="containers for exec"),
        pytest.param("drain ", ["node-1", "node-2"], id="nodes"),
        pytest.param("cordon node-1 ", ["node-2"], id="other nodes"),
        pytest.param("get pods -n s", ["shop"], id="namespaces"),
        pytest.param("-n ", ["default", "shop"], id="namespaces before the verb"),
        pytest.param("explain deployme", ["deployments"], id="kinds to explain"),
    ],
)
def test_words(rig, line, words):
    assert sorted(offered(line)) == words


@pytest.mark.parametrize("line", ["nonsense zz", "get nonsense ", "get nonsense/", "logs nobody -c ", "exec -c "])
def test_where_nothing_fits_nothing_is_offered(rig, line):
    assert offered(line) == []


def test_files_are_left_to_the_shell():
    shell = BashComplete(root, {}, "pyk8s", "_PYK8S_COMPLETE")
    for words in (["apply", "-f"], ["--kubeconfig"]):
        assert [item.type for item in shell.get_completions(words, "x")] == ["file"]


def test_a_server_that_does_not_answer_is_not_waited_for(monkeypatch, capsys):
    class Silent:
        async def list(self, *_, **__):
            import asyncio

            await asyncio.Event().wait()

    @contextlib.asynccontextmanager
    async def client(self):
        yield Silent()

    monkeypatch.setattr(Session, "client", client)
    monkeypatch.setattr(Session, "namespace", "default")
    monkeypatch.setattr(completion, "SECONDS", 0.01)
    started = time.monotonic()
    assert offered("get pods ") == []
    assert time.monotonic() - started < 5
    assert capsys.readouterr() == ("", "")


def test_no_kubeconfig_is_no_error(monkeypatch, capsys):
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    for line in ("get pods ", "--context ", "-n "):
        assert offered(line) == []
    assert capsys.readouterr() == ("", "")


def test_contexts_and_clusters(monkeypatch, tmp_path):
    kubeconfig.write(tmp_path / "c", kubeconfig.Connection(server="https://h"), name="office")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "c"))
    monkeypatch.setattr(folder, "every", lambda: [folder.of("demo"), folder.of("shop")])
    assert offered("get --context o") == ["office"]
    assert offered("--cluster s") == ["shop"]
