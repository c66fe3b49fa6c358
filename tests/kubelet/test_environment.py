"""The environment variables of a container."""

import pytest

from pyk8s.kubelet.environment import (
    Service,
    ServiceMetadata,
    ServicePort,
    ServiceSpec,
    Sources,
    environment,
    references,
    service_variables,
)
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.fields import Facts
from tests.kubelet.values import make_pod


def made(sources=None, **container):
    pod = make_pod({"name": "web", "image": "x", **container})
    return environment(pod, pod.spec.containers[0], sources or Sources(), Facts("node-1"))


SOURCES = Sources({"settings": {"a": "1", "b": "2"}}, {"keys": {"password": "secret"}})


def key(kind, name, key, **more):
    return {"name": "X", "valueFrom": {kind: {"name": name, "key": key, **more}}}


def test_a_later_variable_wins_and_sees_the_earlier_ones():
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2"}, {"name": "A", "value": "$(B)3"}]
    assert made(env=env) == {"A": "123", "B": "12"}


def test_a_whole_config_map_with_a_prefix():
    assert made(SOURCES, envFrom=[{"prefix": "P_", "configMapRef": {"name": "settings"}}]) == {"P_a": "1", "P_b": "2"}


def test_a_variable_of_its_own_wins_over_those_of_a_whole_object():
    assert made(SOURCES, envFrom=[{"secretRef": {"name": "keys"}}], env=[{"name": "password", "value": "x"}]) == {
        "password": "x"
    }


@pytest.mark.parametrize(
    ("kind", "name", "wanted"), [("configMapKeyRef", "settings", "a"), ("secretKeyRef", "keys", "password")]
)
def test_one_key(kind, name, wanted):
    assert list(made(SOURCES, env=[key(kind, name, wanted)])) == ["X"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"env": [key("configMapKeyRef", "none", "a")]}, 'configmap "none" not found'),
        ({"env": [key("configMapKeyRef", "settings", "z")]}, "couldn't find key z in ConfigMap default/settings"),
        ({"env": [key("secretKeyRef", "none", "a")]}, 'secret "none" not found'),
        ({"envFrom": [{"configMapRef": {"name": "none"}}]}, 'configmap "none" not found'),
        ({"envFrom": [{"secretRef": {"name": "none"}}]}, 'secret "none" not found'),
    ],
)
def test_what_is_missing_is_a_configuration_error(fields, message):
    with pytest.raises(PodError, match=message) as caught:
        made(SOURCES, **fields)
    assert caught.value.reason == "CreateContainerConfigError"


@pytest.mark.parametrize(
    "fields",
    [
        {"env": [key("configMapKeyRef", "none", "a", optional=True)]},
        {"env": [key("secretKeyRef", "keys", "z", optional=True)]},
        {"envFrom": [{"configMapRef": {"name": "none", "optional": True}}]},
    ],
)
def test_what_is_optional_may_be_missing(fields):
    assert made(SOURCES, **fields) == {}


def test_the_objects_that_are_needed():
    container = make_pod(
        {
            "name": "web",
            "envFrom": [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}}],
            "env": [key("configMapKeyRef", "c", "k"), key("secretKeyRef", "d", "k"), {"name": "Y", "value": "1"}],
        }
    ).spec.containers[0]
    assert references(container) == ({"a", "c"}, {"b", "d"})


def service(name, namespace="default", ip="10.96.0.5", ports=((80, "http"),)):
    spec = ServiceSpec(ip, [ServicePort(port, label) for port, label in ports])
    return Service(ServiceMetadata(name, namespace), spec)


def test_variables_of_a_service():
    made = service_variables([service("my-web", ports=((80, "http"), (443, "")))], "default", links=True)
    assert made == {
        "MY_WEB_SERVICE_HOST": "10.96.0.5",
        "MY_WEB_SERVICE_PORT": "80",
        "MY_WEB_SERVICE_PORT_HTTP": "80",
        "MY_WEB_PORT": "tcp://10.96.0.5:80",
        "MY_WEB_PORT_80_TCP": "tcp://10.96.0.5:80",
        "MY_WEB_PORT_80_TCP_PROTO": "tcp",
        "MY_WEB_PORT_80_TCP_PORT": "80",
        "MY_WEB_PORT_80_TCP_ADDR": "10.96.0.5",
        "MY_WEB_PORT_443_TCP": "tcp://10.96.0.5:443",
        "MY_WEB_PORT_443_TCP_PROTO": "tcp",
        "MY_WEB_PORT_443_TCP_PORT": "443",
        "MY_WEB_PORT_443_TCP_ADDR": "10.96.0.5",
    }


@pytest.mark.parametrize(
    ("one", "links", "seen"),
    [
        (service("web"), True, True),
        (service("web"), False, False),
        (service("web", namespace="other"), True, False),
        (service("web", ip="None"), True, False),
        (service("web", ip=""), True, False),
        (service("web", ports=()), True, False),
        (service("kubernetes"), False, True),
        (service("kubernetes", namespace="other"), False, False),
    ],
)
def test_which_services_are_seen(one, links, seen):
    assert bool(service_variables([one], "default", links=links)) is seen
