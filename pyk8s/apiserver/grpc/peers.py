"""Who calls: the verified certificate of the connection, and a token in the metadata."""

from __future__ import annotations

from typing import Any

import grpc

from pyk8s.api.errors import bad_request
from pyk8s.apiserver.request import NOBODY, Impersonation, Peer
from pyk8s.wire.pki import identity

KEPT = 4096

TOKEN, USER, GROUP, UID = "authorization", "impersonate-user-bin", "impersonate-group-bin", "impersonate-uid-bin"
READ = frozenset({TOKEN, USER, GROUP, UID})
"""The metadata that says more of a caller. A name may be any text: it travels in binary."""


class Peers:
    """Reads a caller's certificate once and remembers whom it names."""

    def __init__(self) -> None:
        self._known: dict[bytes, Peer] = {}

    def of(self, context: grpc.aio.ServicerContext[Any, Any]) -> Peer:
        """The peer of a call. Raises ApiError (BadRequest) for a wish to impersonate that makes no sense."""
        held = self._certified(context)
        said: dict[str, list[str]] = {}
        for key, value in context.invocation_metadata() or ():
            if key in READ:
                said.setdefault(key, []).append(_text(value))
        if not said:
            return held
        bearer = ""
        for value in said.get(TOKEN, ()):
            scheme, _, token = value.partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                bearer = bearer or token.strip()
        wish = Impersonation(
            name=said.get(USER, [""])[0], groups=tuple(said.get(GROUP, ())), uid=said.get(UID, [""])[0]
        ).checked()
        return Peer(held.certificate, bearer, held.address, impersonate=wish)

    def _certified(self, context: grpc.aio.ServicerContext[Any, Any]) -> Peer:
        shown = context.auth_context().get("x509_pem_cert")
        if not shown:
            return NOBODY
        pem = shown[0]
        peer = self._known.get(pem)
        if peer is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            peer = self._known[pem] = Peer(identity(pem))
        return peer


def _text(value: str | bytes) -> str:
    if isinstance(value, str):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise bad_request("a user, group or uid to impersonate must be text (UTF-8)") from None
