"""TLS contexts for HTTPS and credentials for gRPC, from PEM files. TLS 1.2 is the least; a server certificate is always
verified against a named authority, never against the machine's own list."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from pyk8s.wire.errors import KeyFileInvalid
from pyk8s.wire.pki import read_pem


def server_context(
    certificate: Path, key: Path, client_authority: Path, *, required: bool = False, protocols: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """A context for a server that shows `certificate` and verifies a client's certificate against `client_authority`.

    A client without a certificate is let in unless `required`; one with a certificate of another authority never.
    Raises KeyFileInvalid.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load_chain(context, certificate, key)
    _load_authority(context, read_pem(client_authority), str(client_authority))
    context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def server_credentials(certificate: Path, key: Path, client_authority: Path) -> grpc.ServerCredentials:
    """gRPC server credentials; a client must show a certificate of `client_authority`. Raises KeyFileInvalid."""
    pair = (read_pem(key), read_pem(certificate))
    return grpc.ssl_server_credentials([pair], read_pem(client_authority), require_client_auth=True)


def channel_credentials(authority: bytes, certificate: bytes, key: bytes) -> grpc.ChannelCredentials:
    """gRPC channel credentials: trust `authority`, show `certificate`; all PEM."""
    return grpc.ssl_channel_credentials(authority, key or None, certificate or None)


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    read_pem(certificate)
    read_pem(key)
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise KeyFileInvalid(f"{certificate} and {key} do not make a pair: {error}") from error


def _load_authority(context: ssl.SSLContext, pem: bytes, where: str) -> None:
    try:
        context.load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise KeyFileInvalid(f"{where} holds no certificate to trust: {error}") from error
