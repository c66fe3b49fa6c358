"""How a role is written down as a row, and how a row becomes an object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GROUP = "rbac.authorization.k8s.io"
LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
ANNOTATIONS = {"rbac.authorization.kubernetes.io/autoupdate": "true"}
READ = "get list watch"
CHANGE = "create delete deletecollection patch update"
ALL = f"{CHANGE} {READ}"


@dataclass(frozen=True, slots=True)
class Role:
    """A role: `labels` are those it is aggregated by, `aggregates` the label whose roles it takes in.

    A role with a namespace is a Role, one without is a ClusterRole.
    """

    name: str
    rules: tuple[dict[str, Any], ...] = ()
    labels: tuple[str, ...] = ()
    aggregates: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A role given to subjects ("User:NAME", "Group:NAME", "ServiceAccount:NAMESPACE/NAME")."""

    role: str
    subjects: tuple[str, ...]
    name: str = ""
    namespace: str = ""


def allow(verbs: str, resources: str, groups: str = "", names: str = "") -> dict[str, Any]:
    """A rule, each part as words; the core group is "" alone or "core" among several."""
    rule: dict[str, Any] = {
        "verbs": verbs.split(),
        "apiGroups": ["" if group == "core" else group for group in groups.split()] or [""],
        "resources": resources.split(),
    }
    if names:
        rule["resourceNames"] = names.split()
    return rule


def paths(verbs: str, urls: str) -> dict[str, Any]:
    """A rule on URL paths."""
    return {"verbs": verbs.split(), "nonResourceURLs": urls.split()}


EVENTS = allow("create patch update", "events", "core events.k8s.io")


def role_object(role: Role) -> dict[str, Any]:
    """The ClusterRole or Role of a row."""
    metadata: dict[str, Any] = {
        "name": role.name,
        "labels": LABELS | {f"{GROUP}/aggregate-to-{target}": "true" for target in role.labels},
        "annotations": dict(ANNOTATIONS),
    }
    if role.namespace:
        metadata["namespace"] = role.namespace
    kind = "Role" if role.namespace else "ClusterRole"
    made: dict[str, Any] = {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "rules": list(role.rules)}
    if role.aggregates:
        label = f"{GROUP}/aggregate-to-{role.aggregates}"
        made["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]}
    return made


def binding_object(bound: Bound, roles: Sequence[Role]) -> dict[str, Any]:
    """The ClusterRoleBinding or RoleBinding of a row."""
    metadata: dict[str, Any] = {"name": bound.name or bound.role, "labels": dict(LABELS)}
    metadata["annotations"] = dict(ANNOTATIONS)
    if bound.namespace:
        metadata["namespace"] = bound.namespace
    in_namespace = any(role.name == bound.role and role.namespace == bound.namespace != "" for role in roles)
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding" if bound.namespace else "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": GROUP, "kind": "Role" if in_namespace else "ClusterRole", "name": bound.role},
        "subjects": [_subject(subject) for subject in bound.subjects],
    }


def _subject(subject: str) -> dict[str, str]:
    kind, _, name = subject.partition(":")
    if kind == "ServiceAccount":
        namespace, _, account = name.partition("/")
        return {"kind": kind, "name": account, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": GROUP}
