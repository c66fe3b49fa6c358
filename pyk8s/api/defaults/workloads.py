"""Defaults of what makes pods. Source: pkg/apis/{apps,batch,autoscaling}/v*/defaults.go."""

from __future__ import annotations

from typing import Final

from pyk8s.api.defaults.pod import default_template
from pyk8s.api.defaults.values import child, unless_said, unless_zero
from pyk8s.api.defaults.volumes import default_claim_spec
from pyk8s.api.objectmeta import Object

_LARGEST_INT32: Final = 2**31 - 1


def default_deployment(obj: Object) -> None:
    """Fill in a Deployment."""
    spec = child(obj, "spec")
    _template(spec)
    unless_said(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = child(spec, "strategy")
    unless_zero(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        unless_said(child(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    child(obj, "status")


def default_replica_set(obj: Object) -> None:
    """Fill in a ReplicaSet."""
    spec = child(obj, "spec")
    _template(spec)
    unless_said(spec, replicas=1)
    unless_said(child(obj, "status"), replicas=0)


def default_replication_controller(obj: Object) -> None:
    """Fill in a ReplicationController: its template's labels serve as its selector and its own labels."""
    spec = child(obj, "spec")
    _template(spec)
    unless_said(spec, replicas=1)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        unless_zero(spec, selector=dict(labels))
        unless_zero(child(obj, "metadata"), labels=dict(labels))
    unless_said(child(obj, "status"), replicas=0)


def default_stateful_set(obj: Object) -> None:
    """Fill in a StatefulSet and its claim templates."""
    spec = child(obj, "spec")
    _template(spec)
    unless_zero(spec, podManagementPolicy="OrderedReady")
    strategy = child(spec, "updateStrategy")
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
        child(strategy, "rollingUpdate")
    if strategy["type"] == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        unless_said(strategy["rollingUpdate"], partition=0)
    unless_zero(child(spec, "persistentVolumeClaimRetentionPolicy"), whenDeleted="Retain", whenScaled="Retain")
    unless_said(spec, replicas=1, revisionHistoryLimit=10)
    for claim in spec.get("volumeClaimTemplates") or ():
        unless_zero(claim, apiVersion="v1", kind="PersistentVolumeClaim")
        default_claim_spec(child(claim, "spec"))
        unless_zero(child(claim, "status"), phase="Pending")
    unless_said(child(obj, "status"), replicas=0, availableReplicas=0)


def default_daemon_set(obj: Object) -> None:
    """Fill in a DaemonSet."""
    spec = child(obj, "spec")
    _template(spec)
    strategy = child(spec, "updateStrategy")
    unless_zero(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        unless_said(child(strategy, "rollingUpdate"), maxUnavailable=1, maxSurge=0)
    unless_said(spec, revisionHistoryLimit=10)
    status = child(obj, "status")
    unless_said(status, currentNumberScheduled=0, numberMisscheduled=0, desiredNumberScheduled=0, numberReady=0)


def default_job(obj: Object) -> None:
    """Fill in a Job; one that says neither completions nor parallelism runs once."""
    spec = child(obj, "spec")
    default_job_template_spec(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = 1
    unless_said(spec, parallelism=1, completionMode="NonIndexed", suspend=False)
    unless_said(spec, backoffLimit=6 if spec.get("backoffLimitPerIndex") is None else _LARGEST_INT32)
    policy = spec.get("podFailurePolicy")
    unless_said(spec, podReplacementPolicy="Failed" if policy else "TerminatingOrFailed")
    for rule in (policy or {}).get("rules") or ():
        for pattern in rule.get("onPodConditions") or ():
            unless_zero(pattern, status="True")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels:
        unless_zero(child(obj, "metadata"), labels=dict(labels))
    child(obj, "status")


def default_cron_job(obj: Object) -> None:
    """Fill in a CronJob; the jobs it makes get their own defaults when they are made."""
    spec = child(obj, "spec")
    if (template := spec.get("jobTemplate")) is not None:
        child(template, "metadata")
        default_job_template_spec(child(template, "spec"))
    unless_zero(spec, concurrencyPolicy="Allow")
    unless_said(spec, suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    child(obj, "status")


def default_job_template_spec(spec: Object) -> None:
    """Fill in the pod template of a job."""
    _template(spec)


def default_autoscaler_v1(obj: Object) -> None:
    """Fill in a HorizontalPodAutoscaler of version v1."""
    unless_said(child(obj, "spec"), minReplicas=1)


_SCALE_UP: Final = ({"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100,
                                                                         "periodSeconds": 15})  # fmt: skip
_SCALE_DOWN: Final = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


def default_autoscaler(obj: Object) -> None:
    """Fill in a HorizontalPodAutoscaler of version v2: 80 % of the CPU asked for, unless metrics are said."""
    spec = child(obj, "spec")
    unless_said(spec, minReplicas=1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    behavior = spec.get("behavior")
    if behavior is not None:
        up, down = child(behavior, "scaleUp"), child(behavior, "scaleDown")
        unless_said(up, stabilizationWindowSeconds=0)
        for rules, policies in ((up, _SCALE_UP), (down, _SCALE_DOWN)):
            unless_said(rules, selectPolicy="Max", policies=[dict(policy) for policy in policies])


def default_pod_template(obj: Object) -> None:
    """Fill in a PodTemplate."""
    if (template := obj.get("template")) is not None:
        default_template(template)


def _template(spec: Object) -> None:
    if (template := spec.get("template")) is not None:
        default_template(template)
