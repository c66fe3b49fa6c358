from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import GONE, changed, said, wrong

VOLUME: dict[str, Any] = {
    "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}
}
CLAIM: dict[str, Any] = {
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
        "volumeName": "v",
    },
    "status": {"phase": "Bound"},
}
CLASS: dict[str, Any] = {"provisioner": "p", "parameters": {"a": "b"}}


@pytest.mark.parametrize(("word", "obj"), [("pv", VOLUME), ("pvc", CLAIM), ("sc", CLASS)])
def test_a_good_one_has_nothing_wrong_and_may_stay(word: str, obj: dict[str, Any]) -> None:
    assert wrong(word, obj) == []
    assert wrong(word, obj, obj) == []


@pytest.mark.parametrize(
    ("word", "good", "path", "value", "message"),
    [
        ("pv", VOLUME, "spec.capacity", GONE, "spec.capacity: Required value"),
        ("pv", VOLUME, "spec.capacity", {"cpu": "1"}, 'spec.capacity: Unsupported value: ["cpu"]'),
        ("pv", VOLUME, "spec.capacity.storage", "0", 'spec.capacity[storage]: Invalid value: "0": must be greater t'),
        ("pv", VOLUME, "spec.accessModes", [], "spec.accessModes: Required value: at least 1 access mode is required"),
        ("pv", VOLUME, "spec.accessModes", ["All"], 'spec.accessModes: Unsupported value: "All"'),
        ("pv", VOLUME, "spec.accessModes", ["ReadWriteOncePod", "ReadWriteOnce"], "spec.accessModes: Forbidden"),
        ("pv", VOLUME, "spec.hostPath", GONE, "spec: Required value: must specify a volume type"),
        ("pv", VOLUME, "spec.nfs", {"server": "s", "path": "/"}, "spec.nfs: Forbidden: may not specify more than 1"),
        ("pv", VOLUME, "spec.hostPath.path", "", "spec.hostPath.path: Required value"),
        ("pv", VOLUME, "spec.volumeMode", "Tape", 'spec.volumeMode: Unsupported value: "Tape"'),
        ("pv", VOLUME, "spec.persistentVolumeReclaimPolicy", "Keep", "spec.persistentVolumeReclaimPolicy: Unsupported"),
        ("pv", VOLUME, "spec.nodeAffinity", {"required": {"nodeSelectorTerms": []}},
         "spec.nodeAffinity.required.nodeSelectorTerms: Required value"),
        ("pv", {"spec": {"capacity": {"storage": "1"}, "accessModes": ["ReadWriteOnce"]}}, "spec.local", {"path": "/x"},
         "spec.nodeAffinity: Required value: Local volume requires node affinity"),
        ("pvc", CLAIM, "spec.accessModes", [], "spec.accessModes: Required value"),
        ("pvc", CLAIM, "spec.resources", GONE, "spec.resources[storage]: Required value"),
        ("pvc", CLAIM, "spec.resources.requests.storage", "-1", 'spec.resources[storage]: Invalid value: "-1"'),
        ("pvc", CLAIM, "spec.storageClassName", "A", 'spec.storageClassName: Invalid value: "A"'),
        ("pvc", CLAIM, "spec.selector", {"matchLabels": {"-": ""}}, "spec.selector.matchLabels: Invalid value"),
        ("sc", CLASS, "provisioner", "", "provisioner: Required value"),
        ("sc", CLASS, "reclaimPolicy", "Keep", 'reclaimPolicy: Unsupported value: "Keep"'),
        ("sc", CLASS, "volumeBindingMode", "Later", 'volumeBindingMode: Unsupported value: "Later"'),
    ],
)  # fmt: skip
def test_one_thing_wrong_is_told(word: str, good: Any, path: str, value: Any, message: str) -> None:
    found = said(wrong(word, changed(good, path, value)))
    assert any(one.startswith(message) for one in found), found


@pytest.mark.parametrize(
    ("word", "good", "path", "value", "message"),
    [
        ("pv", VOLUME, "spec.hostPath.path", "/y", "spec.persistentvolumesource: Forbidden"),
        ("pvc", CLAIM, "spec.accessModes", ["ReadWriteMany"], "spec: Forbidden: spec is immutable after creation"),
        ("pvc", CLAIM, "spec.volumeName", "w", "spec: Forbidden: spec is immutable after creation"),
        ("pvc", CLAIM, "spec.resources.requests.storage", "512Mi", "spec.resources.requests.storage: Forbidden"),
        ("sc", CLASS, "parameters", {}, "parameters: Forbidden: updates to parameters are forbidden."),
        ("sc", CLASS, "reclaimPolicy", "Retain", "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden."),
    ],
)
def test_what_may_not_change_is_told(word: str, good: Any, path: str, value: Any, message: str) -> None:
    found = said(wrong(word, changed(good, path, value), good))
    assert len(found) == 1 and found[0].startswith(message), found


def test_a_bound_claim_may_grow_and_an_unbound_one_may_be_bound() -> None:
    assert wrong("pvc", changed(CLAIM, "spec.resources.requests.storage", "2Gi"), CLAIM) == []
    unbound = {"spec": {key: value for key, value in CLAIM["spec"].items() if key != "volumeName"}}
    assert wrong("pvc", changed(unbound, "spec.volumeName", "v"), unbound) == []
    found = said(wrong("pvc", changed(unbound, "spec.resources.requests.storage", "2Gi"), unbound))
    assert found[0].startswith("spec: Forbidden")
