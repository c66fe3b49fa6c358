from __future__ import annotations

from typing import Any

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.resources import Resources

TABLE = Resources.builtin()
RBAC = "rbac.authorization.k8s.io"


@pytest.mark.parametrize(
    ("word", "given", "expected"),
    [
        (
            "rolebinding",
            {
                "roleRef": {"kind": "Role", "name": "r"},
                "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "apiGroup": ""}],
            },
            {
                "roleRef": {"kind": "Role", "name": "r", "apiGroup": RBAC},
                "subjects": [
                    {"kind": "User", "name": "u", "apiGroup": RBAC},
                    {"kind": "ServiceAccount", "name": "s"},
                ],
            },
        ),
        ("netpol", {}, {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}),
        (
            "netpol",
            {"spec": {"podSelector": {"matchLabels": {"a": "b"}}, "egress": [{"ports": [{"port": 53}]}]}},
            {
                "spec": {
                    "podSelector": {"matchLabels": {"a": "b"}},
                    "egress": [{"ports": [{"port": 53, "protocol": "TCP"}]}],
                    "policyTypes": ["Ingress", "Egress"],
                }
            },
        ),
        ("ing", {}, {"status": {"loadBalancer": {}}}),
        (
            "ingressclass",
            {"spec": {"controller": "c", "parameters": {"kind": "K", "name": "n"}}},
            {"spec": {"controller": "c", "parameters": {"kind": "K", "name": "n", "scope": "Cluster"}}},
        ),
        ("sc", {"provisioner": "p"}, {"provisioner": "p", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}),
        ("pc", {"value": 1}, {"value": 1, "preemptionPolicy": "PreemptLowerPriority"}),
        (
            "csidriver",
            {},
            {
                "spec": {
                    "attachRequired": True,
                    "podInfoOnMount": False,
                    "storageCapacity": False,
                    "fsGroupPolicy": "ReadWriteOnceWithFSType",
                    "requiresRepublish": False,
                    "seLinuxMount": False,
                    "volumeLifecycleModes": ["Persistent"],
                }
            },
        ),
        (
            "mutatingwebhookconfiguration",
            {
                "kind": "MutatingWebhookConfiguration",
                "webhooks": [{"name": "w", "rules": [{}], "clientConfig": {"service": {"name": "s"}}}],
            },
            {
                "kind": "MutatingWebhookConfiguration",
                "webhooks": [
                    {
                        "name": "w",
                        "rules": [{"scope": "*"}],
                        "clientConfig": {"service": {"name": "s", "port": 443}},
                        "failurePolicy": "Fail",
                        "matchPolicy": "Equivalent",
                        "timeoutSeconds": 10,
                        "namespaceSelector": {},
                        "objectSelector": {},
                        "reinvocationPolicy": "Never",
                    }
                ],
            },
        ),
        (
            "validatingadmissionpolicy",
            {"spec": {"matchConstraints": {"resourceRules": [{}]}}},
            {
                "spec": {
                    "failurePolicy": "Fail",
                    "matchConstraints": {
                        "resourceRules": [{"scope": "*"}],
                        "matchPolicy": "Equivalent",
                        "namespaceSelector": {},
                        "objectSelector": {},
                    },
                }
            },
        ),
        ("validatingadmissionpolicybinding", {"spec": {"policyName": "p"}}, {"spec": {"policyName": "p"}}),
        (
            "crd",
            {"spec": {"names": {"kind": "Widget", "plural": "widgets"}}},
            {
                "spec": {
                    "names": {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
                    "conversion": {"strategy": "None"},
                }
            },
        ),
        ("apiservice", {"spec": {"service": {"name": "s"}}}, {"spec": {"service": {"name": "s", "port": 443}}}),
        ("flowschema", {}, {"spec": {"matchingPrecedence": 1000}}),
        (
            "prioritylevelconfiguration",
            {"spec": {"limited": {"limitResponse": {"type": "Queue", "queuing": {}}}}},
            {
                "spec": {
                    "limited": {
                        "limitResponse": {
                            "type": "Queue",
                            "queuing": {"queues": 64, "handSize": 8, "queueLengthLimit": 50},
                        },
                        "nominalConcurrencyShares": 30,
                        "lendablePercent": 0,
                    }
                }
            },
        ),
        (
            "resourceclaim",
            {"spec": {"devices": {"requests": [{"name": "r", "exactly": {"tolerations": [{}]}}]}}},
            {
                "spec": {
                    "devices": {
                        "requests": [
                            {
                                "name": "r",
                                "exactly": {
                                    "tolerations": [{"operator": "Equal"}],
                                    "allocationMode": "ExactCount",
                                    "count": 1,
                                },
                            }
                        ]
                    }
                }
            },
        ),
        (
            "resourceclaimtemplate",
            {"spec": {"spec": {"devices": {"requests": [{"firstAvailable": [{"allocationMode": "All"}]}]}}}},
            {"spec": {"spec": {"devices": {"requests": [{"firstAvailable": [{"allocationMode": "All"}]}]}}}},
        ),
        ("configmap", {"data": {"a": "b"}}, {"data": {"a": "b"}}),
    ],
)
def test_a_kind_gets_what_kubernetes_writes(word: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert apply_defaults(TABLE.resolve(word), given) == expected
