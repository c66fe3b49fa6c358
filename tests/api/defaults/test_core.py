from __future__ import annotations

from typing import Any

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.resources import Resources

TABLE = Resources.builtin()


def filled(word: str, **fields: Any) -> dict[str, Any]:
    return apply_defaults(TABLE.resolve(word), {"metadata": {"name": "x"}, **fields})


SERVICE = {"sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {**SERVICE, "type": "ClusterIP"}),
        (
            {"ports": [{"port": 80}, {"port": 81, "protocol": "UDP", "targetPort": "dns"}]},
            {
                **SERVICE,
                "type": "ClusterIP",
                "ports": [
                    {"port": 80, "protocol": "TCP", "targetPort": 80},
                    {"port": 81, "protocol": "UDP", "targetPort": "dns"},
                ],
            },
        ),
        ({"type": "NodePort"}, {**SERVICE, "type": "NodePort", "externalTrafficPolicy": "Cluster"}),
        (
            {"externalIPs": ["192.0.2.1"]},
            {**SERVICE, "type": "ClusterIP", "externalIPs": ["192.0.2.1"], "externalTrafficPolicy": "Cluster"},
        ),
        (
            {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
            {
                **SERVICE,
                "type": "LoadBalancer",
                "externalTrafficPolicy": "Local",
                "allocateLoadBalancerNodePorts": True,
            },
        ),
        (
            {"type": "ExternalName", "externalName": "a.example"},
            {"type": "ExternalName", "externalName": "a.example", "sessionAffinity": "None"},
        ),
        (
            {"sessionAffinity": "ClientIP"},
            {
                "type": "ClusterIP",
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
                "internalTrafficPolicy": "Cluster",
            },
        ),
        (
            {"sessionAffinity": "None", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 5}}},
            {**SERVICE, "type": "ClusterIP"},
        ),
    ],
)
def test_a_service_gets_what_kubernetes_writes(given: dict[str, Any], expected: dict[str, Any]) -> None:
    found = filled("svc", spec=given)
    assert found["spec"] == expected
    assert found["status"] == {"loadBalancer": {}}


def test_a_balancer_address_is_a_virtual_one() -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}, {"hostname": "h"}]}}
    found = filled("svc", spec={"type": "LoadBalancer"}, status=status)
    assert found["status"]["loadBalancer"]["ingress"] == [{"ip": "192.0.2.1", "ipMode": "VIP"}, {"hostname": "h"}]


def test_endpoints_speak_tcp() -> None:
    assert filled("ep", subsets=[{"ports": [{"port": 1}]}])["subsets"] == [{"ports": [{"port": 1, "protocol": "TCP"}]}]
    ports = filled("endpointslice", ports=[{"port": 1}])["ports"]
    assert ports == [{"port": 1, "name": "", "protocol": "TCP"}]


def test_a_namespace_carries_its_name_as_a_label() -> None:
    found = filled("ns")
    assert found["metadata"]["labels"] == {"kubernetes.io/metadata.name": "x"}
    assert found["status"] == {"phase": "Active"}
    unnamed = apply_defaults(TABLE.resolve("ns"), {"metadata": {"generateName": "x-"}})
    assert "labels" not in unnamed["metadata"]


def test_all_of_a_nodes_capacity_can_be_given_away_unless_it_says_otherwise() -> None:
    found = filled("node", status={"capacity": {"cpu": "2000m"}})
    assert found["status"] == {"capacity": {"cpu": "2"}, "allocatable": {"cpu": "2"}}
    kept = filled("node", status={"capacity": {"cpu": "2"}, "allocatable": {"cpu": "1"}})
    assert kept["status"]["allocatable"] == {"cpu": "1"}


def test_secrets_are_opaque() -> None:
    assert filled("secret")["type"] == "Opaque"
    assert filled("secret", type="mine")["type"] == "mine"


def test_volumes_and_claims_hold_file_systems() -> None:
    volume = filled("pv", spec={"capacity": {"storage": "1024Mi"}, "hostPath": {"path": "/x"}})
    assert volume["spec"] == {
        "capacity": {"storage": "1Gi"},
        "hostPath": {"path": "/x", "type": ""},
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": "Filesystem",
    }
    assert volume["status"] == {"phase": "Pending"}
    claim = filled("pvc", spec={"resources": {"requests": {"storage": "0.5Gi"}}})
    assert claim["spec"] == {"resources": {"requests": {"storage": "512Mi"}}, "volumeMode": "Filesystem"}
    assert claim["status"] == {"phase": "Pending"}


def test_limits_fill_one_another() -> None:
    limits = [{"type": "Container", "max": {"cpu": "2", "memory": "1Gi"}, "min": {"memory": "1Mi"},
               "default": {"cpu": "1"}}, {"type": "Pod", "max": {"cpu": "4"}}]  # fmt: skip
    container, pod = filled("limits", spec={"limits": limits})["spec"]["limits"]
    assert container["default"] == {"cpu": "1", "memory": "1Gi"}
    assert container["defaultRequest"] == {"cpu": "1", "memory": "1Gi"}
    assert pod == {"type": "Pod", "max": {"cpu": "4"}}
    assert filled("quota", spec={"hard": {"cpu": "1000m"}})["spec"]["hard"] == {"cpu": "1"}
