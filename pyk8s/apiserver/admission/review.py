"""The frame that plugins stand in: what they are told, when they are asked, in which order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pyk8s.api.objectmeta import Object
from pyk8s.api.refs import Ref
from pyk8s.api.resources import Resource
from pyk8s.apiserver.admission.charges import Charges
from pyk8s.apiserver.admission.lookup import Lookup
from pyk8s.apiserver.registry.config import Config
from pyk8s.apiserver.request import Options, Request, User

NOBODY = User("system:anonymous", ("system:unauthenticated",))


@dataclass(frozen=True, slots=True)
class Review:
    """What is about to happen: `action` is create, update (a patch too) or delete; `old` is what is there now."""

    request: Request
    resource: Resource
    action: str
    old: Object | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """Called once the write has ended, well or badly."""

    @property
    def user(self) -> User:
        """Who asks."""
        return self.request.user or NOBODY

    @property
    def options(self) -> Options:
        """How it is asked."""
        return self.request.options

    @property
    def namespace(self) -> str:
        """The namespace it happens in, "" for a cluster-scoped object."""
        return self.request.namespace


Rewrite: TypeAlias = Callable[[Ref, str, str, Callable[[Object], Object]], Awaitable[None]]
"""Stores what the function makes of the object (reference, namespace, name), under the revision it was read at; the
function is called again when another write comes first. Nothing happens when the object is gone."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What plugins may know beside the review: other objects, and settings."""

    lookup: Lookup
    config: Config
    rewrite: Rewrite
    charges: Charges = field(default_factory=Charges)


Handles: TypeAlias = Callable[[Resource, str, str], bool]
"""(resource, subresource, action) -> whether the plugin has a say. Asked once for each and remembered."""

Mutate: TypeAlias = Callable[[Object, Review, Cluster], Awaitable[Object]]
"""The object as it shall be. Changes nothing in place. Raises ApiError to refuse."""

Validate: TypeAlias = Callable[[Object, Review, Cluster], Awaitable[None]]
"""Raises ApiError to refuse. For a deletion the object is the one that goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One rule. `mutate` is asked before the object is judged, `validate` after, when it is as it will be stored."""

    name: str
    handles: Handles
    mutate: Mutate | None = None
    validate: Validate | None = None


class Admission:
    """Plugins in their order, found by resource, subresource and action."""

    def __init__(self, plugins: Sequence[Plugin], cluster: Cluster) -> None:
        self._plugins = tuple(plugins)
        self._cluster = cluster
        self._found: dict[tuple[str, str, str, str], tuple[tuple[Mutate, ...], tuple[Validate, ...]]] = {}

    def _of(self, review: Review) -> tuple[tuple[Mutate, ...], tuple[Validate, ...]]:
        resource, subresource = review.resource, review.request.subresource
        key = (resource.group, resource.plural, subresource, review.action)
        found = self._found.get(key)
        if found is None:
            chosen = [one for one in self._plugins if one.handles(resource, subresource, review.action)]
            found = (
                tuple(one.mutate for one in chosen if one.mutate),
                tuple(one.validate for one in chosen if one.validate),
            )
            self._found[key] = found
        return found

    async def mutate(self, obj: Object, review: Review) -> Object:
        """`obj` as the plugins make it. Raises ApiError when one refuses."""
        for mutate in self._of(review)[0]:
            obj = await mutate(obj, review, self._cluster)
        return obj

    async def validate(self, obj: Object, review: Review) -> None:
        """Raise ApiError when a plugin refuses."""
        for validate in self._of(review)[1]:
            await validate(obj, review, self._cluster)


def on(*plurals: str, group: str = "", actions: Sequence[str] = ("create",)) -> Handles:
    """Concerns these resources of one group and these actions, not their subresources."""

    def handles(resource: Resource, subresource: str, action: str) -> bool:
        known = resource.group == group and resource.plural in plurals
        return known and action in actions and not subresource

    return handles
