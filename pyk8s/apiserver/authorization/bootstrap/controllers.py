"""Roles for controllers, one for each, so that each may do what it must and no more.

Every role is bound to the service account of its name, and to the one user that all controllers of the controller
process share. Source: the default `system:controller:*` roles of Kubernetes.
"""

from __future__ import annotations

from typing import Any

from pyk8s.apiserver.authorization.bootstrap.components import CONTROLLERS
from pyk8s.apiserver.authorization.bootstrap.rows import EVENTS, GROUP, READ, Bound, Role, allow

KEEP = "create delete get list patch update watch"
"""To own objects of a kind, one by one."""

APPS, BATCH, STORAGE, CERTIFICATES = "apps", "batch", "storage.k8s.io", "certificates.k8s.io"
_WRITE = "patch update"
_FOLLOW = f"{READ} {_WRITE}"

RULES: dict[str, tuple[dict[str, Any], ...]] = {
    "attachdetach-controller": (
        EVENTS,
        allow(READ, "nodes pods persistentvolumes persistentvolumeclaims"),
        allow(_WRITE, "nodes/status"),
        allow("create delete get list watch", "volumeattachments", STORAGE),
        allow(READ, "csidrivers csinodes", STORAGE),
    ),
    "certificate-controller": (
        EVENTS,
        allow("delete get list watch", "certificatesigningrequests", CERTIFICATES),
        allow(_WRITE, "certificatesigningrequests/status certificatesigningrequests/approval", CERTIFICATES),
        allow("approve sign", "signers", CERTIFICATES),
        allow("create", "subjectaccessreviews", "authorization.k8s.io"),
    ),
    "clusterrole-aggregation-controller": (allow(f"escalate {_FOLLOW}", "clusterroles", GROUP),),
    "cronjob-controller": (
        EVENTS,
        allow(_FOLLOW, "cronjobs", BATCH),
        allow(KEEP, "jobs", BATCH),
        allow(_WRITE, "cronjobs/status cronjobs/finalizers", BATCH),
        allow("delete get list watch", "pods"),
    ),
    "daemon-set-controller": (
        EVENTS,
        allow(READ, "daemonsets", APPS),
        allow(_WRITE, "daemonsets/status daemonsets/finalizers", APPS),
        allow(READ, "nodes"),
        allow("create delete get list patch watch", "pods"),
        allow("create", "pods/binding"),
        allow(KEEP, "controllerrevisions", APPS),
    ),
    "deployment-controller": (
        EVENTS,
        allow(_FOLLOW, "deployments", APPS),
        allow(_WRITE, "deployments/status deployments/finalizers", APPS),
        allow(KEEP, "replicasets", APPS),
        allow(_WRITE, "replicasets/status", APPS),
        allow(_FOLLOW, "pods"),
    ),
    "disruption-controller": (
        EVENTS,
        allow(READ, "deployments replicasets statefulsets", APPS),
        allow(READ, "replicationcontrollers pods"),
        allow(READ, "poddisruptionbudgets", "policy"),
        allow(_WRITE, "poddisruptionbudgets/status", "policy"),
        allow(_WRITE, "pods/status"),
        allow("get", "*/scale", "*"),
    ),
    "endpoint-controller": (
        EVENTS,
        allow(READ, "services pods"),
        allow(KEEP, "endpoints"),
        allow("create", "endpoints/restricted"),
    ),
    "endpointslice-controller": (
        EVENTS,
        allow(READ, "services pods nodes"),
        allow("update", "services/finalizers"),
        allow(KEEP, "endpointslices", "discovery.k8s.io"),
    ),
    "endpointslicemirroring-controller": (
        EVENTS,
        allow(READ, "services endpoints"),
        allow("update", "services/finalizers endpoints/finalizers"),
        allow(KEEP, "endpointslices", "discovery.k8s.io"),
    ),
    "ephemeral-volume-controller": (
        EVENTS,
        allow(READ, "pods"),
        allow("update", "pods/finalizers"),
        allow("create get list watch", "persistentvolumeclaims"),
    ),
    "expand-controller": (
        EVENTS,
        allow(_FOLLOW, "persistentvolumes"),
        allow(READ, "persistentvolumeclaims"),
        allow(_WRITE, "persistentvolumeclaims/status"),
    ),
    "generic-garbage-collector": (EVENTS, allow("delete get list patch update watch", "*", "*")),
    "horizontal-pod-autoscaler": (
        EVENTS,
        allow(READ, "horizontalpodautoscalers", "autoscaling"),
        allow(_WRITE, "horizontalpodautoscalers/status", "autoscaling"),
        allow("get patch update", "*/scale", "*"),
        allow(READ, "pods"),
        allow(READ, "pods", "metrics.k8s.io"),
        allow(READ, "*", "custom.metrics.k8s.io external.metrics.k8s.io"),
    ),
    "job-controller": (
        EVENTS,
        allow(_FOLLOW, "jobs", BATCH),
        allow(_WRITE, "jobs/status jobs/finalizers", BATCH),
        allow("create delete get list patch update watch", "pods"),
    ),
    "namespace-controller": (
        EVENTS,
        allow("delete get list watch", "namespaces"),
        allow("patch update", "namespaces/finalize namespaces/status"),
        allow("delete deletecollection get list patch update watch", "*", "*"),
    ),
    "node-controller": (
        EVENTS,
        allow("delete get list patch update watch", "nodes"),
        allow(_WRITE, "nodes/status"),
        allow("delete get list patch watch", "pods"),
        allow(_WRITE, "pods/status"),
        allow(READ, "leases", "coordination.k8s.io"),
        allow(READ, "servicecidrs ipaddresses", "networking.k8s.io"),
    ),
    "persistent-volume-binder": (
        EVENTS,
        allow(KEEP, "persistentvolumes"),
        allow(_WRITE, "persistentvolumes/status persistentvolumeclaims/status"),
        allow(_FOLLOW, "persistentvolumeclaims"),
        allow("create delete get list watch", "pods"),
        allow(READ, "storageclasses", STORAGE),
        allow(READ, "nodes"),
    ),
    "pod-garbage-collector": (
        allow("delete get list watch", "pods"),
        allow(READ, "nodes"),
        allow("patch", "pods/status"),
    ),
    "pv-protection-controller": (EVENTS, allow(_FOLLOW, "persistentvolumes")),
    "pvc-protection-controller": (EVENTS, allow(_FOLLOW, "persistentvolumeclaims"), allow(READ, "pods")),
    "replicaset-controller": (
        EVENTS,
        allow(_FOLLOW, "replicasets", APPS),
        allow(_WRITE, "replicasets/status replicasets/finalizers", APPS),
        allow("create delete get list patch watch", "pods"),
    ),
    "replication-controller": (
        EVENTS,
        allow(_FOLLOW, "replicationcontrollers"),
        allow(_WRITE, "replicationcontrollers/status replicationcontrollers/finalizers"),
        allow("create delete get list patch watch", "pods"),
    ),
    "resource-claim-controller": (
        EVENTS,
        allow(READ, "pods"),
        allow("update", "pods/finalizers"),
        allow(_WRITE, "pods/status"),
        allow(KEEP, "resourceclaims", "resource.k8s.io"),
        allow(_WRITE, "resourceclaims/status", "resource.k8s.io"),
        allow(READ, "resourceclaimtemplates", "resource.k8s.io"),
    ),
    "resourcequota-controller": (
        EVENTS,
        allow("list watch", "*", "*"),
        allow("get", "resourcequotas"),
        allow(_WRITE, "resourcequotas/status"),
    ),
    "root-ca-cert-publisher": (
        EVENTS,
        allow("create get list patch update watch", "configmaps"),
        allow(READ, "namespaces"),
    ),
    "service-account-controller": (
        EVENTS,
        allow("create get list watch", "serviceaccounts"),
        allow(READ, "namespaces"),
    ),
    "service-controller": (
        EVENTS,
        allow(READ, "services nodes"),
        allow(_WRITE, "services services/status"),
    ),
    "statefulset-controller": (
        EVENTS,
        allow(READ, "statefulsets", APPS),
        allow(_WRITE, "statefulsets/status statefulsets/finalizers", APPS),
        allow(KEEP, "controllerrevisions", APPS),
        allow("create delete get list patch update watch", "pods persistentvolumeclaims"),
    ),
    "ttl-after-finished-controller": (EVENTS, allow("delete get list watch", "jobs", BATCH)),
    "ttl-controller": (EVENTS, allow("get list patch update watch", "nodes")),
}

MANAGER = Role(
    "system:kube-controller-manager",
    (
        EVENTS,
        allow("create", "leases", "coordination.k8s.io"),
        allow(f"{READ} {_WRITE}", "leases", "coordination.k8s.io", "kube-controller-manager"),
        allow("create", "tokenreviews", "authentication.k8s.io"),
        allow("create", "subjectaccessreviews", "authorization.k8s.io"),
        allow("list watch", "*", "*"),
        allow("get", "configmaps namespaces serviceaccounts"),
        allow("create update", "serviceaccounts"),
        allow("create", "serviceaccounts/token"),
    ),
)

PREFIX = "system:controller:"

ROLES: tuple[Role, ...] = (MANAGER, *(Role(f"{PREFIX}{name}", rules) for name, rules in RULES.items()))

BINDINGS: tuple[Bound, ...] = (
    Bound("system:kube-controller-manager", (CONTROLLERS,)),
    *(Bound(f"{PREFIX}{name}", (f"ServiceAccount:kube-system/{name}", CONTROLLERS)) for name in RULES),
)
