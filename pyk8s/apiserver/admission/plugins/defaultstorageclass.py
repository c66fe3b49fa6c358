"""A claim that names no storage class gets the default one, the newest when several say they are it."""

from __future__ import annotations

from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

CLASSES = Ref("storage.k8s.io", "v1", "storageclasses")
MARKS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
OLD_NAME = "volume.beta.kubernetes.io/storage-class"


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The claim with its class; as it is when there is no default."""
    spec = obj.get("spec") or {}
    if "storageClassName" in spec or OLD_NAME in (obj["metadata"].get("annotations") or {}):
        return obj
    defaults = [one for one in cluster.lookup.every(CLASSES) if _is_default(one)]
    if not defaults:
        return obj
    newest = max(defaults, key=lambda one: (one["metadata"]["creationTimestamp"], one["metadata"]["name"]))
    return {**obj, "spec": {**spec, "storageClassName": newest["metadata"]["name"]}}


def _is_default(one: Object) -> bool:
    annotations = one["metadata"].get("annotations") or {}
    return any(annotations.get(mark) == "true" for mark in MARKS)


PLUGIN = Plugin(name="DefaultStorageClass", handles=on("persistentvolumeclaims"), mutate=mutate)
