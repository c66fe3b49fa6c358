"""How many requests are served at once, and for how long: more than that is refused, with a word when to come again.

Watches and streams are not counted once they are open, and the cluster's administrators are always let in. Source:
Kubernetes, "API priority and fairness", in its oldest form (max-requests-inflight), and its request timeout.
"""

from __future__ import annotations

import asyncio

from pyk8s.api.errors import ApiError
from pyk8s.apiserver.chain.parts import Limits, Parts
from pyk8s.apiserver.request import Handler, Request, Response

READS = frozenset({"get", "list", "watch"})
EXEMPT = "system:masters"


def flow(endpoint: Handler, parts: Parts) -> Handler:
    """Refuse with 429 what is over the limit; end with 504 what takes too long."""
    limits = parts.limits

    async def handle(request: Request) -> Response:
        if request.verb in READS:
            if limits.reading >= limits.reads and not _exempt(request):
                raise _refuse(limits)
            limits.reading += 1
            try:
                async with asyncio.timeout(limits.seconds):
                    return await endpoint(request)
            finally:
                limits.reading -= 1
        if limits.writing >= limits.writes and not _exempt(request):
            raise _refuse(limits)
        limits.writing += 1
        try:
            async with asyncio.timeout(limits.seconds):
                return await endpoint(request)
        finally:
            limits.writing -= 1

    return handle


def _exempt(request: Request) -> bool:
    return request.resource is None or (request.user is not None and EXEMPT in request.user.groups)


def _refuse(limits: Limits) -> ApiError:
    limits.refused += 1
    return ApiError("TooManyRequests", "Too many requests, please try again later.", retry_after=1)
