"""What is to be decided, and the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pyk8s.apiserver.request import Request, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What somebody wants to do: a verb on a resource, or on a `path` that is no resource (`resource` is "" then).

    `fields` is the field selector of a list or watch. Source: Kubernetes, SubjectAccessReview (authorization.k8s.io).
    """

    verb: str
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    fields: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed, or not; without a reason nobody said anything."""

    allowed: bool
    reason: str = ""


ALLOWED = Decision(True)
NO_OPINION = Decision(False)


class Authorizer(Protocol):
    """Decides whether a user may do something."""

    async def decide(self, user: User, attributes: Attributes) -> Decision:
        """Whether `user` may do what `attributes` say. Raises nothing."""
        ...


COLLECTION_VERBS = frozenset({"list", "watch", "deletecollection"})


def attributes_of(request: Request) -> Attributes:
    """What a request wants to do. A list or watch of one name by field selector counts as that name."""
    resource = request.resource
    if resource is None:
        return Attributes(verb=request.verb, path=request.path.partition("?")[0])
    name = request.name
    namespace = name if resource.plural == "namespaces" and not resource.group else request.namespace
    fields = request.options.fields
    if not name and fields and request.verb in COLLECTION_VERBS:
        name = named_by(fields)
    return Attributes(
        verb=request.verb,
        group=resource.group,
        version=resource.version,
        resource=resource.plural,
        subresource=request.subresource,
        namespace=namespace,
        name=name,
        fields=fields,
    )


def named_by(fields: str) -> str:
    """The name that a field selector asks for, or ""."""
    return required(fields, "metadata.name")


def required(fields: str, path: str) -> str:
    """The one value that the field selector `fields` allows at `path`, or ""."""
    for term in fields.split(","):
        key, sign, value = term.partition("=")
        if key.strip() == path and sign:
            return value.removeprefix("=").strip()
    return ""


def refusal(user: User, attributes: Attributes, reason: str = "") -> str:
    """The sentence Kubernetes says to who may not do something."""
    if not attributes.resource:
        said = f'User "{user.name}" cannot {attributes.verb} path "{attributes.path}"'
    else:
        resource = attributes.resource + (f"/{attributes.subresource}" if attributes.subresource else "")
        scope = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
        said = (
            f'User "{user.name}" cannot {attributes.verb} resource "{resource}" '
            f'in API group "{attributes.group}" {scope}'
        )
    return f"{said}: {reason}" if reason else said
