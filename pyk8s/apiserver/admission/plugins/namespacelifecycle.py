"""Nothing is made in a namespace that is absent or going, and the system's own namespaces stay."""

from __future__ import annotations

from pyk8s.api.errors import ApiError, Cause, forbidden, not_found
from pyk8s.api.objectmeta import Object, is_being_deleted
from pyk8s.api.refs import NAMESPACES
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.review import Cluster, Plugin, Review

IMMORTAL = ("default", "kube-system", "kube-public")


def handles(resource: Resource, subresource: str, action: str) -> bool:
    """Creates in namespaces, and deletions of namespaces."""
    if resource.namespaced:
        return action == "create"
    return action == "delete" and resource.plural == "namespaces" and not resource.group


async def validate_delete(obj: Object, review: Review, cluster: Cluster) -> None:
    """Raise ApiError (Forbidden) for a namespace that must stay."""
    if review.action == "delete" and review.request.name in IMMORTAL:
        raise forbidden("", "namespaces", review.request.name, "this namespace may not be deleted")


async def mutate(obj: Object, review: Review, cluster: Cluster) -> Object:
    """The same object. Raises ApiError: NotFound without the namespace, Forbidden while it is being deleted."""
    namespace = cluster.lookup.peek(NAMESPACES, "", review.namespace)
    if namespace is None:
        namespace = await cluster.lookup.find(NAMESPACES, "", review.namespace)
    if namespace is None:
        raise not_found("", "namespaces", review.namespace)
    if is_being_deleted(namespace):
        resource, name = review.resource, obj["metadata"].get("name", "")
        why = f"unable to create new content in namespace {review.namespace} because it is being terminated"
        error = forbidden(resource.group, resource.plural, name, why)
        cause = Cause("NamespaceTerminating", f"namespace {review.namespace} is being terminated", "metadata.namespace")
        raise ApiError(error.reason, error.message, group=error.group, kind=error.kind, name=error.name, causes=[cause])
    return obj


PLUGIN = Plugin(name="NamespaceLifecycle", handles=handles, mutate=mutate, validate=validate_delete)
