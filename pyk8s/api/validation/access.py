"""Roles and bindings, priority classes, leases, certificate requests. Source: pkg/apis/*/validation."""

from __future__ import annotations

from typing import Final

from pyk8s.api import syntax
from pyk8s.api.errors import Cause
from pyk8s.api.objectmeta import Object, name_of
from pyk8s.api.validation.causes import (
    each,
    forbidden,
    immutable,
    invalid,
    not_negative,
    one_of,
    required,
    unsupported,
)

_RBAC: Final = "rbac.authorization.k8s.io"
_LARGEST_PRIORITY: Final = 1_000_000_000
_SYSTEM_PRIORITIES: Final = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


def check_role(new: Object, old: Object | None) -> list[Cause]:
    """A Role: rules about resources only."""
    return _check_rules(new, namespaced=True)


def check_cluster_role(new: Object, old: Object | None) -> list[Cause]:
    """A ClusterRole: rules about resources, or about paths that are none."""
    return _check_rules(new, namespaced=False)


def _check_rules(new: Object, *, namespaced: bool) -> list[Cause]:
    causes: list[Cause] = []
    for index, rule in enumerate(new.get("rules") or ()):
        at, paths = f"rules[{index}]", rule.get("nonResourceURLs")
        if not rule.get("verbs"):
            causes.append(required(f"{at}.verbs", "verbs must contain at least one value"))
        if paths:
            if namespaced:
                detail = "namespaced rules cannot apply to non-resource URLs"
                causes.append(invalid(f"{at}.nonResourceURLs", paths, detail))
            if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
                detail = "rules cannot apply to both regular resources and non-resource URLs"
                causes.append(invalid(f"{at}.nonResourceURLs", paths, detail))
            continue
        if not rule.get("apiGroups"):
            causes.append(required(f"{at}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            causes.append(required(f"{at}.resources", "resource rules must supply at least one resource"))
    return causes


def check_role_binding(new: Object, old: Object | None) -> list[Cause]:
    """A RoleBinding, of a role of either kind."""
    return _check_binding(new, old, ("ClusterRole", "Role"))


def check_cluster_role_binding(new: Object, old: Object | None) -> list[Cause]:
    """A ClusterRoleBinding, of a ClusterRole."""
    return _check_binding(new, old, ("ClusterRole",))


def _check_binding(new: Object, old: Object | None, kinds: tuple[str, ...]) -> list[Cause]:
    role = new.get("roleRef") or {}
    causes: list[Cause] = []
    if role.get("apiGroup") != _RBAC:
        causes.append(unsupported("roleRef.apiGroup", role.get("apiGroup", ""), (_RBAC,)))
    if role.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", role.get("kind", ""), kinds))
    name = role.get("name") or ""
    causes += each("roleRef.name", name, syntax.path_segment(name)) if name else [required("roleRef.name")]
    for index, subject in enumerate(new.get("subjects") or ()):
        causes += _check_subject(subject, f"subjects[{index}]", named="Role" in kinds)
    if old is not None and role != (old.get("roleRef") or {}):
        causes.append(invalid("roleRef", role, "cannot change roleRef"))
    return causes


def _check_subject(subject: Object, at: str, *, named: bool) -> list[Cause]:
    causes = [] if subject.get("name") else [required(f"{at}.name")]
    group = subject.get("apiGroup") or ""
    match subject.get("kind"):
        case "ServiceAccount":
            if subject.get("name"):
                causes += each(f"{at}.name", subject["name"], syntax.dns_subdomain(subject["name"]))
            if group:
                causes.append(unsupported(f"{at}.apiGroup", group, ("",)))
            if not named and not subject.get("namespace"):
                causes.append(required(f"{at}.namespace"))
        case "User" | "Group":
            if group != _RBAC:
                causes.append(unsupported(f"{at}.apiGroup", group, (_RBAC,)))
        case kind:
            causes.append(unsupported(f"{at}.kind", kind or "", ("Group", "ServiceAccount", "User")))
    return causes


def check_priority_class(new: Object, old: Object | None) -> list[Cause]:
    """A PriorityClass: the highest values and the names of the system are the system's."""
    name, value = name_of(new), new.get("value") or 0
    causes: list[Cause] = []
    if name.startswith("system-"):
        if _SYSTEM_PRIORITIES.get(name) != value:
            detail = "priority class names with 'system-' prefix are reserved for system use only"
            causes.append(forbidden("metadata.name", detail))
    elif value > _LARGEST_PRIORITY:
        detail = f"maximum allowed value of a user defined priority is {_LARGEST_PRIORITY}"
        causes.append(forbidden("value", detail))
    causes += one_of(new, "", "preemptionPolicy", ("Never", "PreemptLowerPriority"))
    if old is not None:
        if value != (old.get("value") or 0):
            causes.append(forbidden("value", "may not be changed in an update."))
        causes += immutable("preemptionPolicy", new.get("preemptionPolicy"), old.get("preemptionPolicy"))
    return causes


def check_lease(new: Object, old: Object | None) -> list[Cause]:
    """A Lease: it lasts some time."""
    spec = new.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    causes = []
    if seconds is not None and seconds <= 0:
        causes.append(invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"))
    return causes + not_negative(spec, "spec", "leaseTransitions")


def check_signing_request(new: Object, old: Object | None) -> list[Cause]:
    """A CertificateSigningRequest: what it asks for stays."""
    spec = new.get("spec") or {}
    causes = [required(f"spec.{field}") for field in ("request", "signerName", "usages") if not spec.get(field)]
    seconds = spec.get("expirationSeconds")
    if seconds is not None and seconds < 600:
        detail = "may not specify a duration less than 600 seconds (10 minutes)"
        causes.append(invalid("spec.expirationSeconds", seconds, detail))
    return causes + (immutable("spec", spec, old.get("spec") or {}) if old is not None else [])


def check_runtime_class(new: Object, old: Object | None) -> list[Cause]:
    """A RuntimeClass: a handler, which stays."""
    handler = new.get("handler") or ""
    causes = each("handler", handler, syntax.dns_label(handler))
    return causes + (immutable("handler", handler, old.get("handler")) if old is not None else [])
