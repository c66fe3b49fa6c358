"""Who is at the other end: what a connection showed when it was made, and what a request's headers add."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from pyk8s.apiserver.request import NOBODY, Impersonation, Peer
from pyk8s.wire.pki import Identity


class Connection(RequestHandler):
    """One client connection; `peer` is what it showed when it was made."""

    __slots__ = ("peer",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Read the verified certificate once for all requests of the connection."""
        super().connection_made(transport)
        address = transport.get_extra_info("peername")
        self.peer = Peer(_identity(transport.get_extra_info("peercert")), address=address[0] if address else "")


def peer_of(http: web.BaseRequest) -> Peer:
    """What the connection showed, and what this request adds to it: a token, a wish to impersonate."""
    connection = http.protocol
    held = connection.peer if isinstance(connection, Connection) else NOBODY
    given = http.headers
    authorization = given.get("Authorization", "")
    wish = given.get("Impersonate-User", "")
    if not authorization and not wish and "Impersonate-Group" not in given and "Impersonate-Uid" not in given:
        return held
    scheme, _, token = authorization.partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return Peer(held.certificate, bearer, held.address, impersonate=_impersonation(given, wish))


def _impersonation(given: Mapping[str, str], wish: str) -> Impersonation | None:
    groups = tuple(given.getall("Impersonate-Group", ()))  # type: ignore[attr-defined]
    extra: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        if name.lower().startswith("impersonate-extra-"):
            key = unquote(name[len("Impersonate-Extra-") :].lower())
            extra[key] = (*extra.get(key, ()), value)
    uid = given.get("Impersonate-Uid", "")
    return Impersonation(wish, groups, uid, tuple(extra.items())).checked()


def _identity(certificate: Mapping[str, Any] | None) -> Identity | None:
    """Whom the subject of a verified certificate (as `ssl` decodes it) names."""
    if not certificate:
        return None
    name, organizations = "", []
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                name = name or value
            elif key == "organizationName":
                organizations.append(value)
    return Identity(name, tuple(organizations))
