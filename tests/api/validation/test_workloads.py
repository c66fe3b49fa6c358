from __future__ import annotations

from typing import Any

import pytest

from tests.api.validation.cases import GONE, changed, said, wrong

SELECTOR = {"matchLabels": {"app": "web"}}
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "a", "image": "i:1"}]}}
OWNER: dict[str, Any] = {"metadata": {"name": "x"}, "spec": {"selector": SELECTOR, "template": TEMPLATE}}
OWNERS = ["deployment", "replicaset", "statefulset", "daemonset"]
JOB: dict[str, Any] = changed(
    {"metadata": {"name": "x"}, "spec": {"selector": {"matchLabels": {"u": "1"}}, "template": TEMPLATE}},
    "spec.template.spec.restartPolicy",
    "Never",
)
CRON: dict[str, Any] = {
    "metadata": {"name": "x"},
    "spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": JOB["spec"]["template"]}}},
}
NOT_NEGATIVE = "must be greater than or equal to 0"


def check(word: str, obj: Any, message: str, old: Any = None) -> None:
    found = said(wrong(word, obj, old))
    assert any(one.startswith(message) for one in found), found


@pytest.mark.parametrize("word", OWNERS)
def test_a_good_owner_of_pods_has_nothing_wrong(word: str) -> None:
    assert wrong(word, OWNER) == []
    assert wrong(word, OWNER, OWNER) == []


@pytest.mark.parametrize("word", OWNERS)
@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.selector", GONE, "spec.selector: Required value"),
        ("spec.selector", {}, "spec.selector: Invalid value: {}: empty selector is invalid for "),
        ("spec.selector.matchLabels", {"app": "db"}, "spec.template.metadata.labels: Invalid value: "),
        ("spec.selector.matchLabels", {"app": "-"}, 'spec.selector.matchLabels: Invalid value: "-"'),
        ("spec.selector.matchExpressions", [{"key": "a", "operator": "?"}], "spec.selector.matchExpressions[0].oper"),
        ("spec.selector.matchExpressions", [{"key": "a", "operator": "In"}], "spec.selector.matchExpressions[0].val"),
        ("spec.template", GONE, "spec.template: Required value"),
        ("spec.template.spec.containers", [], "spec.template.spec.containers: Required value"),
        ("spec.template.metadata.labels", {"a b": "c", "app": "web"}, "spec.template.metadata.labels: Invalid value"),
        (
            "spec.template.spec.restartPolicy",
            "Never",
            'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        ),
        ("spec.template.spec.activeDeadlineSeconds", 5, "spec.template.spec.activeDeadlineSeconds: Forbidden: "),
        ("spec.template.spec.ephemeralContainers", [{"name": "e", "image": "i"}],
         "spec.template.spec.ephemeralContainers: Forbidden: "),
        ("spec.minReadySeconds", -1, f"spec.minReadySeconds: Invalid value: -1: {NOT_NEGATIVE}"),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_an_owner_of_pods_is_told(word: str, path: str, value: Any, message: str) -> None:
    check(word, changed(OWNER, path, value), message)


@pytest.mark.parametrize("word", ["deployment", "replicaset", "daemonset"])
def test_a_selector_may_not_change(word: str) -> None:
    other = changed(OWNER, "spec.selector.matchLabels", {"app": "web", "x": "y"})
    new = changed(other, "spec.template.metadata.labels", {"app": "web", "x": "y"})
    (cause,) = wrong(word, new, OWNER)
    assert cause.field == "spec.selector" and cause.message.endswith("field is immutable")


@pytest.mark.parametrize(
    ("word", "path", "value", "message"),
    [
        ("deployment", "spec.replicas", -1, f"spec.replicas: Invalid value: -1: {NOT_NEGATIVE}"),
        ("deployment", "spec.progressDeadlineSeconds", 0, "spec.progressDeadlineSeconds: Invalid value: 0: must be"),
        ("deployment", "spec.strategy.type", "Slow", 'spec.strategy.type: Unsupported value: "Slow"'),
        ("deployment", "spec.strategy", {"type": "Recreate", "rollingUpdate": {}}, "spec.strategy.rollingUpdate: Fo"),
        ("deployment", "spec.strategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": "0%"},
         'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'),
        ("deployment", "spec.strategy.rollingUpdate", {"maxSurge": "1x"},
         'spec.strategy.rollingUpdate.maxSurge: Invalid value: "1x": a valid percent string'),
        ("deployment", "spec.strategy.rollingUpdate", {"maxSurge": -1},
         f"spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: {NOT_NEGATIVE}"),
        ("deployment", "spec.strategy.rollingUpdate", {"maxUnavailable": "101%"},
         'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'),
        ("replicaset", "spec.replicas", -1, "spec.replicas: Invalid value: -1"),
        ("daemonset", "spec.updateStrategy.type", "Slow", 'spec.updateStrategy.type: Unsupported value: "Slow"'),
        ("daemonset", "spec.updateStrategy.rollingUpdate", {"maxSurge": 1, "maxUnavailable": 1},
         "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-z"),
        ("daemonset", "spec.updateStrategy.rollingUpdate", {"maxSurge": 0, "maxUnavailable": 0},
         "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0 when maxSurge is 0"),
        ("statefulset", "spec.podManagementPolicy", "Loose", 'spec.podManagementPolicy: Unsupported value: "Loose"'),
        ("statefulset", "spec.updateStrategy", {"type": "OnDelete", "rollingUpdate": {"partition": 1}},
         "spec.updateStrategy.rollingUpdate: Invalid value: "),
        ("statefulset", "spec.updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": -1}},
         "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1"),
        ("statefulset", "spec.updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0}},
         "spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0"),
        ("statefulset", "spec.ordinals", {"start": -1}, "spec.ordinals.start: Invalid value: -1"),
        ("statefulset", "spec.persistentVolumeClaimRetentionPolicy", {"whenScaled": "Keep"},
         'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep"'),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_strategy_is_told(word: str, path: str, value: Any, message: str) -> None:
    check(word, changed(OWNER, path, value), message)


