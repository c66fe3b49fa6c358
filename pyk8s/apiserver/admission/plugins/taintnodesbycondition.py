"""A new node takes no pods before it is known to be ready."""

from __future__ import annotations

from pyk8s.api.objectmeta import Object
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

NOT_READY = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The node with the taint; the node lifecycle controller takes it away."""
    spec = obj.get("spec") or {}
    taints = list(spec.get("taints") or ())
    if any(one.get("key") == NOT_READY["key"] and one.get("effect") == NOT_READY["effect"] for one in taints):
        return obj
    return {**obj, "spec": {**spec, "taints": [*taints, dict(NOT_READY)]}}


PLUGIN = Plugin(name="TaintNodesByCondition", handles=on("nodes"), mutate=mutate)
