"""Which rules a kind has beyond its schema, and the one call that judges an object by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource
from pyk8s.api.validation import access, batch, core, network, podspec, storage, workloads

Rule: TypeAlias = Callable[[Object, Object | None], list[Cause]]
"""(new, old) -> what is wrong; `old` is None for a new object. Neither is changed."""


def check_pod(new: Object, old: Object | None) -> list[Cause]:
    """A Pod's spec; what may change in it is known to the registry."""
    return podspec.check_pod_spec(new.get("spec") or {}, "spec")


def check_pod_template(new: Object, old: Object | None) -> list[Cause]:
    """A PodTemplate."""
    return workloads.check_template(new.get("template") or {}, "template")


RULES: Final[dict[tuple[str, str], tuple[Rule, ...]]] = {
    ("", "ConfigMap"): (core.check_config_map,),
    ("", "Endpoints"): (network.check_endpoints,),
    ("", "Event"): (core.check_event,),
    ("", "LimitRange"): (core.check_limit_range,),
    ("", "Namespace"): (core.check_namespace,),
    ("", "Node"): (core.check_node,),
    ("", "PersistentVolume"): (storage.check_volume,),
    ("", "PersistentVolumeClaim"): (storage.check_claim,),
    ("", "Pod"): (check_pod,),
    ("", "PodTemplate"): (check_pod_template,),
    ("", "ReplicationController"): (workloads.check_replication_controller,),
    ("", "ResourceQuota"): (core.check_quota,),
    ("", "Secret"): (core.check_secret,),
    ("", "Service"): (network.check_service,),
    ("apps", "DaemonSet"): (workloads.check_daemon_set,),
    ("apps", "Deployment"): (workloads.check_deployment,),
    ("apps", "ReplicaSet"): (workloads.check_replica_set,),
    ("apps", "StatefulSet"): (workloads.check_stateful_set,),
    ("autoscaling", "HorizontalPodAutoscaler"): (workloads.check_autoscaler,),
    ("batch", "CronJob"): (batch.check_cron_job,),
    ("batch", "Job"): (batch.check_job,),
    ("certificates.k8s.io", "CertificateSigningRequest"): (access.check_signing_request,),
    ("coordination.k8s.io", "Lease"): (access.check_lease,),
    ("discovery.k8s.io", "EndpointSlice"): (network.check_endpoint_slice,),
    ("networking.k8s.io", "Ingress"): (network.check_ingress,),
    ("networking.k8s.io", "NetworkPolicy"): (network.check_network_policy,),
    ("node.k8s.io", "RuntimeClass"): (access.check_runtime_class,),
    ("policy", "PodDisruptionBudget"): (workloads.check_budget,),
    ("rbac.authorization.k8s.io", "ClusterRole"): (access.check_cluster_role,),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (access.check_cluster_role_binding,),
    ("rbac.authorization.k8s.io", "Role"): (access.check_role,),
    ("rbac.authorization.k8s.io", "RoleBinding"): (access.check_role_binding,),
    ("scheduling.k8s.io", "PriorityClass"): (access.check_priority_class,),
    ("storage.k8s.io", "StorageClass"): (storage.check_storage_class,),
}
"""By group and kind, the same for all versions of a kind. A kind without a row is judged by its schema alone."""


def rules(resource: Resource) -> tuple[Rule, ...]:
    """The rules of that resource, () when its schema says it all."""
    return RULES.get((resource.group, resource.kind), ())


def judge(resource: Resource, new: Object, old: Object | None = None) -> list[Cause]:
    """What is wrong with an object beyond its schema, whose types it must have; [] when nothing is."""
    found = rules(resource)
    if len(found) == 1:
        return found[0](new, old)
    return [cause for rule in found for cause in rule(new, old)]
