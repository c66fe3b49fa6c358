from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.defaults.sources import pull_policy
from pyk8s.api.resources import Resources

PODS = Resources.builtin().resolve("pods")


def filled(**spec: Any) -> dict[str, Any]:
    """The spec of a pod with defaults."""
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "a", "image": "i:1"}], **spec}}
    found: dict[str, Any] = apply_defaults(PODS, pod)["spec"]
    return found


def container(**fields: Any) -> dict[str, Any]:
    """One container of a pod with defaults."""
    found: dict[str, Any] = filled(containers=[{"name": "a", "image": "i:1", **fields}])["containers"][0]
    return found


def volume(**source: Any) -> dict[str, Any]:
    """One volume of a pod with defaults, without its name."""
    (found,) = filled(volumes=[{"name": "v", **source}])["volumes"]
    return {key: value for key, value in found.items() if key != "name"}


def test_the_least_pod_gets_everything_kubernetes_writes() -> None:
    assert filled() == {
        "containers": [
            {
                "name": "a",
                "image": "i:1",
                "imagePullPolicy": "IfNotPresent",
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "resources": {},
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


def test_what_was_said_stays() -> None:
    said = {
        "dnsPolicy": "Default",
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 0,
        "schedulerName": "mine",
        "enableServiceLinks": False,
        "securityContext": {"runAsUser": 0},
    }
    spec = filled(**said)
    assert {key: spec[key] for key in said} == said


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1", "IfNotPresent"),
        ("localhost:5000/nginx", "Always"),
        ("localhost:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"),
        ("nginx:latest@sha256:abc", "Always"),
        ("", "Always"),
    ],
)
def test_the_tag_decides_whether_an_image_is_always_pulled(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_probes_get_their_times_and_hooks_their_paths() -> None:
    times = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
    found = container(
        livenessProbe={"httpGet": {"port": 80}},
        readinessProbe={"grpc": {"port": 80}, "periodSeconds": 5, "timeoutSeconds": 0},
        startupProbe={"tcpSocket": {"port": 80}},
        lifecycle={"preStop": {"httpGet": {"port": 80, "path": "/bye"}}},
    )
    assert found["livenessProbe"] == {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, **times}
    assert found["readinessProbe"] == {"grpc": {"port": 80, "service": ""}, **times, "periodSeconds": 5}
    assert found["startupProbe"] == {"tcpSocket": {"port": 80}, **times}
    assert found["lifecycle"] == {"preStop": {"httpGet": {"port": 80, "path": "/bye", "scheme": "HTTP"}}}


def test_ports_speak_tcp_and_in_the_host_network_are_the_hosts() -> None:
    assert container(ports=[{"containerPort": 80}])["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    spec = filled(hostNetwork=True, containers=[{"name": "a", "ports": [{"containerPort": 80, "protocol": "UDP"}]}])
    assert spec["containers"][0]["ports"] == [{"containerPort": 80, "protocol": "UDP", "hostPort": 80}]


def test_variables_get_the_version_and_divisor_of_their_source() -> None:
    env = [
        {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"name": "C", "value": "c"},
    ]
    a, b, c = container(env=env)["env"]
    assert a["valueFrom"]["fieldRef"]["apiVersion"] == "v1"
    assert b["valueFrom"]["resourceFieldRef"]["divisor"] == "0"
    assert c == {"name": "C", "value": "c"}


def test_requests_follow_limits_and_amounts_are_canonical() -> None:
    resources = {"limits": {"cpu": 0.5, "memory": "1024Mi", "ephemeral-storage": "100u"}, "requests": {"cpu": "0.1"}}
    assert container(resources=resources)["resources"] == {
        "limits": {"cpu": "500m", "memory": "1Gi", "ephemeral-storage": "1m"},
        "requests": {"cpu": "100m", "memory": "1Gi", "ephemeral-storage": "1m"},
    }


def test_init_and_ephemeral_containers_are_containers_too() -> None:
    spec = filled(
        initContainers=[{"name": "i", "image": "x", "resources": {"limits": {"cpu": "1"}}}],
        ephemeralContainers=[{"name": "e", "image": "x"}],
    )
    assert spec["initContainers"][0]["resources"]["requests"] == {"cpu": "1"}
    assert spec["ephemeralContainers"][0]["imagePullPolicy"] == "Always"


def test_pod_level_requests_follow_the_containers_and_then_the_limits() -> None:
    spec = filled(
        resources={"limits": {"cpu": "2", "memory": "1Gi"}},
        containers=[{"name": "a", "resources": {"requests": {"cpu": "250m"}}}, {"name": "b"}],
    )
    assert spec["resources"]["requests"] == {"cpu": "250m", "memory": "1Gi"}
    assert filled(resources={"requests": {"cpu": "1"}})["resources"] == {"requests": {"cpu": "1"}}


@pytest.mark.parametrize("field", ["serviceAccountName", "serviceAccount"])
def test_both_names_of_the_service_account_are_kept(field: str) -> None:
    spec = filled(**{field: "robot"})
    assert spec["serviceAccountName"] == spec["serviceAccount"] == "robot"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, {"emptyDir": {}}),
        ({"emptyDir": {}}, {"emptyDir": {}}),
        ({"emptyDir": {"sizeLimit": "1024Mi"}}, {"emptyDir": {"sizeLimit": "1Gi"}}),
        ({"secret": {"secretName": "s"}}, {"secret": {"secretName": "s", "defaultMode": 420}}),
        ({"configMap": {"name": "c", "defaultMode": 0}}, {"configMap": {"name": "c", "defaultMode": 0}}),
        ({"hostPath": {"path": "/x"}}, {"hostPath": {"path": "/x", "type": ""}}),
        (
            {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            {
                "downwardAPI": {
                    "items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}}],
                    "defaultMode": 420,
                }
            },
        ),
        (
            {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}, {"secret": {"name": "s"}}]}},
            {
                "projected": {
                    "sources": [
                        {"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}},
                        {"secret": {"name": "s"}},
                    ],
                    "defaultMode": 420,
                }
            },
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"resources": {"requests": {"storage": "1024Mi"}}}}}},
            {
                "ephemeral": {
                    "volumeClaimTemplate": {
                        "spec": {"resources": {"requests": {"storage": "1Gi"}}, "volumeMode": "Filesystem"}
                    }
                }
            },
        ),
        ({"image": {"reference": "i:1"}}, {"image": {"reference": "i:1", "pullPolicy": "IfNotPresent"}}),
        ({"iscsi": {"iqn": "q"}}, {"iscsi": {"iqn": "q", "iscsiInterface": "default"}}),
        ({"persistentVolumeClaim": {"claimName": "c"}}, {"persistentVolumeClaim": {"claimName": "c"}}),
    ],
)
def test_a_volume_gets_the_defaults_of_its_source(source: dict[str, Any], expected: dict[str, Any]) -> None:
    assert volume(**source) == expected


def test_a_pod_without_spec_is_no_error_here() -> None:
    assert apply_defaults(PODS, {})["status"] == {"phase": "Pending"}


def test_defaults_of_a_pod_are_the_same_twice() -> None:
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "image": "i"}], "volumes": [{"name": "v"}]}}
    once = deepcopy(apply_defaults(PODS, pod))
    assert apply_defaults(PODS, pod) == once
