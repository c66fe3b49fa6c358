"""Counting each request with its outcome and time; the slow ones also get a line in the log."""

from __future__ import annotations

from pyk8s.aio.clock import monotonic
from pyk8s.api.errors import ApiError
from pyk8s.apiserver.chain.parts import Parts
from pyk8s.apiserver.request import Answer, Document, Handler, Request, Response
from pyk8s.observe import logs

SLOW = 2.0
"""A request that takes longer, in seconds, is worth a line in the log."""

log = logs.get("apiserver")


def measure(endpoint: Handler, parts: Parts) -> Handler:
    """Count each request; a watch or stream counts when it is open."""
    record = parts.record

    async def handle(request: Request) -> Response:
        began = monotonic()
        code = 500
        try:
            answer = await endpoint(request)
            code = answer.code if isinstance(answer, (Answer, Document)) else 200
            return answer
        except ApiError as error:
            code = error.code
            raise
        finally:
            seconds = monotonic() - began
            record.add(request, code, seconds)
            if seconds > SLOW:
                log.info("slow request", id=request.id, verb=request.verb, path=_where(request), seconds=seconds)

    return handle


def _where(request: Request) -> str:
    if request.resource is None:
        return request.path
    return request.resource.ref(request.namespace, request.name, request.subresource).path
