"""Arguments of the verbs that reach into pods."""

import click
import pytest

from pyk8s.cli.pods import container_of, selector_text
from pyk8s.cli.verbs.cp import Place, parse_place
from pyk8s.cli.verbs.exec import with_terminal
from pyk8s.cli.verbs.port_forward import Ports, container_port, parse_ports


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


def test_without_a_terminal_here_none_is_asked_for():
    assert with_terminal(stdin=True, tty=True) is False
    assert with_terminal(stdin=False, tty=True) is False
