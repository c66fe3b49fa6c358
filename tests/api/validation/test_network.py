from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import GONE, changed, said, wrong

SERVICE: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}
SLICE: dict[str, Any] = {
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.1"]}],
    "ports": [{"name": "http", "port": 80}],
}
PATH = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
INGRESS: dict[str, Any] = {"spec": {"rules": [{"host": "a.example", "http": {"paths": [PATH]}}]}}
POLICY: dict[str, Any] = {
    "spec": {
        "podSelector": {},
        "ingress": [
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}], "ports": [{"port": 80}]}
        ],
    }
}
ENDPOINTS: dict[str, Any] = {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]}
AT = "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    ("word", "obj"),
    [
        ("svc", SERVICE),
        ("svc", {"spec": {"type": "ExternalName", "externalName": "a.example."}}),
        ("svc", changed(SERVICE, "spec.clusterIP", "None")),
        ("endpointslice", SLICE),
        ("endpointslice", {"addressType": "FQDN", "endpoints": [{"addresses": ["a.example"]}]}),
        ("endpointslice", {"addressType": "IPv6", "endpoints": [{"addresses": ["fd00::1"]}]}),
        ("ing", INGRESS),
        ("ing", {"spec": {"defaultBackend": {"resource": {"kind": "K", "name": "n"}}}}),
        ("netpol", POLICY),
        ("ep", ENDPOINTS),
    ],
)
def test_a_good_one_has_nothing_wrong(word: str, obj: dict[str, Any]) -> None:
    assert wrong(word, obj) == []


