"""Service account tokens: signature, issuer, audience and expiry, and that what they are bound to still exists.

A token's signature is verified once and remembered until it expires; that the account, and the pod or secret the token
is bound to, still exist under the same uid is looked up at every use. Source: KEP-1205.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from pyk8s.aio.clock import wall
from pyk8s.api.errors import unauthorized
from pyk8s.apiserver.request import User
from pyk8s.wire.errors import TokenInvalid
from pyk8s.wire.tokens import Claims, Verifier

UidOf: TypeAlias = Callable[[str, str, str], str]
"""The uid of the object (plural, namespace, name) as it stands now, "" when there is none."""

Fresh: TypeAlias = Callable[[], Awaitable[bool]]
"""Waits until `UidOf` knows everything that has been written; False when that takes too long."""

KEPT = 4096
POD_NAME = "authentication.kubernetes.io/pod-name"
POD_UID = "authentication.kubernetes.io/pod-uid"
NODE_NAME = "authentication.kubernetes.io/node-name"
NODE_UID = "authentication.kubernetes.io/node-uid"
CREDENTIAL = "authentication.kubernetes.io/credential-id"


class Accounts:
    """Turns tokens into users; `audiences` are the names this API server answers to."""

    def __init__(self, verifier: Verifier, audiences: Sequence[str], uid_of: UidOf, fresh: Fresh) -> None:
        self._verifier = verifier
        self.audiences = tuple(audiences)
        self._uid_of = uid_of
        self._fresh = fresh
        self._read: dict[str, tuple[Claims, User]] = {}

    async def user(self, token: str) -> User:
        """Whom a token sent to this server names. Raises ApiError (Unauthorized)."""
        try:
            claims, user = self._known(token)
            await self._check_alive(claims)
        except TokenInvalid as error:
            raise unauthorized(f"Unauthorized: {error}") from error
        return user

    async def review(self, token: str, audiences: Sequence[str]) -> tuple[User, tuple[str, ...]]:
        """Whom a token names to a service that answers to `audiences`, and which of those it is for.

        Raises TokenInvalid.
        """
        wanted = tuple(audiences) or self.audiences
        claims = self._verifier.verify(token, audiences=wanted, now=wall())
        await self._check_alive(claims)
        return _user(claims), tuple(audience for audience in wanted if audience in claims.audiences)

    def _known(self, token: str) -> tuple[Claims, User]:
        now = wall()
        known = self._read.get(token)
        if known is None:
            claims = self._verifier.verify(token, audiences=self.audiences, now=now)
            if len(self._read) >= KEPT:
                self._read.clear()
            known = self._read[token] = (claims, _user(claims))
        elif now >= known[0].expires:
            del self._read[token]
            raise TokenInvalid("the token has expired")
        return known

    async def _check_alive(self, claims: Claims) -> None:
        gone = self._gone(claims)
        if gone and await self._fresh():
            # What was made a moment ago may not have reached the cache when it was first asked.
            gone = self._gone(claims)
        if gone:
            raise TokenInvalid(f"the token is bound to {gone}, which is not there any more")

    def _gone(self, claims: Claims) -> str:
        for plural, bound in (("serviceaccounts", claims.account), ("pods", claims.pod), ("secrets", claims.secret)):
            if bound.name and self._uid_of(plural, claims.namespace, bound.name) != bound.uid:
                return f"{plural[:-1]} {claims.namespace}/{bound.name}"
        return ""


def _user(claims: Claims) -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{claims.namespace}", "system:authenticated")
    extra: dict[str, tuple[str, ...]] = {CREDENTIAL: (f"JTI={claims.id}",)}
    for name_key, uid_key, bound in ((POD_NAME, POD_UID, claims.pod), (NODE_NAME, NODE_UID, claims.node)):
        if bound.name:
            extra |= {name_key: (bound.name,), uid_key: (bound.uid,)}
    return User(claims.subject, groups, claims.account.uid, extra)