def test_few_fields_of_a_stateful_set_may_change() -> None:
    assert wrong("statefulset", changed(OWNER, "spec.replicas", 5), OWNER) == []
    check("statefulset", changed(OWNER, "spec.serviceName", "other"), "spec: Forbidden: updates to statefulset", OWNER)


def test_a_replication_controller_matches_its_template() -> None:
    good = {"spec": {"selector": {"app": "web"}, "template": TEMPLATE}}
    assert wrong("rc", good) == []
    check("rc", changed(good, "spec.selector", {"app": "db"}), "spec.template.metadata.labels: Invalid value")
    check("rc", {"spec": {}}, "spec.template: Required value")
    check("rc", {"spec": {"template": {"spec": TEMPLATE["spec"]}}}, "spec.selector: Required value")


def test_a_pod_template_is_checked_like_a_pod() -> None:
    assert wrong("podtemplate", {"template": TEMPLATE}) == []
    check("podtemplate", {"template": {"spec": {"containers": []}}}, "template.spec.containers: Required value")


def test_a_job_has_its_own_restart_policies() -> None:
    assert wrong("job", JOB) == []
    at = "spec.template.spec.restartPolicy"
    check("job", changed(JOB, at, "Always"), f'{at}: Required value: valid values: "OnFailure", "Never"')
    check("job", changed(JOB, at, "Maybe"), f'{at}: Unsupported value: "Maybe"')
    policy = changed(changed(JOB, at, "OnFailure"), "spec.podFailurePolicy", {"rules": [{"action": "Ignore"}]})
    check("job", policy, f'{at}: Invalid value: "OnFailure": only "Never" is supported')


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.parallelism", -1, f"spec.parallelism: Invalid value: -1: {NOT_NEGATIVE}"),
        ("spec.completionMode", "Odd", 'spec.completionMode: Unsupported value: "Odd"'),
        (
            "spec.backoffLimitPerIndex",
            1,
            "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
        ),
        ("spec.selector", GONE, "spec.selector: Required value"),
        ("spec.template", GONE, "spec.template: Required value"),
    ],
)
def test_one_thing_wrong_with_a_job_is_told(path: str, value: Any, message: str) -> None:
    check("job", changed(JOB, path, value), message)


