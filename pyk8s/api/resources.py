"""The schema table: one row for every kind that the API serves."""

from __future__ import annotations

from dataclasses import dataclass

from pyk8s.api.refs import Ref


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a printed table: its header, type, format and whether it shows only with `-o wide` (priority 1)."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""
    json_path: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API serves it; the facts that discovery publishes, and where its schema stands.

    `definition` is the key of its shape among the OpenAPI definitions ("io.k8s.api.core.v1.Pod"). `subresources` are
    the names below an object ("status", "scale", "log", …). `verbs` are those of the collection and the object.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    definition: str
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    subresources: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()

    @property
    def api_version(self) -> str:
        """What stands in an object's apiVersion."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def ref(self, namespace: str = "", name: str = "", subresource: str = "") -> Ref:
        """The reference to this resource, or to one object of it."""
        return Ref(self.group, self.version, self.plural, namespace, name, subresource)
