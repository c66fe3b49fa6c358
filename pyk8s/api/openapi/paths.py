"""The operations on a resource, as OpenAPI describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pyk8s.api.openapi.schemas import COMPONENTS, DEFINITIONS, META
from pyk8s.api.resources import Resource

JSON: Final = "application/json"
PATCHES: Final = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_METHODS: Final = {
    "get": "get",
    "list": "get",
    "create": "post",
    "update": "put",
    "patch": "patch",
    "delete": "delete",
    "deletecollection": "delete",
    "connect": "get",
}
_ACTIONS: Final = {"create": "post", "update": "put"}
_WRITES: Final = (
    ("dryRun", "string", "All: check everything and store nothing."),
    ("fieldManager", "string", "The name under which the written fields are owned."),
    ("fieldValidation", "string", "What to do about unknown or doubled fields: Ignore, Warn or Strict."),
)
_LISTS: Final = (
    ("allowWatchBookmarks", "boolean", "Whether a watch may tell how far it is without a change."),
    ("continue", "string", "The token with which the page before ended."),
    ("fieldSelector", "string", "Only objects whose fields have these values."),
    ("labelSelector", "string", "Only objects whose labels match."),
    ("limit", "integer", "The most objects on a page."),
    ("resourceVersion", "string", "The version from which, or at which, to read."),
    ("resourceVersionMatch", "string", "How the version is meant: Exact or NotOlderThan."),
    ("sendInitialEvents", "boolean", "Whether a watch starts with what is there."),
    ("timeoutSeconds", "integer", "How long a list or watch may take."),
    ("watch", "boolean", "Changes as they happen, instead of a list."),
)
_DELETES: Final = (
    ("dryRun", "string", "All: check everything and delete nothing."),
    ("gracePeriodSeconds", "integer", "How long the object has to end."),
    ("orphanDependents", "boolean", "Whether dependents are left alone; propagationPolicy is the newer way."),
    ("propagationPolicy", "string", "What becomes of dependents: Orphan, Background or Foreground."),
)
_FORCE: Final = (("force", "boolean", "Take over fields that another manager owns (apply only)."),)
_PARAMETERS: Final = {
    "get": (),
    "list": _LISTS,
    "create": _WRITES,
    "update": _WRITES,
    "patch": (*_WRITES, *_FORCE),
    "delete": _DELETES,
    "deletecollection": (*_LISTS, *_DELETES),
    "connect": (),
}


def paths_of(resource: Resource, *, version: int) -> dict[str, Any]:
    """The paths of one resource and its subresources, in OpenAPI version 2 or 3."""
    writer = _Writer(resource, version)
    found: dict[str, Any] = {}
    for path, verbs in _collections(resource):
        writer.add(found, path, verbs, resource.definition)
    item = _below(resource, "{name}")
    writer.add(
        found, item, [v for v in ("get", "update", "patch", "delete") if v in resource.verbs], resource.definition
    )
    for name in resource.subresources:
        sub = resource.subresource(name)
        assert sub is not None
        scale = "io.k8s.api.autoscaling.v1.Scale" if sub.kind == "Scale" else resource.definition
        streams = sub.kind.endswith("Options")
        verbs = ["connect"] if streams else [verb for verb in ("get", "update", "patch", "create") if verb in sub.verbs]
        writer.add(found, f"{item}/{name}", verbs, scale, kind=(sub.group, sub.version, sub.kind))
    return found


def _root(resource: Resource) -> str:
    return f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"


def _below(resource: Resource, name: str = "") -> str:
    middle = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{_root(resource)}{middle}/{resource.plural}" + (f"/{name}" if name else "")


def _collections(resource: Resource) -> Iterator[tuple[str, list[str]]]:
    verbs: list[str] = [verb for verb in ("list", "create", "deletecollection") if verb in resource.verbs]
    yield _below(resource), verbs
    if resource.namespaced and "list" in verbs:
        yield f"{_root(resource)}/{resource.plural}", ["list"]


class _Writer:
    """Writes the operations of one resource in one version of OpenAPI."""

    def __init__(self, resource: Resource, version: int) -> None:
        self._resource = resource
        self._version = version
        self._prefix = COMPONENTS if version == 3 else DEFINITIONS
        names = [part.capitalize() for part in resource.group.partition(".")[0].split("-")] or [""]
        self._title = ("".join(names) or "Core") + resource.version.capitalize()

    def add(
        self,
        found: dict[str, Any],
        path: str,
        verbs: list[str],
        definition: str,
        *,
        kind: tuple[str, str, str] | None = None,
    ) -> None:
        """Put the operations `verbs` on `path` into `found`; none when there are no verbs."""
        item: dict[str, Any] = {}
        for verb in verbs:
            item[_METHODS[verb]] = self._operation(verb, path, definition, kind)
        if item:
            item["parameters"] = [
                self._parameter(name, "path", "string", f"The {name} of the object.", required=True)
                for name in ("name", "namespace")
                if f"{{{name}}}" in path
            ]
            found[path] = item

    def _operation(self, verb: str, path: str, definition: str, kind: tuple[str, str, str] | None) -> dict[str, Any]:
        resource = self._resource
        group, version, name = kind if kind and kind[1] else (resource.group, resource.version, resource.kind)
        scope = "Namespaced" if "{namespace}" in path else ""
        below = path.partition("{name}/")[2].capitalize()
        answer = {"list": definition + "List", "delete": META + "Status", "deletecollection": META + "Status"}
        operation: dict[str, Any] = {
            "description": f"{verb} {below.lower() + ' of ' if below else ''}{resource.kind}",
            "operationId": f"{verb}{self._title}{scope}{resource.kind}{below}"
            + ("ForAllNamespaces" if resource.namespaced and not scope else ""),
            "tags": [self._title],
            "parameters": [self._parameter(*one[:1], "query", *one[1:]) for one in _PARAMETERS[verb]],
            "responses": {"200": self._response(answer.get(verb, definition), streams=verb == "connect")},
            "x-kubernetes-action": _ACTIONS.get(verb, verb),
            "x-kubernetes-group-version-kind": {"group": group, "kind": name, "version": version},
        }
        self._describe_body(operation, verb, definition)
        return operation

    def _describe_body(self, operation: dict[str, Any], verb: str, definition: str) -> None:
        match verb:
            case "create" | "update":
                shape, kinds = definition, [JSON]
            case "patch":
                shape, kinds = META + "Patch", list(PATCHES)
            case "delete" | "deletecollection":
                shape, kinds = META + "DeleteOptions", [JSON]
            case _:
                return
        link = {"$ref": self._prefix + shape}
        needed = not verb.startswith("delete")
        if self._version == 3:
            operation["requestBody"] = {"content": {one: {"schema": link} for one in kinds}, "required": needed}
        else:
            operation["consumes"] = kinds
            operation["parameters"].append({"name": "body", "in": "body", "required": needed, "schema": link})

    def _response(self, definition: str, *, streams: bool) -> dict[str, Any]:
        if streams:
            schema: dict[str, Any] = {"type": "string"}
        else:
            schema = {"$ref": self._prefix + definition}
        if self._version == 3:
            return {"description": "OK", "content": {JSON: {"schema": schema}}}
        return {"description": "OK", "schema": schema}

    def _parameter(self, name: str, where: str, type_: str, text: str, *, required: bool = False) -> dict[str, Any]:
        said = {"name": name, "in": where, "description": text}
        typed: dict[str, Any] = {"schema": {"type": type_}} if self._version == 3 else {"type": type_}
        return said | typed | ({"required": True} if required else {})
