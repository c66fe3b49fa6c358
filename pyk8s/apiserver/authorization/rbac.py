"""Role based access control over the roles and bindings as they stand now.

Bindings are indexed by subject; what a user is granted in a namespace is put together once and kept until a role or
binding changes. Source: Kubernetes, "Using RBAC Authorization".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pyk8s.api.selectors import SelectorInvalid, from_object
from pyk8s.apiserver.authorization.rules import Rules
from pyk8s.apiserver.authorization.values import ALLOWED, NO_OPINION, Attributes, Decision
from pyk8s.apiserver.request import User

MASTERS = "system:masters"
KEPT = 4096
"""How many users' grants are kept ready."""

KINDS = ("roles", "clusterroles", "rolebindings", "clusterrolebindings")

Key = tuple[str, str]
"""Namespace and name; the namespace of a cluster-wide object is ""."""


class Rbac:
    """Roles and bindings, and decisions by them. `put` and `remove` keep it true."""

    def __init__(self) -> None:
        self._roles: dict[Key, Mapping[str, Any]] = {}
        self._bindings: dict[Key, Mapping[str, Any]] = {}
        self._by_subject: dict[str, dict[Key, Mapping[str, Any]]] = {}
        self._granted: dict[tuple[str, tuple[str, ...], str], Rules] = {}

    def put(self, kind: str, obj: Mapping[str, Any]) -> None:
        """A role or binding was made or changed; `kind` is its plural."""
        key = _key(obj)
        self._granted.clear()
        if kind.endswith("roles"):
            self._roles[key] = obj
            return
        self._unbind(key)
        self._bindings[key] = obj
        for subject in _subjects(obj):
            self._by_subject.setdefault(subject, {})[key] = obj

    def remove(self, kind: str, obj: Mapping[str, Any]) -> None:
        """A role or binding is gone."""
        self._granted.clear()
        if kind.endswith("roles"):
            self._roles.pop(_key(obj), None)
        else:
            self._unbind(_key(obj))

    async def decide(self, user: User, attributes: Attributes) -> Decision:
        """Allowed when some binding of the user or of a group of theirs grants it."""
        if MASTERS in user.groups or self.grants(user, "").allow(attributes):
            return ALLOWED
        if attributes.namespace and self.grants(user, attributes.namespace).allow(attributes):
            return ALLOWED
        return NO_OPINION

    def grants(self, user: User, namespace: str) -> Rules:
        """What bindings in `namespace` ("": cluster-wide ones) grant to `user`."""
        asked = (user.name, user.groups, namespace)
        rules = self._granted.get(asked)
        if rules is None:
            if len(self._granted) >= KEPT:
                self._granted.clear()
            rules = self._granted[asked] = Rules()
            for role in self._bound(user, namespace):
                rules.add(self.rules_of(role))
        return rules

    def listed(self, user: User, namespace: str) -> list[Mapping[str, Any]]:
        """The rules that bindings in `namespace` ("": cluster-wide ones) give to `user`, one by one."""
        rules = [rule for role in self._bound(user, namespace) for rule in self.rules_of(role)]
        if MASTERS in user.groups and not namespace:
            rules += [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                {"verbs": ["*"], "nonResourceURLs": ["*"]},
            ]
        return rules

    def rules_of(self, role: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The rules of a role, those of the cluster roles it aggregates included."""
        rules: list[Mapping[str, Any]] = []
        reached, waiting = {_key(role)}, [role]
        while waiting:
            one = waiting.pop()
            rules += one.get("rules") or ()
            for key, other in self._aggregated(one):
                if key not in reached:
                    reached.add(key)
                    waiting.append(other)
        return rules

    def _aggregated(self, role: Mapping[str, Any]) -> Iterator[tuple[Key, Mapping[str, Any]]]:
        for selector in (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ():
            try:
                wanted = from_object(selector)
            except SelectorInvalid:
                continue
            for key, other in self._roles.items():
                if not key[0] and wanted.matches(other["metadata"].get("labels")):
                    yield key, other

    def role(self, namespace: str, reference: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The role that a binding in `namespace` refers to, if it is there."""
        return self._roles.get((namespace if reference.get("kind") == "Role" else "", reference.get("name", "")))

    def _bound(self, user: User, namespace: str) -> Iterator[Mapping[str, Any]]:
        for subject in (f"User:{user.name}", *(f"Group:{group}" for group in user.groups)):
            for (where, _), binding in self._by_subject.get(subject, {}).items():
                if where == namespace:
                    role = self.role(where, binding.get("roleRef") or {})
                    if role is not None:
                        yield role

    def _unbind(self, key: Key) -> None:
        binding = self._bindings.pop(key, None)
        if binding is None:
            return
        for subject in _subjects(binding):
            bound = self._by_subject.get(subject)
            if bound is not None:
                bound.pop(key, None)
                if not bound:
                    del self._by_subject[subject]


def _key(obj: Mapping[str, Any]) -> Key:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _subjects(binding: Mapping[str, Any]) -> Iterable[str]:
    own = binding["metadata"].get("namespace", "")
    for subject in binding.get("subjects") or ():
        kind, name = subject.get("kind"), subject.get("name", "")
        if kind == "ServiceAccount":
            yield f"User:system:serviceaccount:{subject.get('namespace') or own}:{name}"
        elif kind in ("User", "Group"):
            yield f"{kind}:{name}"
