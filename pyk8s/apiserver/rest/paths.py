"""URL paths and methods, and what they ask for. Source: Kubernetes API conventions and `requestinfo`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyk8s.api.errors import ApiError
from pyk8s.api.resources import Resource, Resources

VERBS: Mapping[str, str] = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}

NAMESPACE_PARTS = frozenset({"finalize", "status"})


@dataclass(frozen=True, slots=True)
class Route:
    """Where a URL leads: a resource, or nothing but a path (`resource` is None)."""

    verb: str
    resource: Resource | None = None
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def route(resources: Resources, method: str, path: str, *, watch: bool = False) -> Route:
    """What `method` on `path` (decoded, without its query) asks for; `watch` is the query parameter of that name.

    Raises ApiError (MethodNotAllowed) when the resource does not take this method.
    """
    parts = path.split("/")
    if parts[-1] == "":
        parts.pop()
    where = _located(resources, parts)
    if where is None:
        verb = method.lower()
        return Route("get" if verb == "head" else verb)
    resource, namespace, name, subresource, watched = where
    verb = _verb(method, name, watch or watched)
    _check_method(resource, verb, namespace, name, subresource)
    return Route(verb, resource, namespace, name, subresource)


def _located(resources: Resources, parts: list[str]) -> tuple[Resource, str, str, str, bool] | None:
    """Resource, namespace, name, subresource and whether the path itself says to watch; None for other paths."""
    if len(parts) >= 4 and parts[1] == "api":
        group, version, rest = "", parts[2], parts[3:]
    elif len(parts) >= 5 and parts[1] == "apis":
        group, version, rest = parts[2], parts[3], parts[4:]
    else:
        return None
    watched = rest[0] == "watch" and len(rest) > 1
    if watched:
        rest = rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and rest[2] not in NAMESPACE_PARTS:
        namespace, rest = rest[1], rest[2:]
    resource = resources.find(group, version, rest[0])
    if resource is None or (namespace and not resource.namespaced) or len(rest) > 3:
        return None
    return resource, namespace, rest[1] if len(rest) > 1 else "", rest[2] if len(rest) > 2 else "", watched


def _verb(method: str, name: str, watch: bool) -> str:
    verb = VERBS.get(method, method.lower())
    if verb == "get" and watch:
        return "watch"
    if verb == "get" and not name:
        return "list"
    if verb == "delete" and not name:
        return "deletecollection"
    return verb


def _check_method(resource: Resource, verb: str, namespace: str, name: str, subresource: str) -> None:
    if subresource:
        taken = resource.subresource(subresource)
        if taken is None:
            raise ApiError("NotFound", "the server could not find the requested resource")
        served = verb in taken.verbs
    else:
        everywhere = namespace or not resource.namespaced or verb in ("list", "watch")
        named = not name if verb == "create" else name or verb not in ("update", "patch")
        served = bool(verb in resource.verbs and everywhere and named)
    if not served:
        raise ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource")
