"""Defaults of roles, network, storage, admission and extension kinds. Source: pkg/apis/*/v1/defaults.go."""

from __future__ import annotations

from typing import Any, Final

from pyk8s.api.defaults.values import child, unless_said, unless_zero
from pyk8s.api.objectmeta import Object

_RBAC: Final = "rbac.authorization.k8s.io"


def default_binding(obj: Object) -> None:
    """Fill in the API groups of a RoleBinding or ClusterRoleBinding."""
    if (role := obj.get("roleRef")) is not None:
        unless_zero(role, apiGroup=_RBAC)
    for subject in obj.get("subjects") or ():
        if not subject.get("apiGroup"):
            if subject.get("kind") in ("User", "Group"):
                subject["apiGroup"] = _RBAC
            else:
                subject.pop("apiGroup", None)


def default_network_policy(obj: Object) -> None:
    """Fill in a NetworkPolicy: it is about what comes in, and about what goes out when it says anything of that."""
    spec = child(obj, "spec")
    child(spec, "podSelector")
    for rules in ("ingress", "egress"):
        for rule in spec.get(rules) or ():
            for port in rule.get("ports") or ():
                unless_said(port, protocol="TCP")
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def default_ingress(obj: Object) -> None:
    """Fill in an Ingress."""
    child(child(obj, "status"), "loadBalancer")


def default_ingress_class(obj: Object) -> None:
    """Fill in an IngressClass."""
    parameters = child(obj, "spec").get("parameters")
    if parameters is not None:
        unless_said(parameters, scope="Cluster")


def default_storage_class(obj: Object) -> None:
    """Fill in a StorageClass."""
    unless_said(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def default_csi_driver(obj: Object) -> None:
    """Fill in a CSIDriver."""
    spec = child(obj, "spec")
    unless_said(
        spec,
        attachRequired=True,
        podInfoOnMount=False,
        storageCapacity=False,
        fsGroupPolicy="ReadWriteOnceWithFSType",
        requiresRepublish=False,
        seLinuxMount=False,
    )
    if not spec.get("volumeLifecycleModes"):
        spec["volumeLifecycleModes"] = ["Persistent"]


def default_priority_class(obj: Object) -> None:
    """Fill in a PriorityClass."""
    unless_said(obj, preemptionPolicy="PreemptLowerPriority")


def default_webhooks(obj: Object) -> None:
    """Fill in a ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""
    mutating = obj.get("kind") == "MutatingWebhookConfiguration"
    for webhook in obj.get("webhooks") or ():
        unless_said(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        unless_said(webhook, namespaceSelector={}, objectSelector={})
        if mutating:
            unless_said(webhook, reinvocationPolicy="Never")
        _scopes(webhook.get("rules"))
        service = (webhook.get("clientConfig") or {}).get("service")
        if service is not None:
            unless_said(service, port=443)


def default_admission_policy(obj: Object) -> None:
    """Fill in a ValidatingAdmissionPolicy or MutatingAdmissionPolicy."""
    spec = child(obj, "spec")
    unless_said(spec, failurePolicy="Fail")
    _match_resources(spec.get("matchConstraints"))


def default_admission_binding(obj: Object) -> None:
    """Fill in the binding of an admission policy."""
    _match_resources(child(obj, "spec").get("matchResources"))


def _match_resources(match: Object | None) -> None:
    if match is not None:
        unless_said(match, matchPolicy="Equivalent", namespaceSelector={}, objectSelector={})
        _scopes(match.get("resourceRules"))
        _scopes(match.get("excludeResourceRules"))


def _scopes(rules: Any) -> None:
    for rule in rules or ():
        unless_said(rule, scope="*")


def default_definition(obj: Object) -> None:
    """Fill in a CustomResourceDefinition: unsaid names follow from the kind."""
    spec = child(obj, "spec")
    names = child(spec, "names")
    if kind := names.get("kind"):
        unless_zero(names, singular=kind.lower(), listKind=f"{kind}List")
    conversion = child(spec, "conversion")
    unless_zero(conversion, strategy="None")
    service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        unless_said(service, port=443)


def default_api_service(obj: Object) -> None:
    """Fill in an APIService."""
    service = child(obj, "spec").get("service")
    if service is not None:
        unless_said(service, port=443)


def default_flow_schema(obj: Object) -> None:
    """Fill in a FlowSchema."""
    unless_zero(child(obj, "spec"), matchingPrecedence=1000)


def default_priority_level(obj: Object) -> None:
    """Fill in a PriorityLevelConfiguration."""
    spec = child(obj, "spec")
    if (exempt := spec.get("exempt")) is not None:
        unless_said(exempt, nominalConcurrencyShares=0, lendablePercent=0)
    if (limited := spec.get("limited")) is not None:
        unless_said(limited, nominalConcurrencyShares=30, lendablePercent=0)
        if (queuing := (limited.get("limitResponse") or {}).get("queuing")) is not None:
            unless_zero(queuing, queues=64, handSize=8, queueLengthLimit=50)


def default_claim_of_devices(obj: Object) -> None:
    """Fill in a ResourceClaim."""
    _device_requests((obj.get("spec") or {}).get("devices"))


def default_claim_template(obj: Object) -> None:
    """Fill in a ResourceClaimTemplate."""
    _device_requests(((obj.get("spec") or {}).get("spec") or {}).get("devices"))


def _device_requests(devices: Object | None) -> None:
    for request in (devices or {}).get("requests") or ():
        if (exactly := request.get("exactly")) is not None:
            _device_request(exactly)
        for alternative in request.get("firstAvailable") or ():
            _device_request(alternative)


def _device_request(request: Object) -> None:
    unless_zero(request, allocationMode="ExactCount")
    if request["allocationMode"] == "ExactCount":
        unless_zero(request, count=1)
    for toleration in request.get("tolerations") or ():
        unless_zero(toleration, operator="Equal")
