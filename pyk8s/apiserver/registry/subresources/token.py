"""`token`: a service account's TokenRequest, answered with a signed token.

Source: KEP-1205; pkg/registry/core/serviceaccount/storage/token.go.
"""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError, Cause, bad_request, conflict, invalid, not_found
from pyk8s.api.objectmeta import Object, timestamp
from pyk8s.api.refs import NODES, PODS, SECRETS, Ref
from pyk8s.api.validation.causes import invalid as invalid_value
from pyk8s.apiserver.admission.lookup import Lookup
from pyk8s.apiserver.admission.review import Admission, Review
from pyk8s.apiserver.registry.answers import answer
from pyk8s.apiserver.registry.objects import decode_any
from pyk8s.apiserver.registry.reader import Reader
from pyk8s.apiserver.request import Answer, Request
from pyk8s.wire.tokens import Bound, Claims, Signer

SHORTEST, LONGEST, USUAL = 600, 2**32, 3600
"""Seconds that may be asked for, and those that are given when nobody asks."""

BINDABLE: dict[str, Ref] = {"Pod": PODS, "Secret": SECRETS, "Node": NODES}
"""The kinds that a token can live and die with."""


def check(spec: Object) -> list[Cause]:
    """What is wrong with the spec of a TokenRequest."""
    causes: list[Cause] = []
    seconds = spec.get("expirationSeconds", USUAL)
    at = "spec.expirationSeconds"
    if not isinstance(seconds, int):
        causes.append(invalid_value(at, seconds, "must be a whole number"))
    elif seconds < SHORTEST:
        causes.append(invalid_value(at, seconds, "may not specify a duration less than 10 minutes"))
    elif seconds > LONGEST:
        causes.append(invalid_value(at, seconds, "may not specify a duration larger than 2^32 seconds"))
    audiences = spec.get("audiences") or []
    if not isinstance(audiences, list) or not all(isinstance(one, str) and one for one in audiences):
        causes.append(invalid_value("spec.audiences", audiences, "must be a list of non-empty strings"))
    return causes


class Tokens:
    """Signs tokens for service accounts."""

    def __init__(
        self, reader: Reader, admission: Admission, lookup: Lookup, signer: Signer | None, max_seconds: int
    ) -> None:
        self._reader = reader
        self._admission = admission
        self._lookup = lookup
        self._signer = signer
        self._max_seconds = max_seconds

    async def create(self, request: Request) -> Answer:
        """The TokenRequest with its status. Raises ApiError: Invalid, NotFound, Conflict, BadRequest."""
        if self._signer is None:
            raise ApiError("NotFound", "this server has no key to sign service account tokens with")
        sent = decode_any(request.body)
        if sent.get("kind", "TokenRequest") != "TokenRequest":
            raise bad_request(f"a TokenRequest is wanted here, not a {sent['kind']}")
        spec = sent.get("spec") or {}
        if causes := check(spec):
            raise invalid("authentication.k8s.io", "TokenRequest", "", causes)
        resource = request.resource
        assert resource is not None
        await self._admission.validate(sent, Review(request, resource, "create"))
        account = orjson.loads(await self._reader.body(request))["metadata"]
        if "deletionTimestamp" in account:
            raise not_found("", "serviceaccounts", request.name)
        bound = await self._bound(request, spec.get("boundObjectRef") or {})
        audiences = list(spec.get("audiences") or [self._signer.issuer])
        seconds = min(spec.get("expirationSeconds", USUAL), self._max_seconds)
        now = int(clock.wall())
        claims = Claims(
            namespace=request.namespace,
            account=Bound(request.name, account["uid"]),
            audiences=tuple(audiences),
            issued=now,
            expires=now + seconds,
            pod=bound.get("Pod", Bound()),
            secret=bound.get("Secret", Bound()),
            node=bound.get("Node", Bound()),
        )
        metadata = {"name": request.name, "namespace": request.namespace, "creationTimestamp": timestamp(clock.now())}
        until = timestamp(datetime.fromtimestamp(claims.expires, UTC))
        signed = "" if request.options.dry_run else self._signer.sign(claims)
        token = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": metadata,
            "spec": {**spec, "audiences": audiences, "expirationSeconds": seconds},
            "status": {"token": signed, "expirationTimestamp": until},
        }
        return answer(token, 201)

    async def _bound(self, request: Request, ref: Object) -> dict[str, Bound]:
        kind = ref.get("kind", "")
        if not kind:
            return {}
        if kind not in BINDABLE or ref.get("apiVersion", "v1") != "v1":
            raise bad_request(f"cannot bind token for serviceaccount to a type of {ref.get('apiVersion', '')} {kind}")
        to, name = BINDABLE[kind], ref.get("name", "")
        namespace = "" if kind == "Node" else request.namespace
        obj = await self._lookup.find(to, namespace, name)
        if obj is None:
            raise not_found("", to.resource, name)
        uid = obj["metadata"]["uid"]
        if ref.get("uid") and ref["uid"] != uid:
            why = (
                f"the UID in the bound object reference ({ref['uid']}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise conflict("", to.resource, name, why)
        if kind != "Pod":
            return {kind: Bound(name, uid)}
        spec = obj.get("spec") or {}
        if spec.get("serviceAccountName") != request.name:
            raise bad_request("cannot bind token to a Pod running with a different service account name.")
        found = {"Pod": Bound(name, uid)}
        if spec.get("nodeName"):
            node = self._lookup.peek(NODES, "", spec["nodeName"])
            found["Node"] = Bound(spec["nodeName"], node["metadata"]["uid"] if node else "")
        return found
