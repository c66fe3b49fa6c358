"""`pyk8s config` and `cluster-info`: which contexts there are, and the change of one."""

import pytest
import yaml
from click.testing import CliRunner

from pyk8s.cli.session import Session
from pyk8s.cli.verbs.cluster_info import cluster_info
from pyk8s.cli.verbs.config import config
from pyk8s.client.fake import FakeClient
from pyk8s.wire import kubeconfig
from pyk8s.wire.kubeconfig import Connection
from tests.cli.verbs.rig import RigSession


@pytest.fixture
def files(monkeypatch, tmp_path):
    """Two kubeconfigs that $KUBECONFIG lists: `home` is the current context, `office` stands in the second."""
    first, second = tmp_path / "first", tmp_path / "second"
    kubeconfig.write(first, Connection(server="https://h", cluster="h", user="jo", token="secret"), name="home")
    kubeconfig.write(second, Connection(server="https://o", cluster="o", user="jo2", ca=b"x"), name="office")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}")
    return first, second


def said(*words):
    """What `pyk8s config WORDS` prints; it must succeed."""
    result = CliRunner().invoke(config, list(words), obj=Session())
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refused(*words):
    """What is said about a call that fails."""
    result = CliRunner().invoke(config, list(words), obj=Session())
    assert result.exit_code != 0
    return f"{result.output}{result.exception}"


def test_secrets_are_shown_only_when_asked_for(files):
    assert "secret" not in said("view")
    shown = yaml.safe_load(said("view"))
    assert [each["name"] for each in shown["contexts"]] == ["home", "office"]
    assert shown["users"][0]["user"] == {"token": "REDACTED"}
    assert yaml.safe_load(said("view", "--raw"))["users"][0]["user"] == {"token": "secret"}


def test_only_what_a_context_needs(files):
    shown = yaml.safe_load(said("view", "--minify", "--context", "office"))
    assert [[each["name"] for each in shown[section]] for section in kubeconfig.SECTIONS] == [
        ["o"],
        ["jo2"],
        ["office"],
    ]
    assert shown["current-context"] == "office"


def test_contexts_are_listed_with_a_star_at_the_current_one(files):
    assert said("current-context") == "home\n"
    assert [line.split()[:2] for line in said("get-contexts").splitlines()[1:]] == [["*", "home"], ["office", "o"]]
    assert said("get-contexts", "-o", "name", "office") == "office\n"


def test_using_another_context_writes_the_file_that_says_which(files):
    assert said("use-context", "office") == 'Switched to context "office".\n'
    assert said("current-context") == "office\n"
    assert yaml.safe_load(files[0].read_text())["current-context"] == "office"


def test_a_namespace_is_written_where_the_context_stands(files):
    before = files[0].read_bytes()
    assert said("set-context", "office", "-n", "shop", "--user", "jo") == 'Context "office" modified.\n'
    assert files[0].read_bytes() == before
    loaded = kubeconfig.load(files, "office")
    assert (loaded.namespace, loaded.user, loaded.server) == ("shop", "jo", "https://o")
    said("set-context", "--current", "-n", "till")
    assert kubeconfig.load(files).namespace == "till"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["use-context", "nope"], "no context 'nope' (there is: home, office)"),
        (["get-contexts", "nope"], "no context 'nope'"),
        (["view", "--minify", "--context", "nope"], "no context 'nope'"),
        (["view", "-o", "wide"], "a kubeconfig has no table"),
        (["set-context", "office"], "say what to change"),
        (["set-context", "-n", "x"], "name a context, or say --current"),
        (["set-context", "office", "--current", "-n", "x"], "name a context, or say --current"),
        (["set-context", "office", "--user", "nobody"], "users has no 'nobody'"),
        (["set-context", "office", "-n", "Bad Name"], "-n 'Bad Name'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(files, words, says):
    before = [file.read_bytes() for file in files]
    assert says in refused(*words)
    assert [file.read_bytes() for file in files] == before


def test_without_a_current_context_it_is_said_how_to_choose_one(files):
    files[0].write_text("{}")
    files[1].write_text("{}")
    assert "pyk8s config use-context NAME" in refused("current-context")


def test_where_the_api_is(rig, monkeypatch):
    asked = []

    async def raw(self, path):
        asked.append(path)
        return b"{}"

    monkeypatch.setattr(FakeClient, "raw", raw, raising=False)
    monkeypatch.setattr(RigSession, "connection", Connection(server="https://h", cluster="k", user="jo"))
    assert "running at https://h\ncluster k, as jo, in namespace default\n" in rig.said(cluster_info)
    assert asked == ["/version"]


@pytest.mark.parametrize(
    ("command", "name", "section"),
    [
        ("delete-context", "office", "contexts"),
        ("delete-cluster", "o", "clusters"),
        ("delete-user", "jo2", "users"),
    ],
)
def test_one_entry_is_deleted_from_the_file_it_stands_in(files, command, name, section):
    first, second = files
    before = first.read_bytes()
    assert said(command, name) == f"deleted {section[:-1]} {name} from {second}\n"
    left = yaml.safe_load(second.read_text())
    assert {each: len(left[each]) for each in kubeconfig.SECTIONS} == {
        each: int(each != section) for each in kubeconfig.SECTIONS
    }
    assert first.read_bytes() == before
    assert f"{section} has no '{name}'" in refused(command, name)


def test_whoever_deletes_the_current_context_is_warned(files):
    result = CliRunner().invoke(config, ["delete-context", "home"], obj=Session())
    assert result.exit_code == 0
    assert "choose another one with `pyk8s config use-context NAME`" in result.stderr
    assert "there is no context 'home' (there is: office)" in refused("get-contexts", "home")
