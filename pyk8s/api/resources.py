"""The schema table: one row for every kind that the API serves."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from pyk8s.api import catalogue
from pyk8s.api.errors import ApiError
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
class Subresource:
    """What a subresource takes and gives, as discovery publishes it; `group` and `version` are "" when it is silent."""

    name: str
    group: str
    version: str
    kind: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API serves it; the facts that discovery publishes, and where its schema stands.

    `definition` is the key of its shape among the OpenAPI definitions ("io.k8s.api.core.v1.Pod"). `subresources` are
    the names below an object ("status", "scale", "log", …). `verbs` are those of the collection and the object.
    `columns` are those a CustomResourceDefinition declares; built-in kinds have theirs in `api.columns`.
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

    @property
    def storage_version_hash(self) -> str:
        """The `storageVersionHash` of discovery: the first 8 bytes of SHA-256 over group/version/kind, in base 64."""
        return b64encode(sha256(f"{self.group}/{self.version}/{self.kind}".encode()).digest()[:8]).decode()

    def ref(self, namespace: str = "", name: str = "", subresource: str = "") -> Ref:
        """The reference to this resource, or to one object of it."""
        return Ref(self.group, self.version, self.plural, namespace, name, subresource)

    def subresource(self, name: str) -> Subresource | None:
        """What the subresource `name` takes and gives; None when this kind has none of that name."""
        if name not in self.subresources:
            return None
        group, version, kind, verbs = catalogue.SUBRESOURCES[name]
        if kind == "ProxyOptions":
            kind = self.kind + kind
        return Subresource(name, group, version, kind or self.kind, tuple(verbs.split()))


class Resources:
    """The table: looked up by URL (`find`), by what stands in an object (`by_kind`), by what people type (`resolve`).

    It grows and shrinks at run time with CustomResourceDefinitions; `revision` counts the changes, so that answers
    made from the table (discovery, OpenAPI) know when they are old.
    """

    def __init__(self, rows: Iterable[Resource] = ()) -> None:
        self._by_url: dict[tuple[str, str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str], Resource] = {}
        self._words: dict[str, list[Resource]] | None = None
        self.revision = 0
        for row in rows:
            self.add(row)

    @classmethod
    def builtin(cls) -> Resources:
        """Every kind that Kubernetes 1.37 serves without being asked to."""
        return cls(
            _resource(group, version, row) for (group, version), rows in catalogue.BUILT_IN.items() for row in rows
        )

    def add(self, resource: Resource) -> None:
        """Serve `resource` too; one of the same group, version and plural is replaced."""
        self._by_url[resource.group, resource.version, resource.plural] = resource
        self._by_kind[resource.api_version, resource.kind] = resource
        self._changed()

    def remove(self, group: str, version: str, plural: str) -> None:
        """Serve that resource no longer; no error when it is not served."""
        gone = self._by_url.pop((group, version, plural), None)
        if gone is not None:
            self._by_kind.pop((gone.api_version, gone.kind), None)
            self._changed()

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The resource that a URL names, or None."""
        return self._by_url.get((group, version, plural))

    def by_ref(self, ref: Ref) -> Resource | None:
        """The resource that `ref` names, or None."""
        return self._by_url.get((ref.group, ref.version, ref.resource))

    def by_kind(self, api_version: str, kind: str) -> Resource | None:
        """The resource of objects with this apiVersion and kind, or None."""
        return self._by_kind.get((api_version, kind))

    def resolve(self, word: str) -> Resource:
        """The resource a person means by `word`: plural, singular, kind or short name, in any case, alone or followed
        by its group ("deploy.apps") or version and group ("deployments.v1.apps").

        Of several the core group wins, then the order in which groups are served. Raises ApiError (NotFound).
        """
        words = self._index()
        name, _, rest = word.lower().rstrip(".").partition(".")
        for resource in words.get(name, ()):
            if not rest or rest in (resource.group, f"{resource.version}.{resource.group}".rstrip(".")):
                return resource
        raise ApiError("NotFound", f'the server doesn\'t have a resource type "{word}"')

    def category(self, name: str) -> tuple[Resource, ...]:
        """The resources a category such as "all" stands for, each in its preferred version; () when there is none."""
        seen: dict[tuple[str, str], Resource] = {}
        for resource in self:
            if name in resource.categories:
                seen.setdefault((resource.group, resource.kind), resource)
        return tuple(seen.values())

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Each group with its versions, the preferred one first, in the order in which they are served."""
        found: dict[str, list[str]] = {}
        for resource in self:
            versions = found.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return {group: tuple(versions) for group, versions in found.items()}

    def of(self, group: str, version: str) -> tuple[Resource, ...]:
        """The resources of one group version."""
        return tuple(r for r in self if r.group == group and r.version == version)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_url.values()))

    def __len__(self) -> int:
        return len(self._by_url)

    def _changed(self) -> None:
        self.revision += 1
        self._words = None

    def _index(self) -> dict[str, list[Resource]]:
        if self._words is None:
            words: dict[str, list[Resource]] = {}
            for names in (_full_names, _short_names):  # a full name of one kind wins over a short name of another
                for resource in self:
                    for name in names(resource):
                        words.setdefault(name, []).append(resource)
            self._words = words
        return self._words


def _full_names(resource: Resource) -> set[str]:
    return {resource.plural, resource.singular, resource.kind.lower()}


def _short_names(resource: Resource) -> tuple[str, ...]:
    return resource.short_names


_PACKAGES = {
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "apiregistration.k8s.io": "io.k8s.kube-aggregator.pkg.apis.apiregistration",
}
"""Groups whose definitions do not stand in io.k8s.api."""


def _resource(group: str, version: str, row: catalogue.Row) -> Resource:
    kind, plural, scope, short, subresources, categories, verbs = row
    package = _PACKAGES.get(group) or f"io.k8s.api.{group.partition('.')[0] or 'core'}"
    return Resource(
        group=group,
        version=version,
        kind=kind,
        plural=plural,
        singular=kind.lower(),
        namespaced=scope == "ns",
        definition=f"{package}.{version}.{kind}",
        verbs=tuple(verbs.split()),
        subresources=tuple(subresources.split()),
        short_names=tuple(short.split()),
        categories=tuple(categories.split()),
    )
