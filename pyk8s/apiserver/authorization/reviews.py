"""Reviews: objects that are asked and never stored. Who am I, may I, may they, whose token is this?

Source: Kubernetes, authorization.k8s.io/v1 and authentication.k8s.io/v1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, bad_request, invalid
from pyk8s.api.objectmeta import timestamp
from pyk8s.apiserver.authentication.accounts import Accounts
from pyk8s.apiserver.authorization.rbac import Rbac
from pyk8s.apiserver.authorization.values import Attributes, Authorizer
from pyk8s.apiserver.request import Answer, Handler, Request, User
from pyk8s.wire.errors import TokenInvalid

ACCESS, TOKENS = "authorization.k8s.io", "authentication.k8s.io"


class Reviews:
    """Answers reviews by asking the authorizer and the accounts of this server."""

    def __init__(self, authorizer: Authorizer, rbac: Rbac, accounts: Accounts | None) -> None:
        self._authorizer = authorizer
        self._rbac = rbac
        self._accounts = accounts

    def handlers(self) -> Mapping[tuple[str, str], Handler]:
        """What answers each resource, by (group, plural)."""
        return {
            (ACCESS, "selfsubjectaccessreviews"): self.self_access,
            (ACCESS, "subjectaccessreviews"): self.access,
            (ACCESS, "localsubjectaccessreviews"): self.access,
            (ACCESS, "selfsubjectrulesreviews"): self.self_rules,
            (TOKENS, "selfsubjectreviews"): self.self_subject,
            (TOKENS, "tokenreviews"): self.token,
        }

    async def self_access(self, request: Request) -> Answer:
        """May the one who asks do this?"""
        review = _read(request)
        return await self._decided(review, _user(request), request)

    async def access(self, request: Request) -> Answer:
        """May somebody else do this?"""
        review = _read(request)
        spec = review["spec"]
        name, groups = spec.get("user") or "", tuple(spec.get("groups") or ())
        if not name and not groups:
            cause = Cause(
                "FieldValueRequired", "Required value: at least one of user or group must be specified", "spec.user"
            )
            raise invalid(ACCESS, review["kind"], "", [cause])
        extra = {key: tuple(values) for key, values in (spec.get("extra") or {}).items()}
        if request.namespace and (spec.get("resourceAttributes") or {}).get("namespace") != request.namespace:
            raise bad_request("spec.resourceAttributes.namespace must be the namespace of the review")
        return await self._decided(review, User(name, groups, spec.get("uid") or "", extra), request)

    async def _decided(self, review: dict[str, Any], user: User, request: Request) -> Answer:
        decision = await self._authorizer.decide(user, attributes(review["spec"], review["kind"]))
        status: dict[str, Any] = {"allowed": decision.allowed}
        if decision.reason:
            status["reason"] = decision.reason
        return _answer(review, status)

    async def self_rules(self, request: Request) -> Answer:
        """What may the one who asks do in a namespace?"""
        review = _read(request)
        namespace = review["spec"].get("namespace") or ""
        if not namespace:
            raise bad_request("no namespace on request")
        rules = [rule for where in ("", namespace) for rule in self._rbac.listed(_user(request), where)]
        resource_rules = [_shown(rule, "resources") for rule in rules if rule.get("resources")]
        path_rules = [_shown(rule, "nonResourceURLs") for rule in rules if rule.get("nonResourceURLs")]
        status = {"resourceRules": resource_rules, "nonResourceRules": path_rules, "incomplete": False}
        return _answer(review, status)

    async def self_subject(self, request: Request) -> Answer:
        """Who is the one who asks?"""
        review = _read(request)
        review.setdefault("metadata", {})["creationTimestamp"] = timestamp(clock.now())
        return _answer(review, {"userInfo": _shown_user(_user(request))})

    async def token(self, request: Request) -> Answer:
        """Whose token is this, and is it for one of these audiences?"""
        review = _read(request)
        spec = review["spec"]
        if not spec.get("token"):
            cause = Cause("FieldValueRequired", "Required value", "spec.token")
            raise invalid(TOKENS, "TokenReview", "", [cause])
        try:
            if self._accounts is None:
                raise TokenInvalid("this server takes no bearer tokens")
            user, audiences = await self._accounts.review(spec["token"], spec.get("audiences") or ())
        except TokenInvalid as error:
            return _answer(review, {"user": {}, "error": str(error)})
        return _answer(review, {"authenticated": True, "user": _shown_user(user), "audiences": list(audiences)})


def attributes(spec: Mapping[str, Any], kind: str) -> Attributes:
    """What a review asks about. Raises ApiError (Invalid) unless it is either a resource or a path."""
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (path is None):
        said = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(ACCESS, kind, "", [Cause("FieldValueInvalid", said, "spec.resourceAttributes")])
    if resource is None:
        assert path is not None
        return Attributes(verb=path.get("verb") or "", path=path.get("path") or "")
    return Attributes(
        verb=resource.get("verb") or "",
        group=resource.get("group") or "",
        version=resource.get("version") or "",
        resource=resource.get("resource") or "",
        subresource=resource.get("subresource") or "",
        namespace=resource.get("namespace") or "",
        name=resource.get("name") or "",
        fields=(resource.get("fieldSelector") or {}).get("rawSelector") or "",
    )


def _read(request: Request) -> dict[str, Any]:
    resource = request.resource
    if resource is None or request.verb != "create":
        raise ApiError("MethodNotAllowed", "the server does not allow this method on the requested resource")
    try:
        review = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the body of the request is no JSON: {error}") from error
    if not isinstance(review, dict) or not isinstance(review.get("spec") or {}, dict):
        raise bad_request(f"the body of the request is no {resource.kind}")
    if review.get("kind") not in (None, "", resource.kind):
        raise bad_request(f"the body of the request is a {review['kind']}, not a {resource.kind}")
    return review | {"kind": resource.kind, "apiVersion": resource.api_version, "spec": review.get("spec") or {}}


def _answer(review: dict[str, Any], status: Mapping[str, Any]) -> Answer:
    review.setdefault("metadata", {"creationTimestamp": None})
    return Answer(orjson.dumps(review | {"status": status}), 201)


def _user(request: Request) -> User:
    return request.user or User("system:anonymous", ("system:unauthenticated",))


def _shown_user(user: User) -> dict[str, Any]:
    shown: dict[str, Any] = {"username": user.name, "groups": list(user.groups)}
    if user.uid:
        shown["uid"] = user.uid
    if user.extra:
        shown["extra"] = {key: list(values) for key, values in user.extra.items()}
    return shown


def _shown(rule: Mapping[str, Any], what: str) -> dict[str, Any]:
    fields = (
        ("verbs", "nonResourceURLs")
        if what == "nonResourceURLs"
        else ("verbs", "apiGroups", "resources", "resourceNames")
    )
    return {field: rule[field] for field in fields if rule.get(field)}
