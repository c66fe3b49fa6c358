"""A kubelet touches its own node, lease and pods, and nothing of them that another decides.

The node authorizer says what a kubelet may read; this says what a write may hold. Source: plugin/pkg/admission/
noderestriction; Kubernetes documentation, "Node authorization".
"""

from __future__ import annotations

from collections.abc import Iterable

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import PODS
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review
from pyk8s.apiserver.request import User

GROUP, PREFIX = "system:nodes", "system:node:"
MIRROR = "kubernetes.io/config.mirror"
LEASES = "kube-node-lease"
RESTRICTED = "node-restriction.kubernetes.io"
KUBELET_LABELS = frozenset(
    {
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
    }
)
"""Labels of the kubernetes.io family that a kubelet may give its node."""
KUBELET_DOMAINS = ("kubelet.kubernetes.io", "node.kubernetes.io")
WATCHED = {
    ("", "pods"),
    ("", "nodes"),
    ("", "serviceaccounts"),
    ("coordination.k8s.io", "leases"),
    ("storage.k8s.io", "csinodes"),
    ("resource.k8s.io", "resourceslices"),
}


def node_of(user: User) -> str:
    """The node that the user is, "" for everybody else."""
    if GROUP in user.groups and user.name.startswith(PREFIX):
        return user.name.removeprefix(PREFIX)
    return ""


def handles(resource: Resource, subresource: str, action: str) -> bool:
    """Everything a kubelet may write."""
    if resource.plural == "serviceaccounts":
        return subresource == "token"
    return (resource.group, resource.plural) in WATCHED


async def validate(obj: Object, review: Review, cluster: Cluster) -> None:
    """Raise ApiError (Forbidden) when a kubelet reaches beyond itself."""
    node = node_of(review.user)
    if not node:
        return
    match review.resource.plural:
        case "pods":
            _check_pod(obj, review, node)
        case "nodes":
            _check_node(obj, review, node)
        case "serviceaccounts":
            _check_token(obj, review, cluster, node)
        case "leases":
            if review.namespace != LEASES or obj["metadata"].get("name") != node:
                raise _refused(review, f"node {node} may only write the lease {LEASES}/{node}")
        case "csinodes":
            if obj["metadata"].get("name") != node:
                raise _refused(review, f"can only access CSINode with the same name as the requesting node {node}")
        case _:
            if (obj.get("spec") or {}).get("nodeName") != node:
                raise _refused(review, f"can only write resource slices of the node {node}")


def _check_pod(obj: Object, review: Review, node: str) -> None:
    name, spec = obj["metadata"].get("name", ""), obj.get("spec") or {}
    held = (review.old or obj).get("spec") or {}
    if review.action == "create":
        _check_new_pod(obj, review, node)
    elif held.get("nodeName") != node:
        verb = "delete" if review.action == "delete" else "update status for"
        raise _refused(review, f"node {node} can only {verb} pods with spec.nodeName set to itself")
    elif review.action == "update":
        if review.request.subresource != "status":
            raise _refused(
                review, f'unexpected operation "update" of pod {name}: node {node} may update its status only'
            )
        if (obj["metadata"].get("labels") or {}) != ((review.old or {}).get("metadata", {}).get("labels") or {}):
            raise _refused(review, f"node {node} cannot update labels through pod status")
        if spec != held:
            raise _refused(review, f"node {node} cannot change the spec through pod status")


def _check_new_pod(obj: Object, review: Review, node: str) -> None:
    metadata, spec = obj["metadata"], obj.get("spec") or {}
    if MIRROR not in (metadata.get("annotations") or {}):
        raise _refused(review, f'pod does not have "{MIRROR}" annotation, node {node} can only create mirror pods')
    if spec.get("nodeName") != node:
        raise _refused(review, f"node {node} can only create pods with spec.nodeName set to itself")
    owners = metadata.get("ownerReferences") or []
    if len(owners) > 1:
        raise _refused(review, f"node {node} can only create pods with a single owner reference set to itself")
    for owner in owners:
        if (owner.get("apiVersion"), owner.get("kind"), owner.get("name")) != ("v1", "Node", node):
            raise _refused(review, f"node {node} can only create pods with an owner reference set to itself")
        if not owner.get("controller") or owner.get("blockOwnerDeletion"):
            raise _refused(review, f"node {node} must be the controller of its mirror pods and not block deletion")
    if spec.get("serviceAccountName"):
        raise _refused(review, f"node {node} can not create pods that reference a service account")
    kinds = _referenced(spec)
    if kinds:
        raise _refused(review, f"node {node} can not create pods that reference {', '.join(sorted(kinds))}")


