"""gRPC channels: mutual TLS, message sizes and keep-alive the same everywhere."""

from __future__ import annotations

from typing import Any

import grpc

from pyk8s.wire.errors import KubeconfigInvalid
from pyk8s.wire.kubeconfig import Connection
from pyk8s.wire.tls import channel_credentials

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""The largest message either side takes: a page of a list or a batch of watch events, never a whole large list."""

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # gRPC takes this as the time one attempt may take, TLS handshake included: a busy machine needs seconds for it.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_http_proxy", 0),
)
"""Channel options: dead peers are noticed within 30 s, a restarted server is found again within 2 s."""


def open_channel(address: str, *, ca: bytes, cert: bytes, key: bytes, server_name: str = "") -> grpc.aio.Channel:
    """A channel to `address` (host:port, or unix:PATH) with mutual TLS; all PEM.

    `server_name` is the name the server's certificate must carry, where that is not the host of `address`. It connects
    when it is first used, and again after every loss.
    """
    options = OPTIONS + ((("grpc.ssl_target_name_override", server_name),) if server_name else ())
    return grpc.aio.secure_channel(address, channel_credentials(ca, cert, key), options=options)


def connect(connection: Connection) -> grpc.aio.Channel:
    """A channel to the gRPC door that a kubeconfig names. Raises KubeconfigInvalid when it names none."""
    if not connection.grpc_address:
        raise KubeconfigInvalid(
            f"context {connection.context!r} has no gRPC address (cluster extension pyk8s.dev/grpc): "
            "write the kubeconfig again with `pyk8s kubeconfig`"
        )
    return open_channel(connection.grpc_address, ca=connection.ca, cert=connection.cert, key=connection.key)
