"""Arguments of the verbs that reach into pods."""

import asyncio

import click
import pytest

from pyk8s.cli.pods import container_of, selector_text
from pyk8s.cli.session import Session
from pyk8s.cli.verbs import port_forward
from pyk8s.cli.verbs.cp import Place, parse_place
from pyk8s.cli.verbs.exec import exec_, with_terminal
from pyk8s.cli.verbs.port_forward import Ports, container_port, parse_ports
from pyk8s.cli.verbs.set import set_
from pyk8s.wire import kubeconfig


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("8080:80", Ports(8080, "80")),
        ("80", Ports(80, "80")),
        (":80", Ports(0, "80")),
        ("8080:http", Ports(8080, "http")),
    ],
)
def test_ports(text, ports):
    assert parse_ports(text) == ports


@pytest.mark.parametrize("text", ["0:80", "80:", "x:80", "80:99999", "-1:80"])
def test_ports_out_of_range_are_refused(text):
    with pytest.raises(click.UsageError, match="LOCAL:REMOTE"):
        parse_ports(text)


POD = {
    "metadata": {"name": "web"},
    "spec": {
        "containers": [{"name": "main", "ports": [{"name": "http", "containerPort": 8080}]}, {"name": "side"}],
        "initContainers": [{"name": "first"}],
    },
}
SERVICE = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "www", "port": 80, "targetPort": "http"}]}}


@pytest.mark.parametrize(
    ("text", "service", "number"),
    [
        pytest.param("9000", None, 9000, id="a number"),
        pytest.param("http", None, 8080, id="a name in the pod"),
        pytest.param("80", SERVICE, 8080, id="a service port to its named target"),
        pytest.param("www", SERVICE, 8080, id="a service port by name"),
    ],
)
def test_the_port_in_the_pod(text, service, number):
    assert container_port(text, POD, service) == number


@pytest.mark.parametrize(("text", "service"), [("nope", None), ("81", SERVICE)])
def test_a_port_that_is_not_there_is_named(text, service):
    with pytest.raises(click.ClickException, match=f"no port.*{text}"):
        container_port(text, POD, service)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("notes", Place("notes")),
        ("./a:b", Place("./a:b")),
        ("web:/tmp", Place("/tmp", "web")),
        ("shop/web:x", Place("x", "web", "shop")),
    ],
)
def test_places(text, place):
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["web:", "a/b/c:/x", "shop/:x"])
def test_a_place_that_is_none_says_the_form(text):
    with pytest.raises(click.UsageError, match=r"\[NAMESPACE/\]POD:PATH"):
        parse_place(text)


def test_the_container_is_the_one_asked_for_the_default_or_the_first(capsys):
    assert container_of(POD, "side") == "side"
    chosen = {**POD, "metadata": {"name": "web", "annotations": {"kubectl.kubernetes.io/default-container": "side"}}}
    assert container_of(chosen, "") == "side"
    assert container_of(POD, "") == "main"
    assert 'Defaulted container "main" out of: main, side, first' in capsys.readouterr().err


def test_a_container_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(click.ClickException, match=r"nope.*main, side, first"):
        container_of(POD, "nope")


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        ({"app": "web"}, "app=web"),
        ({"matchLabels": {"app": "web"}}, "app=web"),
        ({"matchExpressions": [{"key": "t", "operator": "In", "values": ["a", "b"]}]}, "t in (a,b)"),
        ({"matchExpressions": [{"key": "t", "operator": "DoesNotExist"}]}, "!t"),
    ],
)
def test_selectors_of_services_and_workloads(selector, text):
    assert selector_text({"spec": {"selector": selector}}) == text


@pytest.mark.parametrize(
    ("words", "pod", "command", "container"),
    [
        (["web", "--", "ls", "-l"], "web", ("ls", "-l"), ""),
        (["web", "-c", "side", "--", "sh", "-c", "x"], "web", ("sh", "-c", "x"), "side"),
        (["-c", "side", "web", "--", "ls"], "web", ("ls",), "side"),
        (["-c", "side", "web", "ls", "-l"], "web", ("ls", "-l"), "side"),
        (["web", "-n", "shop", "--", "echo", "--"], "web", ("echo", "--"), ""),
    ],
)
def test_flags_stand_on_either_side_of_the_pod(words, pod, command, container):
    flags = exec_.make_context("exec", list(words)).params
    assert (flags["pod"], flags["command"], flags["container"]) == (pod, command, container)


def test_a_flag_is_no_command(rig):
    result = rig.run(exec_, "web", "-it", "sh")
    assert result.exit_code == 2
    assert "pyk8s exec POD -c NAME -- COMMAND" in result.output


def test_without_a_terminal_here_none_is_asked_for():
    assert with_terminal(stdin=True, tty=True) is False
    assert with_terminal(stdin=False, tty=True) is False


async def test_a_port_in_use_is_named_with_the_way_out():
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    async with server:
        taken = server.sockets[0].getsockname()[1]
        with pytest.raises(click.ClickException) as caught:
            await port_forward._listen(None, None, 80, "127.0.0.1", taken)
    assert (
        caught.value.message
        == f"cannot listen on 127.0.0.1:{taken}: Address already in use (:REMOTE takes any free port)"
    )


@pytest.mark.parametrize("listed", ["{there}", "{nowhere}:{there}", ":{there}", "{there}:{nowhere}"])
def test_of_the_kubeconfigs_listed_those_that_are_there_are_read(monkeypatch, tmp_path, listed):
    there, nowhere = tmp_path / "there", tmp_path / "nowhere"
    kubeconfig.write(there, kubeconfig.Connection(server="https://127.0.0.1:1"), name="x")
    monkeypatch.setenv("KUBECONFIG", listed.format(there=there, nowhere=nowhere))
    assert Session().connection.server == "https://127.0.0.1:1"


@pytest.mark.parametrize("words", [("deploy/web", "main"), ("deploy/web", "main=x:1", "side")])
def test_a_word_that_sets_nothing_is_named(rig, words):
    result = rig.run(set_, "image", *words)
    assert result.exit_code == 2
    assert f"'{words[-1]}' changes nothing: write NAME=VALUE" in result.output
