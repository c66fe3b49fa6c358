"""Deployments and ReplicaSets as plans see them."""

from datetime import UTC, datetime

from pyk8s.reconcile.objects import Deployment, ReplicaSet, parse

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STAMP = "2026-01-01T12:00:00Z"
EARLIER = "2026-01-01T11:50:00Z"


def template(version):
    return {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "main", "image": f"web:{version}"}]},
    }


def deployment(replicas=10, version=1, surge=None, unavailable=None, *, conditions=(), annotations=None, **fields):
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    strategy = fields.pop("strategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    status = {"conditions": list(conditions), **fields.pop("status", {})}
    metadata = {
        "name": "web",
        "namespace": "default",
        "uid": "d",
        "generation": 3,
        "annotations": annotations or {},
        **fields.pop("metadata", {}),
    }
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "strategy": strategy,
        "template": template(version),
        **fields,
    }
    return parse(Deployment, {"metadata": metadata, "spec": spec, "status": status})


def replica_set(version, replicas, available=None, *, actual=None, desired=None, maximum=None, revision=None, **fields):
    """The set of a version; `available` (all by default) and `actual` are what its status says."""
    annotations = {"deployment.kubernetes.io/revision": str(version if revision is None else revision)}
    if desired is not None:
        annotations["deployment.kubernetes.io/desired-replicas"] = str(desired)
    if maximum is not None:
        annotations["deployment.kubernetes.io/max-replicas"] = str(maximum)
    metadata = {
        "name": f"web-{version}",
        "namespace": "default",
        "uid": f"u{version}",
        "resourceVersion": "7",
        "creationTimestamp": f"2026-01-01T10:{version:02}:00Z",
        "generation": 1,
        "labels": {"app": "web", "pod-template-hash": str(version)},
        "annotations": {**annotations, **fields.pop("annotations", {})},
        **fields.pop("metadata", {}),
    }
    there = replicas if actual is None else actual
    ready = there if available is None else available
    status = {
        "replicas": there,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "observedGeneration": 1,
        "conditions": fields.pop("conditions", []),
    }
    labelled = template(version)
    labelled["metadata"]["labels"]["pod-template-hash"] = str(version)
    spec = {"replicas": replicas, "template": labelled, **fields}
    return parse(ReplicaSet, {"metadata": metadata, "spec": spec, "status": status})


def condition(type_, status, reason, *, since=EARLIER, updated=EARLIER, message=""):
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
        "lastUpdateTime": updated,
    }
