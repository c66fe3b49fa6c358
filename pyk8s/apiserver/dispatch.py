"""What is behind the chain: documents, streams into pods, and the registry for everything else."""

from __future__ import annotations

from pyk8s.apiserver.request import Handler, Request, Response

STREAMS = frozenset({"attach", "exec", "log", "portforward"})
"""Subresources of a pod that are streams rather than objects."""


def dispatch(registry: Handler, documents: Handler, tunnel: Handler) -> Handler:
    """A handler that hands each request to the one of the three that answers it."""

    async def handle(request: Request) -> Response:
        if request.resource is None:
            return await documents(request)
        if request.subresource in STREAMS and request.resource.plural == "pods":
            return await tunnel(request)
        return await registry(request)

    return handle
