"""The other side of our doors: what a client shows, and whom a server saw."""

import ssl
from pathlib import Path

from pyk8s.wire.pki import identity


def client_context(authority: bytes, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """A context that trusts the PEM `authority` alone and shows `certificate`, if any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.decode("ascii"))
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context


def peer_identity(context):
    """Whom the certificate names that a client showed to a gRPC server."""
    return identity(context.auth_context()["x509_pem_cert"][0])
