"""Tokens of service accounts for the pods of this node: asked for, kept, and renewed before they expire.

Source: TokenRequest API; Kubernetes documentation: a token is renewed when 80 % of its life or 24 hours are over.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from pyk8s.aio import clock
from pyk8s.api.errors import ApiError
from pyk8s.api.objectmeta import parse_time
from pyk8s.api.refs import SERVICE_ACCOUNTS
from pyk8s.client.interface import Client
from pyk8s.kubelet.errors import PodError
from pyk8s.kubelet.spec import Pod
from pyk8s.kubelet.values import Seconds

RENEWED_AT = 0.8
"""The share of a token's life after which there is a new one."""
LONGEST_USE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the times (seconds since 1970) from which on it is to be renewed, and no longer valid."""

    text: str
    renew_at: Seconds
    expires_at: Seconds


def renewal(asked_at: Seconds, expires_at: Seconds) -> Seconds:
    """When a token is to be renewed."""
    return min(asked_at + (expires_at - asked_at) * RENEWED_AT, asked_at + LONGEST_USE)


class Tokens:
    """The tokens of every pod, by (pod uid, audience, seconds)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._held: dict[tuple[str, str, int], Token] = {}

    async def get(self, pod: Pod, audience: str, seconds: int) -> Token:
        """A token of the pod's service account, bound to the pod; one that is not due for renewal is given again.

        Raises PodError (FailedMount), unless an older token is still valid.
        """
        key = (pod.metadata.uid, audience, seconds)
        held, now = self._held.get(key), clock.wall()
        if held is not None and now < held.renew_at:
            return held
        try:
            made = await self._ask(pod, audience, seconds, now)
        except ApiError as why:
            if held is not None and now < held.expires_at:
                return held
            account = pod.spec.service_account_name or "default"
            raise PodError("FailedMount", f"token of service account {account!r}: {why}") from why
        self._held[key] = made
        return made

    async def _ask(self, pod: Pod, audience: str, seconds: int, now: Seconds) -> Token:
        bound = {"apiVersion": "v1", "kind": "Pod", "name": pod.metadata.name, "uid": pod.metadata.uid}
        spec = {"audiences": [audience] if audience else [], "expirationSeconds": seconds, "boundObjectRef": bound}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        account = SERVICE_ACCOUNTS.of(pod.spec.service_account_name or "default", pod.metadata.namespace)
        status = orjson.loads(await self._client.create(account.sub("token"), orjson.dumps(body)))["status"]
        expires = parse_time(status["expirationTimestamp"]).timestamp()
        return Token(status["token"], renewal(now, expires), expires)

    def forget(self, uid: str) -> None:
        """The pod `uid` is gone."""
        for key in [key for key in self._held if key[0] == uid]:
            del self._held[key]
