"""Which strategy a resource has. Source of the rows: pkg/registry/*/strategy.go of Kubernetes, kind by kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from pyk8s.api.resources import Resource
from pyk8s.apiserver.registry.strategies import core
from pyk8s.apiserver.registry.strategies.pod import POD
from pyk8s.apiserver.registry.strategies.service import SERVICE
from pyk8s.apiserver.registry.strategies.strategy import STATUS, Strategy

_COUNTED = Strategy(counted=True)
_ACCESS = Strategy(names="path_segment", create_on_update=True)
_EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)
_NEW_EVENT_FIELDS = ("reason", "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "type")

STRATEGIES: Mapping[tuple[str, str], Strategy] = {
    ("", "configmaps"): core.CONFIG_MAP,
    ("", "endpoints"): Strategy(create_on_update=True),
    ("", "events"): Strategy(create_on_update=True, lifetime=3600, selectable=_EVENT_FIELDS),
    ("", "limitranges"): Strategy(create_on_update=True, awaited=True),
    ("", "namespaces"): core.NAMESPACE,
    ("", "nodes"): core.NODE,
    ("", "persistentvolumeclaims"): Strategy(status_at_create=True, answers_deleted=True),
    ("", "persistentvolumes"): Strategy(status_at_create=True, answers_deleted=True),
    ("", "pods"): POD,
    ("", "podtemplates"): Strategy(counted=True, answers_deleted=True),
    ("", "replicationcontrollers"): Strategy(counted=True, selectable=("status.replicas",)),
    ("", "resourcequotas"): Strategy(status_at_create=True, answers_deleted=True, awaited=True),
    ("", "secrets"): core.SECRET,
    ("", "serviceaccounts"): Strategy(answers_deleted=True),
    ("", "services"): SERVICE,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicies"): _COUNTED,
    ("admissionregistration.k8s.io", "mutatingadmissionpolicybindings"): _COUNTED,
    ("admissionregistration.k8s.io", "mutatingwebhookconfigurations"): Strategy(counted=True, blind_update=False),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies"): _COUNTED,
    ("admissionregistration.k8s.io", "validatingadmissionpolicybindings"): _COUNTED,
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations"): Strategy(counted=True, blind_update=False),
    ("apiextensions.k8s.io", "customresourcedefinitions"): Strategy(counted=True, blind_update=False),
    ("apiregistration.k8s.io", "apiservices"): Strategy(blind_update=False, names="path_segment"),
    ("apps", "daemonsets"): _COUNTED,
    ("apps", "deployments"): _COUNTED,
    ("apps", "replicasets"): Strategy(counted=True, selectable=("status.replicas",)),
    ("apps", "statefulsets"): _COUNTED,
    ("batch", "cronjobs"): _COUNTED,
    ("batch", "jobs"): core.JOB,
    ("certificates.k8s.io", "certificatesigningrequests"): Strategy(
        parts={"status": STATUS, "approval": STATUS}, selectable=("spec.signerName",)
    ),
    ("coordination.k8s.io", "leases"): Strategy(blind_update=False, create_on_update=True),
    ("discovery.k8s.io", "endpointslices"): _COUNTED,
    ("events.k8s.io", "events"): Strategy(create_on_update=True, lifetime=3600, selectable=_NEW_EVENT_FIELDS),
    ("flowcontrol.apiserver.k8s.io", "flowschemas"): Strategy(counted=True, blind_update=False),
    ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"): Strategy(counted=True, blind_update=False),
    ("networking.k8s.io", "ingresses"): _COUNTED,
    ("networking.k8s.io", "ingressclasses"): _COUNTED,
    ("networking.k8s.io", "networkpolicies"): _COUNTED,
    ("node.k8s.io", "runtimeclasses"): Strategy(blind_update=False, awaited=True),
    ("policy", "poddisruptionbudgets"): Strategy(counted=True, blind_update=False, awaited=True),
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _ACCESS,
    ("rbac.authorization.k8s.io", "clusterroles"): _ACCESS,
    ("rbac.authorization.k8s.io", "rolebindings"): _ACCESS,
    ("rbac.authorization.k8s.io", "roles"): _ACCESS,
    ("scheduling.k8s.io", "priorityclasses"): Strategy(counted=True, awaited=True),
    ("storage.k8s.io", "csidrivers"): Strategy(blind_update=False),
    ("storage.k8s.io", "csinodes"): Strategy(blind_update=False),
    ("storage.k8s.io", "storageclasses"): Strategy(awaited=True),
    ("storage.k8s.io", "volumeattachments"): Strategy(blind_update=False),
}
"""By (group, plural). A resource that is not here has the plain strategy."""

PLAIN = Strategy()


@lru_cache(maxsize=1024)
def _found(group: str, plural: str, has_status: bool) -> Strategy:
    found = STRATEGIES.get((group, plural), PLAIN)
    if has_status or "status" not in found.parts:
        return found
    return replace(found, parts={name: part for name, part in found.parts.items() if name != "status"})


def strategy_of(resource: Resource) -> Strategy:
    """The strategy of a resource; one whose row has no status subresource lets a write change its status."""
    return _found(resource.group, resource.plural, "status" in resource.subresources)
