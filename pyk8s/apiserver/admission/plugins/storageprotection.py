"""Volumes and claims stay while something uses them: each is born with a finalizer that a controller takes away."""

from __future__ import annotations

from pyk8s.api.objectmeta import Object, has_finalizer
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

FINALIZERS = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The object with its finalizer."""
    name = FINALIZERS[review.resource.plural]
    if has_finalizer(obj, name):
        return obj
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "finalizers": [*(metadata.get("finalizers") or ()), name]}}


PLUGIN = Plugin(name="StorageObjectInUseProtection", handles=on(*FINALIZERS), mutate=mutate)
