from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import GONE, changed, said, wrong

C = "spec.containers.0"
POD: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {
        "containers": [
            {
                "name": "a",
                "image": "i:1",
                "ports": [{"name": "http", "containerPort": 80}],
                "env": [{"name": "A", "value": "1"}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}},
                "livenessProbe": {"httpGet": {"port": "http"}},
                "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
            }
        ],
        "initContainers": [
            {"name": "i", "image": "i:1"},
            {"name": "s", "image": "i:1", "restartPolicy": "Always", "readinessProbe": {"tcpSocket": {"port": 1}}},
        ],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}],
    },
}
LONG = "a" * 64


def test_a_good_pod_has_nothing_wrong() -> None:
    assert wrong("pod", POD) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.containers", [], "spec.containers: Required value"),
        (f"{C}.name", GONE, f"{C}.name: Required value"),
        (f"{C}.name", "A", f'{C}.name: Invalid value: "A": a lowercase RFC 1123 label must consist of'),
        (f"{C}.name", LONG, f'{C}.name: Invalid value: "{LONG}": must be no more than 63 bytes'),
        (f"{C}.name", "i", 'spec.initContainers.0.name: Duplicate value: "i"'),
        (f"{C}.image", GONE, f"{C}.image: Required value"),
        (f"{C}.image", " i", f'{C}.image: Invalid value: " i": must not have leading or trailing whitespace'),
        (
            f"{C}.imagePullPolicy", "Sometimes",
            f'{C}.imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
        ),
        (f"{C}.terminationMessagePolicy", "Mail", f'{C}.terminationMessagePolicy: Unsupported value: "Mail"'),
        (f"{C}.restartPolicy", "Perhaps", f'{C}.restartPolicy: Unsupported value: "Perhaps"'),
        # ports
        (f"{C}.ports.0.containerPort", 0, f"{C}.ports.0.containerPort: Required value"),
        (
            f"{C}.ports.0.containerPort", 70000,
            f"{C}.ports.0.containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (f"{C}.ports.0.hostPort", -1, f"{C}.ports.0.hostPort: Invalid value: -1"),
        (f"{C}.ports.0.name", "UP", f'{C}.ports.0.name: Invalid value: "UP": must contain only alpha-numeric'),
        (f"{C}.ports.0.protocol", "ICMP", f'{C}.ports.0.protocol: Unsupported value: "ICMP": supported values: "SCTP"'),
        (f"{C}.ports.1", {"name": "http", "containerPort": 81}, f'{C}.ports.1.name: Duplicate value: "http"'),
        (
            f"{C}.ports",
            [{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 80}],
            f'{C}.ports.1.hostPort: Duplicate value: "TCP//80"',
        ),
        # variables
        (f"{C}.env.0.name", GONE, f"{C}.env.0.name: Required value"),
        (f"{C}.env.0.name", "a=b", f'{C}.env.0.name: Invalid value: "a=b": a valid environment variable name'),
        (f"{C}.env.0.valueFrom", {}, f'{C}.env.0.valueFrom: Invalid value: "": must specify one of'),
        (
            f"{C}.env.0.valueFrom", {"fieldRef": {"fieldPath": "metadata.name"}},
            f'{C}.env.0.valueFrom: Invalid value: "": may not be specified when `value` is not empty',
        ),
        (
            f"{C}.env.0", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.tolerations"}}},
            f'{C}.env.0.valueFrom.fieldRef.fieldPath: Unsupported value: "spec.tolerations": supported values: "meta',
        ),
        (
            f"{C}.env.0", {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['-']"}}},
            f'{C}.env.0.valueFrom.fieldRef.fieldPath: Invalid value: "metadata.labels[\'-\']": name part must consist',
        ),
        (
            f"{C}.env.0", {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.gold"}}},
            f'{C}.env.0.valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gold"',
        ),
        (
            f"{C}.env.0", {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}},
            f"{C}.env.0.valueFrom.secretKeyRef.key: Required value",
        ),
        (
            f"{C}.env.0", {"name": "A", "valueFrom": {"secretKeyRef": {"key": "a"}, "configMapKeyRef": {"key": "b"}}},
            f'{C}.env.0.valueFrom: Invalid value: "": may not have more than one field specified at a time',
        ),
        (f"{C}.envFrom", [{}], f'{C}.envFrom.0: Invalid value: "": must specify one of: `configMapRef` or `secretRef`'),
        (f"{C}.envFrom", [{"secretRef": {}}], f"{C}.envFrom.0.secretRef.name: Required value"),
        # mounts
        (f"{C}.volumeMounts.0.name", "w", f'{C}.volumeMounts.0.name: Not found: "w"'),
        (f"{C}.volumeMounts.0.mountPath", "", f"{C}.volumeMounts.0.mountPath: Required value"),
        (
            f"{C}.volumeMounts.1", {"name": "v", "mountPath": "/v"},
            f'{C}.volumeMounts.1.mountPath: Invalid value: "/v": must be unique',
        ),
        (f"{C}.volumeMounts.0.subPath", "/x", f'{C}.volumeMounts.0.subPath: Invalid value: "/x": must be a relative'),
        (f"{C}.volumeMounts.0.subPath", "a/../b", f'{C}.volumeMounts.0.subPath: Invalid value: "a/../b": must not'),
        (
            f"{C}.volumeMounts.0", {"name": "v", "mountPath": "/v", "subPath": "a", "subPathExpr": "b"},
            f'{C}.volumeMounts.0.subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive',
        ),
        (
            f"{C}.volumeMounts.0.mountPropagation", "Bidirectional",
            f"{C}.volumeMounts.0.mountPropagation: Forbidden: Bidirectional mount propagation is available only",
        ),
        (f"{C}.volumeDevices", [{"name": "v"}], f"{C}.volumeDevices.0.devicePath: Required value"),
        # resources
        (
            f"{C}.resources.requests.cpu", "2",
            f'{C}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        ),
        (
            f"{C}.resources.limits.memory", "-1",
            f'{C}.resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0',
        ),
        (
            f"{C}.resources.limits.gold", "1",
            f'{C}.resources.limits[gold]: Invalid value: "gold": must be a standard resource for containers',
        ),
        (
            f"{C}.resources", {"requests": {"hugepages-2Mi": "2Mi"}},
            f"{C}.resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            f"{C}.resources", {"limits": {"example.com/x": "500m"}},
            f'{C}.resources.limits[example.com/x]: Invalid value: "500m": must be an integer',
        ),
        (
            f"{C}.resources", {"limits": {"example.com/x": "2"}, "requests": {"example.com/x": "1"}},
            f'{C}.resources.requests: Invalid value: "1": must be equal to example.com/x limit of 2',
        ),
        # probes and hooks
        (f"{C}.livenessProbe", {}, f"{C}.livenessProbe: Required value: must specify a handler type"),
        (
            f"{C}.livenessProbe.tcpSocket", {"port": 1},
            f"{C}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
        ),
        (
            f"{C}.livenessProbe.httpGet.port", 0,
            f"{C}.livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (f"{C}.livenessProbe.httpGet.port", "UP", f'{C}.livenessProbe.httpGet.port: Invalid value: "UP": must contain'),
        (f"{C}.livenessProbe.httpGet.scheme", "FTP", f'{C}.livenessProbe.httpGet.scheme: Unsupported value: "FTP"'),
        (
            f"{C}.livenessProbe.httpGet.httpHeaders", [{"name": "a b", "value": ""}],
            f'{C}.livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header',
        ),
        (f"{C}.livenessProbe", {"exec": {}}, f"{C}.livenessProbe.exec.command: Required value"),
        (
            f"{C}.livenessProbe.successThreshold", 2,
            f"{C}.livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            f"{C}.livenessProbe.periodSeconds", -1,
            f"{C}.livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            f"{C}.livenessProbe.terminationGracePeriodSeconds", 0,
            f"{C}.livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0",
        ),
        (
            f"{C}.readinessProbe", {"exec": {"command": ["a"]}, "terminationGracePeriodSeconds": 1},
            f"{C}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes",
        ),
        (f"{C}.lifecycle.postStart", {}, f"{C}.lifecycle.postStart: Required value: must specify a handler type"),
        (
            "spec.initContainers.0.livenessProbe", {"exec": {"command": ["a"]}},
            "spec.initContainers.0.livenessProbe: Forbidden: may not be set for init containers without",
        ),
        (
            "spec.ephemeralContainers", [{"name": "e", "image": "i", "lifecycle": {}}],
            "spec.ephemeralContainers.0.lifecycle: Forbidden: cannot be set for an Ephemeral Container",
        ),
        # the pod as a whole
        ("spec.restartPolicy", "Maybe", 'spec.restartPolicy: Unsupported value: "Maybe"'),
        ("spec.dnsPolicy", "Mine", 'spec.dnsPolicy: Unsupported value: "Mine"'),
        ("spec.dnsPolicy", "None", "spec.dnsConfig.nameservers: Required value: must provide at least one DNS"),
        ("spec.dnsConfig", {"nameservers": ["x"]}, 'spec.dnsConfig.nameservers.0: Invalid value: "x": must be a val'),
        ("spec.dnsConfig", {"nameservers": ["10.0.0.1"] * 4}, "spec.dnsConfig.nameservers: Too many: 4: must have at"),
        ("spec.dnsConfig", {"searches": ["a..b"]}, 'spec.dnsConfig.searches.0: Invalid value: "a..b"'),
        ("spec.dnsConfig", {"options": [{}]}, "spec.dnsConfig.options.0: Required value: must not be empty"),
        ("spec.terminationGracePeriodSeconds", -1, "spec.terminationGracePeriodSeconds: Invalid value: -1: must be"),
        ("spec.activeDeadlineSeconds", 0, "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and"),
        ("spec.nodeName", "A", 'spec.nodeName: Invalid value: "A": a lowercase RFC 1123 subdomain'),
        ("spec.hostname", "a.b", 'spec.hostname: Invalid value: "a.b": a lowercase RFC 1123 label'),
        ("spec.nodeSelector", {"a b": "c"}, 'spec.nodeSelector: Invalid value: "a b": name part must consist'),
        ("spec.imagePullSecrets", [{}], "spec.imagePullSecrets.0.name: Required value"),
        ("spec.hostAliases", [{"ip": "x"}], 'spec.hostAliases.0.ip: Invalid value: "x": must be a valid IP address'),
        ("spec.resources", {"limits": {"cpu": "-1"}}, 'spec.resources.limits[cpu]: Invalid value: "-1"'),
        ("spec.shareProcessNamespace", True, None),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_told_by_its_path(path: str, value: Any, message: str | None) -> None:
    found = said(wrong("pod", changed(POD, path, value)))
    if message is None:
        assert found == []
        return
    indexed = dotted_to_indexed(message)
    assert any(one.startswith(indexed) for one in found), found


def dotted_to_indexed(message: str) -> str:
    """ "spec.containers.0.name: …" with its indexes in brackets."""
    field, _, rest = message.partition(": ")
    parts = field.split(".")
    path = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in parts).removeprefix(".")
    return f"{path}: {rest}"


def test_in_the_hosts_network_a_port_is_the_hosts_port() -> None:
    hosted = changed(changed(POD, "spec.hostNetwork", True), f"{C}.ports.0.hostPort", 81)
    assert said(wrong("pod", hosted)) == [
        "spec.containers[0].ports[0].containerPort: Invalid value: 80: must match `hostPort` when `hostNetwork` is true"
    ]


def test_everything_wrong_is_told_at_once() -> None:
    both = changed(changed(POD, f"{C}.image", GONE), "spec.restartPolicy", "Maybe")
    assert [cause.field for cause in wrong("pod", both)] == ["spec.containers[0].image", "spec.restartPolicy"]
