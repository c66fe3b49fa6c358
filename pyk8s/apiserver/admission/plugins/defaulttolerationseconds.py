"""A pod that says nothing of it stays for a while on a node that is not ready or cannot be reached."""

from __future__ import annotations

from pyk8s.api.objectmeta import Object
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review, on

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
EFFECT = "NoExecute"


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The pod with a bounded toleration of each taint that it does not tolerate already."""
    spec = obj["spec"]
    held = spec.get("tolerations") or ()
    config = cluster.config
    added = [
        {"key": taint, "operator": "Exists", "effect": EFFECT, "tolerationSeconds": seconds}
        for taint, seconds in ((NOT_READY, config.not_ready_toleration), (UNREACHABLE, config.unreachable_toleration))
        if not any(_covers(one, taint) for one in held)
    ]
    return {**obj, "spec": {**spec, "tolerations": [*held, *added]}} if added else obj


def _covers(toleration: Object, taint: str) -> bool:
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", EFFECT)


PLUGIN = Plugin(name="DefaultTolerationSeconds", handles=on("pods"), mutate=mutate)
