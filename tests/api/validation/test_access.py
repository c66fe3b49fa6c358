from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import changed, said, wrong

ROLE: dict[str, Any] = {"rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}
PATHS: dict[str, Any] = {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/healthz"]}]}
BINDING: dict[str, Any] = {
    "roleRef": {"kind": "ClusterRole", "name": "admin"},
    "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s", "namespace": "n"}],
}
PRIORITY: dict[str, Any] = {"metadata": {"name": "high"}, "value": 1000}
LEASE: dict[str, Any] = {"spec": {"leaseDurationSeconds": 40}}
REQUEST: dict[str, Any] = {"spec": {"request": "YQ==", "signerName": "a/b", "usages": ["digital signature"]}}


@pytest.mark.parametrize(
    ("word", "obj"),
    [
        ("role", ROLE),
        ("clusterrole", ROLE),
        ("clusterrole", PATHS),
        ("clusterrole", {}),
        ("rolebinding", BINDING),
        ("clusterrolebinding", BINDING),
        ("pc", PRIORITY),
        ("pc", {"metadata": {"name": "system-node-critical"}, "value": 2000001000}),
        ("lease", LEASE),
        ("lease", {}),
        ("csr", REQUEST),
        ("runtimeclass", {"handler": "runc"}),
    ],
)
def test_a_good_one_has_nothing_wrong_and_may_stay(word: str, obj: dict[str, Any]) -> None:
    assert wrong(word, obj) == []
    assert wrong(word, obj, obj) == []


@pytest.mark.parametrize(
    ("word", "good", "path", "value", "message"),
    [
        ("role", ROLE, "rules.0.verbs", [], "rules[0].verbs: Required value: verbs must contain at least one value"),
        ("role", ROLE, "rules.0.apiGroups", [], "rules[0].apiGroups: Required value: resource rules must supply"),
        ("role", ROLE, "rules.0.resources", [], "rules[0].resources: Required value: resource rules must supply"),
        ("role", PATHS, "rules.0.verbs", ["get"], "rules[0].nonResourceURLs: Invalid value: [\"/healthz\"]: namespa"),
        ("clusterrole", PATHS, "rules.0.resources", ["pods"], "rules[0].nonResourceURLs: Invalid value"),
        ("rolebinding", BINDING, "roleRef.kind", "Group", 'roleRef.kind: Unsupported value: "Group"'),
        ("clusterrolebinding", BINDING, "roleRef.kind", "Role", 'roleRef.kind: Unsupported value: "Role"'),
        ("rolebinding", BINDING, "roleRef.name", "", "roleRef.name: Required value"),
        ("rolebinding", BINDING, "roleRef.apiGroup", "x", 'roleRef.apiGroup: Unsupported value: "x"'),
        ("rolebinding", BINDING, "subjects.0.kind", "Dog", 'subjects[0].kind: Unsupported value: "Dog"'),
        ("rolebinding", BINDING, "subjects.0.name", "", "subjects[0].name: Required value"),
        ("rolebinding", BINDING, "subjects.0.apiGroup", "x", 'subjects[0].apiGroup: Unsupported value: "x"'),
        ("rolebinding", BINDING, "subjects.1.apiGroup", "x", 'subjects[1].apiGroup: Unsupported value: "x"'),
        ("rolebinding", BINDING, "subjects.1.name", "A b", 'subjects[1].name: Invalid value: "A b"'),
        ("clusterrolebinding", BINDING, "subjects.1.namespace", "", "subjects[1].namespace: Required value"),
        ("pc", PRIORITY, "value", 1000000001, "value: Forbidden: maximum allowed value of a user defined priority is"),
        ("pc", PRIORITY, "metadata.name", "system-mine", "metadata.name: Forbidden: priority class names with 'syst"),
        ("pc", PRIORITY, "preemptionPolicy", "Push", 'preemptionPolicy: Unsupported value: "Push"'),
        ("lease", LEASE, "spec.leaseDurationSeconds", 0, "spec.leaseDurationSeconds: Invalid value: 0: must be grea"),
        ("lease", LEASE, "spec.leaseTransitions", -1, "spec.leaseTransitions: Invalid value: -1"),
        ("csr", REQUEST, "spec.usages", [], "spec.usages: Required value"),
        ("csr", REQUEST, "spec.expirationSeconds", 5, "spec.expirationSeconds: Invalid value: 5: may not specify a"),
        ("runtimeclass", {}, "handler", "A", 'handler: Invalid value: "A"'),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_told(word: str, good: Any, path: str, value: Any, message: str) -> None:
    found = said(wrong(word, changed(good, path, value)))
    assert any(one.startswith(message) for one in found), found


@pytest.mark.parametrize(
    ("word", "good", "path", "value", "message"),
    [
        ("rolebinding", BINDING, "roleRef.name", "edit", "roleRef: Invalid value: "),
        ("pc", PRIORITY, "value", 5, "value: Forbidden: may not be changed in an update."),
        ("csr", REQUEST, "spec.signerName", "c/d", "spec: Invalid value: "),
        ("runtimeclass", {"handler": "a"}, "handler", "b", 'handler: Invalid value: "b": field is immutable'),
    ],
)
def test_what_may_not_change_is_told(word: str, good: Any, path: str, value: Any, message: str) -> None:
    found = said(wrong(word, changed(good, path, value), good))
    assert len(found) == 1 and found[0].startswith(message), found
