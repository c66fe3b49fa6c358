"""Facts about a pod under the names that are asked for."""

import pytest

from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.fields import Facts, field_value, resource_value
from pyk8s.kubelet.spec.container import ResourceField
from tests.kubelet.values import make_pod

FACTS = Facts("node-1", ("1.1.1.1", "::1"), ("10.0.0.1", "fd::1"), {"cpu": "2", "memory": "4Gi"})
POD = make_pod(
    {
        "name": "web",
        "image": "x",
        "resources": {"requests": {"cpu": "100m", "memory": "1Mi"}, "limits": {"memory": "1500Ki"}},
    },
    metadata={"labels": {"b": "2", "a": 'say "hi"\n'}, "annotations": {"note": "x"}},
    serviceAccountName="robot",
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "default"),
        ("metadata.uid", "uid-1"),
        ("metadata.labels['b']", "2"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['note']", "x"),
        ("metadata.labels", 'a="say \\"hi\\"\\n"\nb="2"'),
        ("spec.nodeName", "node-1"),
        ("spec.serviceAccountName", "robot"),
        ("status.hostIP", "1.1.1.1"),
        ("status.hostIPs", "1.1.1.1,::1"),
        ("status.podIP", "10.0.0.1"),
        ("status.podIPs", "10.0.0.1,fd::1"),
    ],
)
def test_a_field_has_its_value(path, value):
    assert field_value(POD, path, FACTS) == value


def test_an_unknown_field_is_a_configuration_error():
    with pytest.raises(PodError, match=r"unsupported fieldPath: spec\.containers"):
        field_value(POD, "spec.containers", FACTS)


@pytest.mark.parametrize(
    ("resource", "divisor", "value"),
    [
        ("requests.cpu", "0", "1"),
        ("requests.cpu", "1m", "100"),
        ("requests.memory", "1Ki", "1024"),
        ("limits.memory", "1Mi", "2"),
        ("limits.memory", "0", "1536000"),
        ("limits.cpu", "1m", "2000"),
    ],
)
def test_a_resource_is_counted_in_divisors_and_rounded_up(resource, divisor, value):
    assert resource_value(POD, ResourceField(resource, "web", divisor), FACTS) == value


@pytest.mark.parametrize(("resource", "container"), [("cpu", "web"), ("limits.cpu", "none"), ("other.cpu", "web")])
def test_what_cannot_be_counted_is_a_configuration_error(resource, container):
    with pytest.raises(PodError):
        resource_value(POD, ResourceField(resource, container), FACTS)
