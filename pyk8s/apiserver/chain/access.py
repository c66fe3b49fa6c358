"""Who asks, whom they want to be taken for, and whether they may."""

from __future__ import annotations

from dataclasses import replace

from pyk8s.api.errors import ApiError, forbidden
from pyk8s.apiserver.authentication.authenticator import AUTHENTICATED, anonymous_allowed
from pyk8s.apiserver.authorization.values import Attributes, attributes_of, refusal
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.request import Handler, Impersonation, Request, Response, User

EXEC_LIKE = frozenset({"attach", "exec", "portforward"})
ACCOUNT_PREFIX = "system:serviceaccount:"


def authenticate(endpoint: Handler, parts: Parts) -> Handler:
    """Find out the user from the door's `peer`; a request that already has one comes from this very process."""

    async def handle(request: Request) -> Response:
        if request.user is not None:
            return await endpoint(request)
        user = await parts.authenticator.user(request.peer)
        if user is None:
            user = anonymous_allowed(request)
        return await endpoint(replace(request, user=user))

    return handle


def impersonate(endpoint: Handler, parts: Parts) -> Handler:
    """Let a user who may impersonate another one act as them. Source: Kubernetes, "User impersonation"."""

    async def handle(request: Request) -> Response:
        wanted = request.peer.impersonate
        if wanted is None or request.user is None:
            return await endpoint(request)
        for attributes in _impersonated(wanted):
            decision = await parts.authorizer.decide(request.user, attributes)
            if not decision.allowed:
                raise forbidden(
                    "", attributes.resource, attributes.name, refusal(request.user, attributes, decision.reason)
                )
        return await endpoint(replace(request, user=_assumed(wanted)))

    return handle


def authorize(endpoint: Handler, parts: Parts) -> Handler:
    """Go on only when the user may do this; a stream into a pod needs the right to create one, however it is opened."""

    async def handle(request: Request) -> Response:
        user = request.user
        if user is None:
            raise ApiError("Unauthorized", "Unauthorized")
        attributes = attributes_of(request)
        if request.subresource in EXEC_LIKE and attributes.verb == "get":
            attributes = replace(attributes, verb="create")
        decision = await parts.authorizer.decide(user, attributes)
        if decision.allowed:
            return await endpoint(request)
        why = refusal(user, attributes, decision.reason)
        if request.resource is None:
            raise ApiError("Forbidden", f"forbidden: {why}")
        raise forbidden(attributes.group, attributes.resource, request.name, why)

    return handle


def _impersonated(wanted: Impersonation) -> list[Attributes]:
    """What must be allowed: verb impersonate on each user, group, uid and extra that is asked for."""

    def on(resource: str, name: str, **more: str) -> Attributes:
        return Attributes(verb="impersonate", resource=resource, name=name, **more)

    if wanted.name.startswith(ACCOUNT_PREFIX) and wanted.name.count(":") == 3:
        _, _, namespace, account = wanted.name.split(":")
        asked = [on("serviceaccounts", account, namespace=namespace)]
    else:
        asked = [on("users", wanted.name)]
    asked += [on("groups", group) for group in wanted.groups]
    authentication = "authentication.k8s.io"
    asked += [on("uids", wanted.uid, group=authentication)] if wanted.uid else []
    for key, values in wanted.extra:
        asked += [on("userextras", value, group=authentication, subresource=key) for value in values]
    return asked


def _assumed(wanted: Impersonation) -> User:
    groups = list(wanted.groups)
    if wanted.name.startswith(ACCOUNT_PREFIX) and not groups and wanted.name.count(":") == 3:
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{wanted.name.split(':')[2]}"]
    if wanted.name != "system:anonymous" and AUTHENTICATED not in groups:
        groups.append(AUTHENTICATED)
    return User(wanted.name, tuple(groups), wanted.uid, dict(wanted.extra))
