"""What the gRPC messages and the API's own values have in common: references, views, event types, errors.

Field numbers and meaning: protos/pyk8s/v1/objects.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import grpc
import orjson

from pyk8s.api.errors import ApiError, timeout, unavailable
from pyk8s.api.refs import Ref
from pyk8s.gen.pyk8s.v1 import objects_pb2 as pb

STATUS_KEY = "pyk8s-status-bin"
"""The trailing metadata that carries a refusal's Status as JSON."""

EVENT_TYPES: tuple[str, ...] = ("ADDED", "MODIFIED", "DELETED", "BOOKMARK")
"""The watch event types, at their numbers in the protocol."""

EVENT_NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(EVENT_TYPES)}

VIEWS: tuple[str, ...] = ("", "Table", "PartialObjectMetadata")
"""The views, at their numbers in the protocol."""

VIEW_NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(VIEWS)}

GRPC_CODES: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.UNIMPLEMENTED,
    409: grpc.StatusCode.ABORTED,
    410: grpc.StatusCode.OUT_OF_RANGE,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
"""The gRPC status of each HTTP code; INTERNAL for any other."""


SERVER: Final = "the server"
UNREACHED: Final = "cannot be reached"

_AROUND: Final = re.compile(
    r"^failed to connect to all addresses; last error: (UNKNOWN: |UNAVAILABLE: )?|^ipv[46]:"
    r"|Failed to connect to remote host: |(getsockopt\(SO_ERROR\)|connect): "
)
"""What gRPC puts around the one thing a reader wants to know."""

_CLOSED: Final = re.compile(r"Cancelling all calls|Socket closed|GOAWAY received|Connection reset by peer|recvmsg:.*")
"""How gRPC says of a connection in use that it has ended."""


def ref_message(ref: Ref) -> pb.Ref:
    """`ref` as a message."""
    return pb.Ref(
        group=ref.group,
        version=ref.version,
        resource=ref.resource,
        namespace=ref.namespace,
        name=ref.name,
        subresource=ref.subresource,
    )


def refusal(error: ApiError) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """How a server says `error`: status code, text, trailing metadata."""
    code = GRPC_CODES.get(error.code, grpc.StatusCode.INTERNAL)
    return code, error.message[:1024], ((STATUS_KEY, orjson.dumps(error.status())),)


def api_error(error: grpc.aio.AioRpcError, whom: str = SERVER) -> ApiError:
    """What a failed call says: the Status that `whom` sent, or, when none came, that it could not be reached."""
    status = _sent_status(error.trailing_metadata() or ())
    if status is not None:
        return ApiError.from_status(status)
    said = plain(error.details() or "no reason given")
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return timeout(f"{whom} did not answer in time: {said}")
    if error.code() is grpc.StatusCode.UNAUTHENTICATED:
        return ApiError("Unauthorized", said)
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return ApiError("RequestEntityTooLarge", said)
    return unavailable(f"{whom} {UNREACHED}: {said}")


def plain(details: str) -> str:
    """What gRPC says of a call that failed, without what only gRPC's authors understand."""
    said = details
    while (shorter := _AROUND.sub("", said)) != said:
        said = shorter
    return "the connection was closed" if _CLOSED.fullmatch(said) else unquote(said)


def _sent_status(metadata: Iterable[tuple[str, Any]]) -> dict[str, Any] | None:
    for key, value in metadata:
        if key == STATUS_KEY:
            try:
                status = orjson.loads(value)
            except orjson.JSONDecodeError:
                return None
            return status if isinstance(status, dict) else None
    return None
