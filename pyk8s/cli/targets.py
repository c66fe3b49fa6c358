"""What a verb is about: `pods web`, `deploy/web svc/web`, `pods,services -l app=web`, or the objects of manifests.

Source: the argument forms of kubectl.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource, Resources
from pyk8s.cli.manifests import Manifest, ManifestInvalid


@dataclass(frozen=True, slots=True)
class Target:
    """One object, or a whole collection when `name` is ""."""

    resource: Resource
    name: str = ""
    namespace: str = ""

    @property
    def ref(self) -> Ref:
        """The target's place in the API."""
        return self.resource.ref(self.namespace, self.name)

    @property
    def label(self) -> str:
        """`deployment.apps/web`: how messages name it."""
        return f"{qualified_kind(self.resource)}/{self.name}"


def qualified_kind(resource: Resource) -> str:
    """`deployment.apps`, or `pod` in the core group."""
    return f"{resource.singular}.{resource.group}" if resource.group else resource.singular


def parse_targets(resources: Resources, words: Sequence[str], namespace: str) -> list[Target]:
    """The targets that `words` name; `namespace` ("" for all) is used for namespaced kinds.

    Raises click.UsageError for words that mix the forms, ApiError for an unknown kind.
    """
    if not words:
        raise click.UsageError("say what: TYPE NAME, TYPE/NAME, or -f FILE (types: pyk8s api-resources)")
    if any("/" in word for word in words):
        return [_slashed(resources, word, namespace) for word in words]
    kinds = [kind for word in words[0].split(",") for kind in _kinds(resources, word)]
    names = words[1:]
    if len(kinds) > 1 and names:
        raise click.UsageError(f"names cannot follow several types: write {kinds[0].singular}/{names[0]} instead")
    return [_target(kind, name, namespace) for kind in kinds for name in (names or ("",))]


def parse_one(resources: Resources, words: Sequence[str], namespace: str, *, default: str = "pods") -> Target:
    """The single target of a verb such as logs: `NAME` alone is one of `default`. Raises click.UsageError."""
    if len(words) == 1 and "/" not in words[0]:
        return _target(resources.resolve(default), words[0], namespace)
    targets = parse_targets(resources, words, namespace)
    if len(targets) != 1 or not targets[0].name:
        raise click.UsageError("name exactly one object: TYPE/NAME")
    return targets[0]


def _slashed(resources: Resources, word: str, namespace: str) -> Target:
    kind, slash, name = word.partition("/")
    if not slash or not kind or not name or "/" in name:
        raise click.UsageError(f"{word!r} must be TYPE/NAME, as the others are")
    return _target(resources.resolve(kind), name, namespace)


def _kinds(resources: Resources, word: str) -> Iterable[Resource]:
    if not word:
        raise click.UsageError("a type is missing between the commas")
    return resources.category(word) or (resources.resolve(word),)


def _target(resource: Resource, name: str, namespace: str) -> Target:
    return Target(resource, name, namespace if resource.namespaced else "")


def of_manifest(resources: Resources, manifest: Manifest, namespace: str, *, enforced: bool = False) -> Target:
    """The object that `manifest` describes; `namespace` when it names none.

    Raises ManifestInvalid for an unknown kind, or when `enforced` and the manifest names another namespace.
    """
    resource = resources.by_kind(manifest.api_version, manifest.kind)
    if resource is None:
        raise ManifestInvalid(
            f"{manifest.source}: no kind {manifest.kind!r} is known in apiVersion {manifest.api_version!r} "
            "(types: pyk8s api-resources)"
        )
    if not resource.namespaced:
        return Target(resource, manifest.name)
    if enforced and manifest.namespace and manifest.namespace != namespace:
        raise ManifestInvalid(
            f"{manifest.source}: metadata.namespace is {manifest.namespace!r}, but -n says {namespace!r}: "
            "leave one of them out"
        )
    return Target(resource, manifest.name, manifest.namespace or namespace)