def test_an_indexed_job_says_how_many() -> None:
    indexed = changed(changed(JOB, "spec.completionMode", "Indexed"), "spec.parallelism", 2)
    check("job", indexed, "spec.completions: Required value: when completion mode is Indexed")


def test_a_running_job_stays_as_it_is() -> None:
    other = changed(JOB, "spec.template.spec.containers.0.image", "i:2")
    check("job", other, "spec.template: Invalid value", JOB)
    check("job", changed(JOB, "spec.completions", 5), "spec.completions: Invalid value: 5: field is immutable", JOB)
    suspended = changed(JOB, "spec.suspend", True)
    assert wrong("job", changed(other, "spec.suspend", True), suspended) == []
    elastic = changed(changed(JOB, "spec.completionMode", "Indexed"), "spec.completions", 2)
    elastic = changed(elastic, "spec.parallelism", 2)
    grown = changed(changed(elastic, "spec.completions", 4), "spec.parallelism", 4)
    assert wrong("job", grown, elastic) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.schedule", "", "spec.schedule: Required value"),
        ("spec.schedule", "* * * *", 'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4:'),
        ("spec.schedule", "TZ=UTC * * * * *", "spec.schedule: Invalid value"),
        ("spec.timeZone", "", 'spec.timeZone: Invalid value: "": timeZone must be an explicit time zone'),
        ("spec.concurrencyPolicy", "Some", 'spec.concurrencyPolicy: Unsupported value: "Some"'),
        ("spec.startingDeadlineSeconds", -1, "spec.startingDeadlineSeconds: Invalid value: -1"),
        ("spec.jobTemplate.spec.manualSelector", True, "spec.jobTemplate.spec.manualSelector: Forbidden"),
        ("spec.jobTemplate.spec.template.spec.restartPolicy", "Always",
         'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'),
        ("metadata.name", "a" * 53, f'metadata.name: Invalid value: "{"a" * 53}": must be no more than 52 characters'),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_cron_job_is_told(path: str, value: Any, message: str) -> None:
    assert wrong("cronjob", CRON) == []
    check("cronjob", changed(CRON, path, value), message)


BUDGET = {"spec": {"minAvailable": 1, "selector": SELECTOR}}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.maxUnavailable", 1, "spec: Invalid value: "),
        ("spec.minAvailable", -1, "spec.minAvailable: Invalid value: -1"),
        ("spec.minAvailable", "101%", 'spec.minAvailable: Invalid value: "101%"'),
        ("spec.selector.matchLabels", {"-": ""}, "spec.selector.matchLabels: Invalid value"),
        ("spec.unhealthyPodEvictionPolicy", "X", 'spec.unhealthyPodEvictionPolicy: Unsupported value: "X"'),
    ],
)
def test_one_thing_wrong_with_a_budget_is_told(path: str, value: Any, message: str) -> None:
    assert wrong("pdb", BUDGET) == []
    check("pdb", changed(BUDGET, path, value), message)


SCALER = {"spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"}}}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("spec.minReplicas", 0, "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"),
        ("spec.minReplicas", 4, "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"),
        ("spec.maxReplicas", 0, "spec.maxReplicas: Invalid value: 0: must be greater than 0"),
        ("spec.scaleTargetRef.name", "", "spec.scaleTargetRef.name: Required value"),
    ],
)
def test_one_thing_wrong_with_an_autoscaler_is_told(path: str, value: Any, message: str) -> None:
    assert wrong("hpa", SCALER) == []
    check("hpa", changed(SCALER, path, value), message)
