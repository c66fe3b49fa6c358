"""Which function fills in which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pyk8s.api.defaults import core, others, pod, workloads
from pyk8s.api.objectmeta import Object
from pyk8s.api.resources import Resource

DEFAULTS: Final[dict[tuple[str, str], Callable[[Object], None]]] = {
    ("v1", "Endpoints"): core.default_endpoints,
    ("v1", "LimitRange"): core.default_limit_range,
    ("v1", "Namespace"): core.default_namespace,
    ("v1", "Node"): core.default_node,
    ("v1", "PersistentVolume"): core.default_volume,
    ("v1", "PersistentVolumeClaim"): core.default_claim,
    ("v1", "Pod"): pod.default_pod,
    ("v1", "PodTemplate"): workloads.default_pod_template,
    ("v1", "ReplicationController"): workloads.default_replication_controller,
    ("v1", "ResourceQuota"): core.default_quota,
    ("v1", "Secret"): core.default_secret,
    ("v1", "Service"): core.default_service,
    ("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"): others.default_admission_policy,
    ("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding"): others.default_admission_binding,
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): others.default_webhooks,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"): others.default_admission_policy,
    ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding"): others.default_admission_binding,
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"): others.default_webhooks,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): others.default_definition,
    ("apiregistration.k8s.io/v1", "APIService"): others.default_api_service,
    ("apps/v1", "DaemonSet"): workloads.default_daemon_set,
    ("apps/v1", "Deployment"): workloads.default_deployment,
    ("apps/v1", "ReplicaSet"): workloads.default_replica_set,
    ("apps/v1", "StatefulSet"): workloads.default_stateful_set,
    ("autoscaling/v1", "HorizontalPodAutoscaler"): workloads.default_autoscaler_v1,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): workloads.default_autoscaler,
    ("batch/v1", "CronJob"): workloads.default_cron_job,
    ("batch/v1", "Job"): workloads.default_job,
    ("discovery.k8s.io/v1", "EndpointSlice"): core.default_endpoint_slice,
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema"): others.default_flow_schema,
    ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration"): others.default_priority_level,
    ("networking.k8s.io/v1", "Ingress"): others.default_ingress,
    ("networking.k8s.io/v1", "IngressClass"): others.default_ingress_class,
    ("networking.k8s.io/v1", "NetworkPolicy"): others.default_network_policy,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): others.default_binding,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): others.default_binding,
    ("resource.k8s.io/v1", "ResourceClaim"): others.default_claim_of_devices,
    ("resource.k8s.io/v1", "ResourceClaimTemplate"): others.default_claim_template,
    ("scheduling.k8s.io/v1", "PriorityClass"): others.default_priority_class,
    ("storage.k8s.io/v1", "CSIDriver"): others.default_csi_driver,
    ("storage.k8s.io/v1", "StorageClass"): others.default_storage_class,
}
"""By apiVersion and kind. A kind without a row has no defaults."""


def apply_defaults(resource: Resource, obj: Object) -> Object:
    """Fill in `obj`, which must be the caller's own and have the types of its schema, and return it.

    Missing fields are no error here; applying it twice changes nothing more.
    """
    fill = DEFAULTS.get((resource.api_version, resource.kind))
    if fill is not None:
        fill(obj)
    return obj
