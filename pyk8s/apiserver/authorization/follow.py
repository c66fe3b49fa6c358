"""Keeps rules and graph true to the objects in the cache, in the same step in which watchers learn of a change."""

from __future__ import annotations

from typing import Any

from pyk8s.api.resources import Resources
from pyk8s.apiserver.authorization.graph import Graph
from pyk8s.apiserver.authorization.rbac import KINDS, Rbac
from pyk8s.apiserver.cacher.cached import Cached
from pyk8s.apiserver.cacher.cacher import Cacher
from pyk8s.apiserver.cacher.collection import OnChange

RBAC_GROUP = "rbac.authorization.k8s.io"


def follow(cacher: Cacher, resources: Resources, rbac: Rbac, graph: Graph) -> None:
    """Tell `rbac` and `graph` of everything there is, and from now on of every change."""
    listeners: list[tuple[str, str, OnChange]] = [(RBAC_GROUP, kind, _rbac(rbac, kind)) for kind in KINDS]
    listeners += [
        ("", "pods", _pods(graph)),
        ("", "persistentvolumeclaims", lambda old, new: graph.claim(_key(old, new), _object(new))),
        ("", "persistentvolumes", lambda old, new: graph.volume(_key(old, new)[1], _object(new))),
        ("storage.k8s.io", "volumeattachments", lambda old, new: graph.attachment(_key(old, new)[1], _object(new))),
    ]
    for group, plural, listener in listeners:
        resource = resources.find(group, "v1", plural)
        if resource is not None:
            cacher.subscribe(resource, listener)


def _rbac(rbac: Rbac, kind: str) -> OnChange:
    def listen(old: Cached | None, new: Cached | None) -> None:
        if new is not None:
            rbac.put(kind, new.object())
        elif old is not None:
            rbac.remove(kind, old.object())

    return listen


def _pods(graph: Graph) -> OnChange:
    def listen(old: Cached | None, new: Cached | None) -> None:
        if new is None:
            graph.pod(_key(old, new), None)
        elif new.field("spec.nodeName"):
            graph.pod(_key(old, new), new.body)

    return listen


def _key(old: Cached | None, new: Cached | None) -> tuple[str, str]:
    one = new or old
    return (one.namespace, one.name) if one is not None else ("", "")


def _object(one: Cached | None) -> dict[str, Any] | None:
    return one.object() if one is not None else None
