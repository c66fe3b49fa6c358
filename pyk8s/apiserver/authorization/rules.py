"""The rules of roles, compiled: looked up by resource, never walked.

Source: Kubernetes, PolicyRule (rbac.authorization.k8s.io/v1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyk8s.apiserver.authorization.values import Attributes

ANY = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """Verbs on whatever the grant stands under; `names` is None for objects of any name."""

    verbs: frozenset[str]
    names: frozenset[str] | None


@dataclass(slots=True)
class Rules:
    """Everything a set of rules grants: by (group, resource[/subresource]), and by URL path."""

    resources: dict[tuple[str, str], list[Grant]] = field(default_factory=dict)
    paths: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def add(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Take in the `rules` of a role."""
        for rule in rules or ():
            verbs = frozenset(rule.get("verbs") or ())
            names = frozenset(rule["resourceNames"]) if rule.get("resourceNames") else None
            grant = Grant(verbs, names)
            for group in rule.get("apiGroups") or ():
                for resource in rule.get("resources") or ():
                    self.resources.setdefault((group, resource), []).append(grant)
            self.paths += [(path, verbs) for path in rule.get("nonResourceURLs") or ()]

    def allow(self, attributes: Attributes) -> bool:
        """Whether the rules grant this."""
        if not attributes.resource:
            return any(_covers(path, attributes.path) and _says(verbs, attributes.verb) for path, verbs in self.paths)
        for key in _keys(attributes):
            for grant in self.resources.get(key, ()):
                if _says(grant.verbs, attributes.verb) and (grant.names is None or attributes.name in grant.names):
                    return True
        return False


def _keys(attributes: Attributes) -> tuple[tuple[str, str], ...]:
    """The entries that may grant this, most usual first."""
    group, resource = attributes.group, attributes.resource
    if not attributes.subresource:
        return (group, resource), (ANY, ANY), (group, ANY), (ANY, resource)
    full, every = f"{resource}/{attributes.subresource}", f"{ANY}/{attributes.subresource}"
    return (group, full), (ANY, ANY), (group, ANY), (ANY, full), (group, every), (ANY, every)


def _says(verbs: frozenset[str], verb: str) -> bool:
    return verb in verbs or ANY in verbs


def _covers(pattern: str, path: str) -> bool:
    return pattern in (path, ANY) or (pattern.endswith(ANY) and path.startswith(pattern[:-1]))
