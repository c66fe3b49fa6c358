"""The outermost filters: whatever goes wrong becomes an `ApiError`, and every request has a name."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import replace

from pyk8s.api.errors import ApiError, internal, timeout
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.request import Handler, Request, Response
from pyk8s.observe import logs
from pyk8s.storage.interface import Compacted, StorageError, Unavailable, ValueTooLarge
from pyk8s.wire.errors import WireError

log = logs.get("apiserver")

_prefix = secrets.token_hex(8)
_numbers = itertools.count(1)


def new_id() -> str:
    """A name for one request, in the form of a UUID; unique in this process and, by chance, everywhere."""
    digits = f"{_prefix}{next(_numbers):016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def identify(endpoint: Handler, parts: Parts) -> Handler:
    """Give requests that have no id one; both doors give their own."""

    async def handle(request: Request) -> Response:
        return await endpoint(request if request.id else replace(request, id=new_id()))

    return handle


def recover(endpoint: Handler, parts: Parts) -> Handler:
    """Let nothing but `ApiError` out: a failing store is 503 or 504, our own mistakes are 500 and logged in full."""

    async def handle(request: Request) -> Response:
        try:
            return await endpoint(request)
        except ApiError:
            raise
        except Exception as error:
            raise translated(error, request) from error

    return handle


def translated(error: Exception, request: Request) -> ApiError:
    """The `ApiError` to answer `error` with; an unexpected one is logged with its traceback."""
    match error:
        case Compacted():
            return ApiError("Expired", f"The resourceVersion asked for is too old: {error}")
        case ValueTooLarge():
            return ApiError("RequestEntityTooLarge", str(error))
        case Unavailable(unknown=True):
            return timeout(f"the store did not say whether the write happened: {error}")
        case StorageError():
            return ApiError("ServiceUnavailable", f"the store cannot be reached: {error}", retry_after=1)
        case WireError():
            return ApiError("ServiceUnavailable", str(error), retry_after=1)
        case TimeoutError():
            return timeout(f"the request did not finish in time: {error}")
    log.error("request failed", id=request.id, verb=request.verb, path=request.path, why=error, exc_info=error)
    return internal(f"{type(error).__name__} (request {request.id})")
