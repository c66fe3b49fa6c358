"""Nobody gives rights they do not have: what is checked when a role or a binding is written.

Who may `escalate` on a role may write any rules into it, and who may `bind` a role may give it to anybody. Source:
Kubernetes, "Using RBAC Authorization", privilege escalation prevention and bootstrapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.apiserver.authorization.rbac import MASTERS, Rbac
from pyk8s.apiserver.authorization.values import Attributes, Authorizer
from pyk8s.apiserver.request import Answer, Handler, Request, Response, User
from pyk8s.client.interface import View

GROUP = "rbac.authorization.k8s.io"
WRITES = frozenset({"create", "update", "patch"})
ROLES = frozenset({"roles", "clusterroles"})
SHOWN = 10
"""How many missing rights a refusal lists."""


class Guard:
    """Stands before the registry and looks at roles and bindings that are written."""

    def __init__(self, rbac: Rbac, authorizer: Authorizer) -> None:
        self._rbac = rbac
        self._authorizer = authorizer

    def before(self, registry: Handler) -> Handler:
        """`registry`, refusing what would give more than the user has."""

        async def handle(request: Request) -> Response:
            resource, user = request.resource, request.user
            if resource is None or resource.group != GROUP or request.verb not in WRITES or user is None:
                return await registry(request)
            if MASTERS not in user.groups:
                await self._check(request, user, await _wanted(request, registry))
            return await registry(request)

        return handle

    async def _check(self, request: Request, user: User, wanted: Mapping[str, Any]) -> None:
        assert request.resource is not None
        plural, namespace = request.resource.plural, request.namespace
        if plural in ROLES:
            verb, target, name, rules = "escalate", plural, request.name, self._rbac.rules_of(_named(wanted))
        else:
            reference = wanted.get("roleRef") or {}
            target = "roles" if reference.get("kind") == "Role" else "clusterroles"
            verb, name = "bind", str(reference.get("name") or "")
            role = self._rbac.role(namespace, reference)
            rules = self._rbac.rules_of(role) if role is not None else []
        asked = Attributes(verb=verb, group=GROUP, version="v1", resource=target, namespace=namespace, name=name)
        missing = list(self.missing(user, namespace, rules))
        if missing and not (await self._authorizer.decide(user, asked)).allowed:
            listed = "\n".join(missing[:SHOWN])
            why = f'user "{user.name}" is attempting to grant RBAC permissions not currently held:\n{listed}'
            shown = request.name or str((wanted.get("metadata") or {}).get("name") or "")
            raise forbidden(GROUP, plural, shown, why)

    def missing(self, user: User, namespace: str, rules: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """The rights among `rules` that `user` does not have in `namespace`, as a person would say them."""
        held = [self._rbac.grants(user, where) for where in dict.fromkeys(("", namespace))]
        for attributes in _spelled(rules):
            if not any(grants.allow(replace(attributes, namespace=namespace)) for grants in held):
                yield _said(attributes)


async def _wanted(request: Request, registry: Handler) -> Mapping[str, Any]:
    """The object as it will be; for a patch the registry says so, without writing."""
    body = request.body
    if request.verb == "patch":
        answer = await registry(replace(request, options=replace(request.options, dry_run=True, view=View.OBJECT)))
        assert isinstance(answer, Answer), "a patch is answered with the object"
        body = answer.body
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ApiError("BadRequest", f"the body of the request is no JSON: {error}") from error
    return wanted if isinstance(wanted, dict) else {}


def _named(role: Mapping[str, Any]) -> Mapping[str, Any]:
    """A role that certainly has metadata with a name: one that is created by generateName has none yet."""
    return {**role, "metadata": {"name": "", **(role.get("metadata") or {})}}


def _spelled(rules: Iterable[Mapping[str, Any]]) -> Iterator[Attributes]:
    """Every single right of `rules`; a wildcard stands for itself, so that only a wildcard covers it."""
    for rule in rules:
        for verb in rule.get("verbs") or ():
            for path in rule.get("nonResourceURLs") or ():
                yield Attributes(verb=verb, path=path)
            for group in rule.get("apiGroups") or ():
                for full in rule.get("resources") or ():
                    resource, _, subresource = full.partition("/")
                    for name in rule.get("resourceNames") or ("",):
                        yield Attributes(verb=verb, group=group, resource=resource, subresource=subresource, name=name)


def _said(right: Attributes) -> str:
    if not right.resource:
        return f"{{NonResourceURLs:[{right.path!r}], Verbs:[{right.verb!r}]}}"
    full = f"{right.resource}/{right.subresource}" if right.subresource else right.resource
    names = f", ResourceNames:[{right.name!r}]" if right.name else ""
    return f"{{APIGroups:[{right.group!r}], Resources:[{full!r}]{names}, Verbs:[{right.verb!r}]}}"
