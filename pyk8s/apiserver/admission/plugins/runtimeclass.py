"""A pod that names a runtime class gets its overhead and its nodes. Source: KEP-585, KEP-688."""

from __future__ import annotations

from pyk8s.api.errors import forbidden
from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

CLASSES = Ref("node.k8s.io", "v1", "runtimeclasses")


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The pod as its class wants it. Raises ApiError (Forbidden) for a class that is not there."""
    spec = obj["spec"]
    name = spec.get("runtimeClassName")
    if not name:
        return obj
    found = await cluster.lookup.find(CLASSES, "", name)
    if found is None:
        why = f'pod rejected: RuntimeClass "{name}" not found'
        raise forbidden("", "pods", obj["metadata"].get("name", ""), why)
    overhead = (found.get("overhead") or {}).get("podFixed")
    scheduling = found.get("scheduling") or {}
    made = dict(spec)
    if overhead:
        made["overhead"] = dict(overhead)
    for key, value in (scheduling.get("nodeSelector") or {}).items():
        if (spec.get("nodeSelector") or {}).get(key, value) != value:
            why = f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}"
            raise forbidden("", "pods", obj["metadata"].get("name", ""), why)
        made["nodeSelector"] = {**(made.get("nodeSelector") or {}), key: value}
    if scheduling.get("tolerations"):
        held = list(made.get("tolerations") or ())
        made["tolerations"] = held + [one for one in scheduling["tolerations"] if one not in held]
    return {**obj, "spec": made}


PLUGIN = Plugin(name="RuntimeClass", handles=on("pods"), mutate=mutate)
