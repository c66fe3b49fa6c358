"""Every role and binding a cluster starts with."""

from __future__ import annotations

from typing import Any

from pyk8s.apiserver.authorization.bootstrap import components, controllers, people
from pyk8s.apiserver.authorization.bootstrap.rows import Bound, Role, binding_object, role_object
from pyk8s.apiserver.authorization.rules import Rules

ROLES: tuple[Role, ...] = people.ROLES + components.ROLES + controllers.ROLES
BINDINGS: tuple[Bound, ...] = people.BINDINGS + components.BINDINGS + controllers.BINDINGS


def objects() -> list[dict[str, Any]]:
    """The roles, then the bindings, as objects to create; aggregating roles with the rules they take in.

    Made anew each time: the caller may change them.
    """
    made = [role_object(role) for role in ROLES]
    by_name = {role["metadata"]["name"]: role for role in made}
    for role in ROLES:
        if role.aggregates:
            by_name[role.name]["rules"] = _aggregated(role)
    return made + [binding_object(bound, ROLES) for bound in BINDINGS]


def node_rules() -> Rules:
    """What holds for every node, for the node authorizer."""
    rules = Rules()
    rules.add(components.NODE.rules)
    return rules


def _aggregated(role: Role) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = []
    for other in ROLES:
        if role.aggregates in other.labels:
            rules += _aggregated(other) if other.aggregates else list(other.rules)
    return rules