def _referenced(spec: Object) -> set[str]:
    """The kinds of API objects that the pod's volumes and environment refer to."""
    found: set[str] = set()
    names = {"secret": "secrets", "configMap": "configmaps", "persistentVolumeClaim": "persistentvolumeclaims"}
    for volume in spec.get("volumes") or ():
        found |= {kind for key, kind in names.items() if key in volume}
        for source in (volume.get("projected") or {}).get("sources") or ():
            found |= {
                kind
                for key, kind in {**names, "serviceAccountToken": "service account tokens"}.items()
                if key in source
            }
    keys = {
        "secretKeyRef": "secrets",
        "configMapKeyRef": "configmaps",
        "secretRef": "secrets",
        "configMapRef": "configmaps",
    }
    for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
        sources = [one.get("valueFrom") or {} for one in container.get("env") or ()]
        for source in [*sources, *(container.get("envFrom") or ())]:
            found |= {kind for key, kind in keys.items() if key in source}
    return found


def _check_node(obj: Object, review: Review, node: str) -> None:
    name = obj["metadata"].get("name") or review.request.name
    if name != node:
        raise _refused(review, f'node "{node}" is not allowed to modify node "{name}"')
    if review.action == "delete":
        return
    old = review.old or {}
    labels = obj["metadata"].get("labels") or {}
    held = (old.get("metadata") or {}).get("labels") or {}
    changed = {key for key in labels.keys() | held.keys() if labels.get(key) != held.get(key)}
    refused = sorted(_unallowed(changed))
    if refused:
        raise _refused(review, f"is not allowed to modify labels: {', '.join(refused)}")
    if review.action == "update":
        spec, before = obj.get("spec") or {}, old.get("spec") or {}
        if (spec.get("taints") or []) != (before.get("taints") or []):
            raise _refused(review, f'node "{node}" is not allowed to modify taints')
        if spec.get("configSource") != before.get("configSource"):
            raise _refused(review, f"node {node} cannot update configSource")
        if obj["metadata"].get("ownerReferences") != old["metadata"].get("ownerReferences"):
            raise _refused(review, f"node {node} cannot update its owner references")


def _unallowed(labels: Iterable[str]) -> list[str]:
    found = []
    for label in labels:
        domain = label.partition("/")[0] if "/" in label else ""
        if domain == RESTRICTED or domain.endswith("." + RESTRICTED):
            found.append(label)
            continue
        kubernetes = any(domain == one or domain.endswith("." + one) for one in ("kubernetes.io", "k8s.io"))
        own = any(domain == one or domain.endswith("." + one) for one in KUBELET_DOMAINS)
        if kubernetes and not own and label not in KUBELET_LABELS:
            found.append(label)
    return found


def _check_token(obj: Object, review: Review, cluster: Cluster, node: str) -> None:
    bound = (obj.get("spec") or {}).get("boundObjectRef") or {}
    if bound.get("apiVersion", "v1") != "v1" or bound.get("kind") != "Pod" or not bound.get("name"):
        raise _refused(review, f"node requested token not bound to a pod: node {node}")
    if not bound.get("uid"):
        raise _refused(review, f"node requested token with a pod binding without a uid: node {node}")
    pod = cluster.lookup.peek(PODS, review.namespace, bound["name"])
    if pod is None or pod["metadata"]["uid"] != bound["uid"]:
        raise _refused(review, f"pod {bound['name']} with that uid is not known")
    if (pod.get("spec") or {}).get("nodeName") != node:
        raise _refused(review, "node requested token bound to a pod scheduled on a different node")


def _refused(review: Review, why: str) -> ApiError:
    return forbidden(review.resource.group, review.resource.plural, review.request.name, why)


PLUGIN = Plugin(name="NodeRestriction", handles=handles, validate=validate)
