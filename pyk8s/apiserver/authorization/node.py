"""What a node may do: touch its own objects, read what its pods refer to, and little else.

Source: Kubernetes, "Using Node Authorization", and KEP-4601 (field selectors narrow what a node may list).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyk8s.apiserver.authorization.graph import Graph
from pyk8s.apiserver.authorization.rules import Rules
from pyk8s.apiserver.authorization.values import (
    ALLOWED,
    NO_OPINION,
    Attributes,
    Decision,
    required,
)
from pyk8s.apiserver.request import User

GROUP = "system:nodes"
PREFIX = "system:node:"
LEASES = "kube-node-lease"

READ = frozenset({"get", "list", "watch"})


def node_of(user: User) -> str:
    """The node that `user` is, or ""."""
    return user.name.removeprefix(PREFIX) if user.name.startswith(PREFIX) and GROUP in user.groups else ""


class NodeAuthorizer:
    """Decides for nodes only, by `rules` that hold for all of them and by what the graph says of the one that asks."""

    def __init__(self, graph: Graph, rules: Rules) -> None:
        self._graph = graph
        self._rules = rules

    async def decide(self, user: User, attributes: Attributes) -> Decision:
        """Whether the node may; no opinion about anybody else."""
        node = node_of(user)
        if not node:
            return NO_OPINION
        judge = JUDGES.get((attributes.group, attributes.resource))
        if judge is None:
            return ALLOWED if self._rules.allow(attributes) else NO_OPINION
        why = judge(self._graph, node, attributes)
        return Decision(False, why) if why else ALLOWED


def _referred(graph: Graph, node: str, asked: Attributes) -> str:
    """Secrets, config maps, claims and volumes: to read, one at a time, when a pod here refers to them."""
    if asked.subresource or asked.verb not in READ:
        return f"nodes may only read {asked.resource}"
    return _found(graph, node, asked)


def _claim(graph: Graph, node: str, asked: Attributes) -> str:
    """Claims also have a status to write, when a volume was expanded."""
    if asked.subresource == "status" and asked.verb in ("get", "update", "patch"):
        return _found(graph, node, asked)
    if asked.subresource or asked.verb != "get":
        return "nodes may only get persistentvolumeclaims and write their status"
    return _found(graph, node, asked)


def _account(graph: Graph, node: str, asked: Attributes) -> str:
    """Service accounts: to read, and to make a token for."""
    if (asked.subresource, asked.verb) not in {("token", "create"), ("", "get")}:
        return "nodes may only get serviceaccounts and create tokens for them"
    return _found(graph, node, asked)


def _found(graph: Graph, node: str, asked: Attributes) -> str:
    if not asked.name:
        return f"nodes may not read {asked.resource} without naming one"
    if graph.needs(node, asked.resource, asked.namespace, asked.name):
        return ""
    return f"no relationship found between node '{node}' and this object"


def _pod(graph: Graph, node: str, asked: Attributes) -> str:
    """Pods: those of this node; new ones only as mirrors, which admission sees to."""
    match asked.subresource, asked.verb:
        case "", "create":
            return ""
        case "", "list" | "watch":
            narrowed = required(asked.fields, "spec.nodeName") == node
            named = asked.name and graph.runs(node, asked.namespace, asked.name)
            return "" if narrowed or named else f"can only list/watch pods with spec.nodeName={node} field selector"
        case ("", "get" | "delete") | ("status", "get" | "update" | "patch") | ("eviction", "create"):
            here = graph.runs(node, asked.namespace, asked.name)
            return "" if here else f"no relationship found between node '{node}' and this object"
    return "nodes may not do this to pods"


def _node(graph: Graph, node: str, asked: Attributes) -> str:
    """Its own Node object."""
    if asked.subresource not in ("", "status") or asked.verb in ("delete", "deletecollection"):
        return "nodes may not do this to nodes"
    if asked.verb == "create" and not asked.subresource:
        return ""
    return "" if asked.name == node else f"node '{node}' cannot touch another node"


def _lease(graph: Graph, node: str, asked: Attributes) -> str:
    """Its own heartbeat."""
    if asked.namespace != LEASES:
        return f"can only access leases in the {LEASES!r} system namespace"
    if asked.subresource or asked.verb not in ("get", "create", "update", "patch", "delete"):
        return "can only get, create, update, patch, or delete a node lease"
    if asked.verb == "create" and not asked.name:
        return ""
    return "" if asked.name == node else "can only access node lease with the same name as the requesting node"


def _csi_node(graph: Graph, node: str, asked: Attributes) -> str:
    """Its own CSINode."""
    if asked.subresource or asked.verb not in ("get", "create", "update", "patch", "delete"):
        return "can only get, create, update, patch, or delete a CSINode"
    if asked.verb == "create" and not asked.name:
        return ""
    return "" if asked.name == node else "can only access CSINode with the same name as the requesting node"


def _attachment(graph: Graph, node: str, asked: Attributes) -> str:
    """Attachments of volumes to it."""
    if asked.subresource or asked.verb != "get":
        return "nodes may only get volumeattachments"
    here = graph.attached(node, asked.name)
    return "" if here else f"no relationship found between node '{node}' and this object"


JUDGES: Mapping[tuple[str, str], Callable[[Graph, str, Attributes], str]] = {
    ("", "secrets"): _referred,
    ("", "configmaps"): _referred,
    ("", "persistentvolumeclaims"): _claim,
    ("", "persistentvolumes"): _referred,
    ("", "serviceaccounts"): _account,
    ("", "pods"): _pod,
    ("", "nodes"): _node,
    ("coordination.k8s.io", "leases"): _lease,
    ("storage.k8s.io", "csinodes"): _csi_node,
    ("storage.k8s.io", "volumeattachments"): _attachment,
}
"""Each answers why not, or "" when the node may."""
