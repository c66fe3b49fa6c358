"""gRPC servers: mutual TLS, message sizes and keep-alive the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc

from pyk8s.wire.channel import MAX_MESSAGE_BYTES
from pyk8s.wire.errors import WireError
from pyk8s.wire.tls import server_credentials

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.max_concurrent_streams", 2_000),
    ("grpc.so_reuseport", 0),
)


def make_server(options: Sequence[tuple[str, Any]] = OPTIONS) -> grpc.aio.Server:
    """A gRPC server on the running loop, without services, ports or interceptors yet."""
    return grpc.aio.server(options=options)


def listen(server: grpc.aio.Server, address: str, *, cert_file: Path, key_file: Path, client_ca_file: Path) -> int:
    """Let `server` listen on `address` ("127.0.0.1:0": any free port) with mutual TLS and return the port.

    Raises KeyFileInvalid, and WireError when the address is taken.
    """
    try:
        port: int = server.add_secure_port(address, server_credentials(cert_file, key_file, client_ca_file))
    except RuntimeError as error:
        raise WireError(f"cannot listen on {address}: is the port in use? ({error})") from error
    if port == 0:
        raise WireError(f"cannot listen on {address}: is the port in use?")
    return port
