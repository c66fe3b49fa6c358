"""The facts of every built-in kind that Kubernetes 1.37 serves by default, as rows.

A row is `(kind, plural, scope, short names, subresources, categories, verbs)`, the last four as words in a string;
`scope` is "ns" or "cluster". Groups stand in the order in which an API server publishes them, the preferred version
of a group first. Source: the discovery documents of Kubernetes, `api/discovery/`; alpha and beta versions are off by
default and have no row.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Row: TypeAlias = tuple[str, str, str, str, str, str, str]

ALL_VERBS: Final = "create delete deletecollection get list patch update watch"
CREATE: Final = "create"


def _row(
    kind: str,
    plural: str,
    scope: str,
    short: str = "",
    subresources: str = "",
    categories: str = "",
    verbs: str = ALL_VERBS,
) -> Row:
    return kind, plural, scope, short, subresources, categories, verbs


_POD_SUBRESOURCES: Final = "attach binding ephemeralcontainers eviction exec log portforward proxy resize status"

BUILT_IN: Final[dict[tuple[str, str], tuple[Row, ...]]] = {
    ("", "v1"): (
        _row("Binding", "bindings", "ns", verbs=CREATE),
        _row("ComponentStatus", "componentstatuses", "cluster", "cs", verbs="get list"),
        _row("ConfigMap", "configmaps", "ns", "cm"),
        _row("Endpoints", "endpoints", "ns", "ep"),
        _row("Event", "events", "ns", "ev"),
        _row("LimitRange", "limitranges", "ns", "limits"),
        _row(
            "Namespace",
            "namespaces",
            "cluster",
            "ns",
            "finalize status",
            verbs="create delete get list patch update watch",
        ),
        _row("Node", "nodes", "cluster", "no", "proxy status"),
        _row("PersistentVolumeClaim", "persistentvolumeclaims", "ns", "pvc", "status"),
        _row("PersistentVolume", "persistentvolumes", "cluster", "pv", "status"),
        _row("Pod", "pods", "ns", "po", _POD_SUBRESOURCES, "all"),
        _row("PodTemplate", "podtemplates", "ns"),
        _row("ReplicationController", "replicationcontrollers", "ns", "rc", "scale status", "all"),
        _row("ResourceQuota", "resourcequotas", "ns", "quota", "status"),
        _row("Secret", "secrets", "ns"),
        _row("ServiceAccount", "serviceaccounts", "ns", "sa", "token"),
        _row("Service", "services", "ns", "svc", "proxy status", "all"),
    ),
    ("apiregistration.k8s.io", "v1"): (_row("APIService", "apiservices", "cluster", "", "status", "api-extensions"),),
    ("apps", "v1"): (
        _row("ControllerRevision", "controllerrevisions", "ns"),
        _row("DaemonSet", "daemonsets", "ns", "ds", "status", "all"),
        _row("Deployment", "deployments", "ns", "deploy", "scale status", "all"),
        _row("ReplicaSet", "replicasets", "ns", "rs", "scale status", "all"),
        _row("StatefulSet", "statefulsets", "ns", "sts", "scale status", "all"),
    ),
    ("events.k8s.io", "v1"): (_row("Event", "events", "ns", "ev"),),
    ("authentication.k8s.io", "v1"): (
        _row("SelfSubjectReview", "selfsubjectreviews", "cluster", verbs=CREATE),
        _row("TokenReview", "tokenreviews", "cluster", verbs=CREATE),
    ),
    ("authorization.k8s.io", "v1"): (
        _row("LocalSubjectAccessReview", "localsubjectaccessreviews", "ns", verbs=CREATE),
        _row("SelfSubjectAccessReview", "selfsubjectaccessreviews", "cluster", verbs=CREATE),
        _row("SelfSubjectRulesReview", "selfsubjectrulesreviews", "cluster", verbs=CREATE),
        _row("SubjectAccessReview", "subjectaccessreviews", "cluster", verbs=CREATE),
    ),
    ("autoscaling", "v2"): (_row("HorizontalPodAutoscaler", "horizontalpodautoscalers", "ns", "hpa", "status", "all"),),
    ("autoscaling", "v1"): (_row("HorizontalPodAutoscaler", "horizontalpodautoscalers", "ns", "hpa", "status", "all"),),
    ("batch", "v1"): (
        _row("CronJob", "cronjobs", "ns", "cj", "status", "all"),
        _row("Job", "jobs", "ns", "", "status", "all"),
    ),
    ("certificates.k8s.io", "v1"): (
        _row("CertificateSigningRequest", "certificatesigningrequests", "cluster", "csr", "approval status"),
        _row("ClusterTrustBundle", "clustertrustbundles", "cluster"),
        _row("PodCertificateRequest", "podcertificaterequests", "ns", "", "status"),
    ),
    ("networking.k8s.io", "v1"): (
        _row("IngressClass", "ingressclasses", "cluster"),
        _row("Ingress", "ingresses", "ns", "ing", "status"),
        _row("IPAddress", "ipaddresses", "cluster", "ip"),
        _row("NetworkPolicy", "networkpolicies", "ns", "netpol"),
        _row("ServiceCIDR", "servicecidrs", "cluster", "", "status"),
    ),
    ("policy", "v1"): (_row("PodDisruptionBudget", "poddisruptionbudgets", "ns", "pdb", "status"),),
    ("rbac.authorization.k8s.io", "v1"): (
        _row("ClusterRoleBinding", "clusterrolebindings", "cluster"),
        _row("ClusterRole", "clusterroles", "cluster"),
        _row("RoleBinding", "rolebindings", "ns"),
        _row("Role", "roles", "ns"),
    ),
    ("storage.k8s.io", "v1"): (
        _row("CSIDriver", "csidrivers", "cluster"),
        _row("CSINode", "csinodes", "cluster"),
        _row("CSIStorageCapacity", "csistoragecapacities", "ns"),
        _row("StorageClass", "storageclasses", "cluster", "sc"),
        _row("VolumeAttachment", "volumeattachments", "cluster", "", "status"),
        _row("VolumeAttributesClass", "volumeattributesclasses", "cluster", "vac"),
    ),
    ("admissionregistration.k8s.io", "v1"): (
        _row("MutatingAdmissionPolicy", "mutatingadmissionpolicies", "cluster", "", "", "api-extensions"),
        _row("MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings", "cluster", "", "", "api-extensions"),
        _row("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "cluster", "", "", "api-extensions"),
        _row("ValidatingAdmissionPolicy", "validatingadmissionpolicies", "cluster", "", "status", "api-extensions"),
        _row(
            "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "cluster", "", "", "api-extensions"
        ),
        _row("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "cluster", "", "", "api-extensions"),
    ),
    ("apiextensions.k8s.io", "v1"): (
        _row(
            "CustomResourceDefinition", "customresourcedefinitions", "cluster", "crd crds", "status", "api-extensions"
        ),
    ),
    ("scheduling.k8s.io", "v1"): (_row("PriorityClass", "priorityclasses", "cluster", "pc"),),
    ("coordination.k8s.io", "v1"): (_row("Lease", "leases", "ns"),),
    ("node.k8s.io", "v1"): (_row("RuntimeClass", "runtimeclasses", "cluster"),),
    ("discovery.k8s.io", "v1"): (_row("EndpointSlice", "endpointslices", "ns"),),
    ("flowcontrol.apiserver.k8s.io", "v1"): (
        _row("FlowSchema", "flowschemas", "cluster", "", "status"),
        _row("PriorityLevelConfiguration", "prioritylevelconfigurations", "cluster", "", "status"),
    ),
    ("resource.k8s.io", "v1"): (
        _row("DeviceClass", "deviceclasses", "cluster"),
        _row("DeviceTaintRule", "devicetaintrules", "cluster", "", "status"),
        _row("ResourceClaim", "resourceclaims", "ns", "", "status"),
        _row("ResourceClaimTemplate", "resourceclaimtemplates", "ns"),
        _row("ResourceSlice", "resourceslices", "cluster"),
    ),
    ("storagemigration.k8s.io", "v1"): (
        _row("StorageVersionMigration", "storageversionmigrations", "cluster", "", "status"),
    ),
}

SUBRESOURCES: Final[dict[str, tuple[str, str, str, str]]] = {
    "approval": ("", "", "", "get patch update"),
    "attach": ("", "", "PodAttachOptions", "create get"),
    "binding": ("", "v1", "Binding", "create"),
    "ephemeralcontainers": ("", "", "", "get patch update"),
    "eviction": ("policy", "v1", "Eviction", "create"),
    "exec": ("", "", "PodExecOptions", "create get"),
    "finalize": ("", "", "", "update"),
    "log": ("", "", "", "get"),
    "portforward": ("", "", "PodPortForwardOptions", "create get"),
    "proxy": ("", "", "ProxyOptions", "create delete get patch update"),
    "resize": ("", "", "", "get patch update"),
    "scale": ("autoscaling", "v1", "Scale", "get patch update"),
    "status": ("", "", "", "get patch update"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest", "create"),
}
"""What each subresource takes and gives: `(group, version, kind, verbs)`. An empty kind is that of the object itself;
an empty version means that discovery names no group and version of its own; ProxyOptions is prefixed by the kind."""
