from __future__ import annotations

from typing import Any

import pytest

from pyk8s.api.defaults import apply_defaults
from pyk8s.api.resources import Resources

TABLE = Resources.builtin()
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "i:1"}]}}


def filled(word: str, **spec: Any) -> dict[str, Any]:
    """An object of the kind `word` with a pod template and defaults, its template taken out of the spec."""
    whole = {"metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": []}}, **spec}}
    found = apply_defaults(TABLE.resolve(word), whole)
    found["spec"].pop("template", None)
    return found


def spec_of(word: str, **spec: Any) -> dict[str, Any]:
    found: dict[str, Any] = filled(word, **spec)["spec"]
    return found


@pytest.mark.parametrize(
    ("word", "given", "expected"),
    [
        (
            "deployment",
            {},
            {
                "replicas": 1,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
            },
        ),
        (
            "deployment",
            {"replicas": 0, "strategy": {"type": "Recreate"}},
            {
                "replicas": 0,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                "strategy": {"type": "Recreate"},
            },
        ),
        ("replicaset", {}, {"replicas": 1}),
        (
            "statefulset",
            {},
            {
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
                "replicas": 1,
                "revisionHistoryLimit": 10,
            },
        ),
        (
            "daemonset",
            {},
            {
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "revisionHistoryLimit": 10,
            },
        ),
        ("daemonset", {"updateStrategy": {"type": "OnDelete"}}, {"updateStrategy": {"type": "OnDelete"},
                                                                 "revisionHistoryLimit": 10}),
        (
            "job",
            {},
            {
                "completions": 1,
                "parallelism": 1,
                "completionMode": "NonIndexed",
                "suspend": False,
                "backoffLimit": 6,
                "podReplacementPolicy": "TerminatingOrFailed",
            },
        ),
        (
            "job",
            {
                "parallelism": 3,
                "backoffLimitPerIndex": 1,
                "podFailurePolicy": {"rules": [{"onPodConditions": [{"type": "X"}]}]},
            },
            {
                "parallelism": 3,
                "completionMode": "NonIndexed",
                "suspend": False,
                "backoffLimitPerIndex": 1,
                "backoffLimit": 2**31 - 1,
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {"rules": [{"onPodConditions": [{"type": "X", "status": "True"}]}]},
            },
        ),
        (
            "cronjob",
            {"schedule": "* * * * *"},
            {
                "schedule": "* * * * *",
                "concurrencyPolicy": "Allow",
                "suspend": False,
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 1,
            },
        ),
        ("hpa.v1.autoscaling", {}, {"minReplicas": 1}),
        (
            "hpa",
            {"behavior": {"scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}]}}},
            {
                "minReplicas": 1,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                    }
                ],
                "behavior": {
                    "scaleUp": {
                        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}],
                        "stabilizationWindowSeconds": 0,
                        "selectPolicy": "Max",
                    },
                    "scaleDown": {
                        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
                        "selectPolicy": "Max",
                    },
                },
            },
        ),
    ],
)  # fmt: skip
def test_a_workload_gets_what_kubernetes_writes(word: str, given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert spec_of(word, **given) == expected


@pytest.mark.parametrize("word", ["deployment", "replicaset", "statefulset", "daemonset", "job", "rc"])
def test_a_template_gets_the_defaults_of_a_pod_but_not_those_only_pods_get(word: str) -> None:
    limits = {"limits": {"cpu": "1"}}
    template = {"spec": {"containers": [{"name": "a", "image": "i", "resources": limits}]}}
    whole = apply_defaults(TABLE.resolve(word), {"metadata": {}, "spec": {"template": template}})
    spec = whole["spec"]["template"]["spec"]
    assert spec["dnsPolicy"] == "ClusterFirst"
    assert spec["containers"][0]["resources"] == limits, "requests follow limits in pods only"
    assert "enableServiceLinks" not in spec
    assert whole["spec"]["template"]["metadata"] == {}


def test_the_job_of_a_cron_job_and_a_pod_template_are_filled_in_too() -> None:
    cron: dict[str, Any] = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}}
    job = apply_defaults(TABLE.resolve("cronjob"), cron)["spec"]["jobTemplate"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert "backoffLimit" not in job["spec"]
    template = apply_defaults(TABLE.resolve("podtemplate"), {"template": {"spec": {"containers": []}}})["template"]
    assert template["spec"]["schedulerName"] == "default-scheduler"


def test_claims_of_a_stateful_set_are_claims() -> None:
    spec = spec_of("statefulset", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    assert spec["volumeClaimTemplates"] == [
        {
            "metadata": {"name": "data"},
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "spec": {"volumeMode": "Filesystem", "resources": {}},
            "status": {"phase": "Pending"},
        }
    ]


def test_the_labels_of_the_template_serve_a_job_and_a_replication_controller() -> None:
    job = apply_defaults(TABLE.resolve("job"), {"metadata": {}, "spec": {"template": dict(TEMPLATE)}})
    assert job["metadata"]["labels"] == {"app": "web"}
    controller = apply_defaults(TABLE.resolve("rc"), {"metadata": {}, "spec": {"template": dict(TEMPLATE)}})
    assert controller["spec"]["selector"] == controller["metadata"]["labels"] == {"app": "web"}
    assert controller["spec"]["replicas"] == 1
