"""Who calls: the verified certificate of the connection, and a token in the metadata."""

from __future__ import annotations

from typing import Any

import grpc

from pyk8s.apiserver.request import NOBODY, Peer
from pyk8s.wire.pki import identity

KEPT = 4096


class Peers:
    """Reads a caller's certificate once and remembers whom it names."""

    def __init__(self) -> None:
        self._known: dict[bytes, Peer] = {}

    def of(self, context: grpc.aio.ServicerContext[Any, Any]) -> Peer:
        """The peer of a call."""
        held = self._certified(context)
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                scheme, _, token = str(value).partition(" ")
                if scheme.lower() == "bearer" and token.strip():
                    return Peer(held.certificate, token.strip(), held.address)
        return held

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