@pytest.mark.parametrize(
    ("word", "good", "path", "value", "message"),
    [
        ("svc", SERVICE, "spec.type", "Tunnel", 'spec.type: Unsupported value: "Tunnel"'),
        ("svc", SERVICE, "spec.selector", {"a": "-"}, 'spec.selector: Invalid value: "-"'),
        ("svc", SERVICE, "spec.ports.0.port", 0, "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535"),
        ("svc", SERVICE, "spec.ports.0.protocol", "ICMP", 'spec.ports[0].protocol: Unsupported value: "ICMP"'),
        ("svc", SERVICE, "spec.ports.0.targetPort", 70000, "spec.ports[0].targetPort: Invalid value: 70000"),
        ("svc", SERVICE, "spec.ports.0.name", "A", 'spec.ports[0].name: Invalid value: "A"'),
        ("svc", SERVICE, "spec.ports.1", {"port": 81}, "spec.ports[1].name: Required value"),
        ("svc", SERVICE, "spec.ports.1", {"name": "http", "port": 81}, 'spec.ports[1].name: Duplicate value: "http"'),
        ("svc", SERVICE, "spec.ports.1", {"name": "b", "port": 80}, "spec.ports[1]: Duplicate value"),
        ("svc", SERVICE, "spec.sessionAffinity", "Sticky", 'spec.sessionAffinity: Unsupported value: "Sticky"'),
        ("svc", SERVICE, "spec", {"sessionAffinity": "ClientIP",
                                  "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 0}}},
         "spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0"),
        ("svc", SERVICE, "spec.externalIPs", ["x"], 'spec.externalIPs[0]: Invalid value: "x"'),
        ("svc", SERVICE, "spec.clusterIP", "x", 'spec.clusterIP: Invalid value: "x"'),
        ("svc", SERVICE, "spec.externalTrafficPolicy", "Local", "spec.externalTrafficPolicy: Invalid value"),
        ("svc", SERVICE, "spec.internalTrafficPolicy", "Far", 'spec.internalTrafficPolicy: Unsupported value: "Far"'),
        ("svc", SERVICE, "spec.loadBalancerSourceRanges", ["x"], 'spec.loadBalancerSourceRanges[0]: Invalid value:'),
        ("svc", SERVICE, "spec", {"type": "ExternalName", "externalName": "a", "clusterIP": "10.0.0.1"},
         "spec.clusterIPs[0]: Forbidden: may not be set for ExternalName services"),
        ("svc", SERVICE, "spec", {"type": "ExternalName", "externalName": "A b"}, "spec.externalName: Invalid value"),
        ("endpointslice", SLICE, "addressType", GONE, "addressType: Required value"),
        ("endpointslice", SLICE, "addressType", "X25", 'addressType: Unsupported value: "X25"'),
        ("endpointslice", SLICE, "endpoints.0.addresses", [], "endpoints[0].addresses: Required value: must contain"),
        ("endpointslice", SLICE, "endpoints.0.addresses", ["fd00::1"], 'endpoints[0].addresses[0]: Invalid value: "fd'),
        ("endpointslice", SLICE, "endpoints", [{"addresses": ["10.0.0.1"]}] * 1001, "endpoints: Too many: 1001"),
        ("endpointslice", SLICE, "ports.1", {"name": "http", "port": 81}, 'ports[1].name: Duplicate value: "http"'),
        ("endpointslice", SLICE, "ports.0.port", 0, "ports[0].port: Invalid value: 0"),
        ("ing", INGRESS, "spec", {}, "spec: Invalid value: {}: either `defaultBackend` or `rules` must be specified"),
        ("ing", INGRESS, "spec.rules.0.host", "A b", 'spec.rules[0].host: Invalid value: "A b"'),
        ("ing", INGRESS, "spec.rules.0.http.paths", [], "spec.rules[0].http.paths: Required value"),
        ("ing", INGRESS, "spec.rules.0.http.paths.0.pathType", GONE, f"{AT}.pathType: Required value: pathType must"),
        ("ing", INGRESS, "spec.rules.0.http.paths.0.path", "x", f'{AT}.path: Invalid value: "x": must be an absolute'),
        ("ing", INGRESS, "spec.rules.0.http.paths.0.backend", {}, f"{AT}.backend: Required value: resource or service"),
        ("ing", INGRESS, "spec.rules.0.http.paths.0.backend", {"service": {"name": "w"}},
         f"{AT}.backend.service.port: Required value: port name or number is required"),
        ("ing", INGRESS, "spec.defaultBackend", {"service": {"name": ""}}, "spec.defaultBackend.service.name: Requi"),
        ("ing", INGRESS, "spec.defaultBackend", {"service": {"name": "a"}, "resource": {"kind": "K", "name": "n"}},
         'spec.defaultBackend: Invalid value: "": cannot set both'),
        ("netpol", POLICY, "spec.policyTypes", ["Sideways"], 'spec.policyTypes[0]: Unsupported value: "Sideways"'),
        ("netpol", POLICY, "spec.podSelector.matchLabels", {"-": ""}, "spec.podSelector.matchLabels: Invalid value"),
        ("netpol", POLICY, "spec.ingress.0.from.0", {}, "spec.ingress[0].from[0]: Required value: must specify a peer"),
        ("netpol", POLICY, "spec.ingress.0.from.0.podSelector", {}, "spec.ingress[0].from[0]: Forbidden"),
        ("netpol", POLICY, "spec.ingress.0.from.0.ipBlock.cidr", "x", "spec.ingress[0].from[0].ipBlock.cidr: Invalid"),
        ("netpol", POLICY, "spec.ingress.0.from.0.ipBlock.except", ["11.0.0.0/16"],
         "spec.ingress[0].from[0].ipBlock.except[0]: Invalid value"),
        ("netpol", POLICY, "spec.ingress.0.ports.0.endPort", 79, "spec.ingress[0].ports[0].endPort: Invalid value: 79"),
        ("netpol", POLICY, "spec.ingress.0.ports.0", {"port": "http", "endPort": 90},
         "spec.ingress[0].ports[0].endPort: Invalid value: 90: may not be specified when `port` is non-numeric"),
        ("ep", ENDPOINTS, "subsets.0.addresses", [], "subsets[0]: Required value: must specify `addresses`"),
        ("ep", ENDPOINTS, "subsets.0.addresses.0.ip", "x", 'subsets[0].addresses[0].ip: Invalid value: "x"'),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_told(word: str, good: Any, path: str, value: Any, message: str) -> None:
    found = said(wrong(word, changed(good, path, value)))
    assert any(one.startswith(message) for one in found), found


def test_two_ports_may_share_a_number_by_different_protocols_but_not_a_node_port() -> None:
    ports = [
        {"name": "a", "port": 53, "nodePort": 30053},
        {"name": "b", "port": 53, "protocol": "UDP", "nodePort": 30053},
    ]
    assert wrong("svc", {"spec": {"type": "NodePort", "ports": ports}}) == []
    ports[1] = {"name": "b", "port": 54, "nodePort": 30053}
    assert said(wrong("svc", {"spec": {"type": "NodePort", "ports": ports}})) == [
        "spec.ports[1].nodePort: Duplicate value: 30053"
    ]


def test_the_type_of_a_slice_stays() -> None:
    new = {"addressType": "IPv6", "endpoints": []}
    assert said(wrong("endpointslice", new, SLICE)) == ['addressType: Invalid value: "IPv6": field is immutable']
