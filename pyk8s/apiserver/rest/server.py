"""The HTTP server: a connection's identity is read once, a request becomes a `Request`, an answer becomes bytes."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from pyk8s.api.errors import ApiError, bad_request, internal, too_large
from pyk8s.api.resources import Resources
from pyk8s.apiserver.chain.frame import new_id
from pyk8s.apiserver.dispatch import STREAMS
from pyk8s.apiserver.parameters import parameters, truth
from pyk8s.apiserver.request import (
    Answer,
    Connected,
    Document,
    Handler,
    ListAnswer,
    Request,
    StreamAnswer,
    WatchAnswer,
)
from pyk8s.apiserver.rest import answers, streams
from pyk8s.apiserver.rest.negotiation import YAML, Wanted, json_body, patch_body, wanted
from pyk8s.apiserver.rest.paths import Route, route
from pyk8s.apiserver.rest.peers import Connection, peer_of
from pyk8s.apiserver.rest.queries import options
from pyk8s.apiserver.rest.upgrade import open_tunnel
from pyk8s.client.interface import PatchType
from pyk8s.observe import logs
from pyk8s.wire.errors import WireError

log = logs.get("apiserver.rest")

MAX_BODY = 3 * 1024 * 1024
"""Bytes of the largest body that is taken. Source: Kubernetes' own limit."""

MAX_LINE = 64 * 1024
"""Bytes of the longest request line: selectors and continue tokens can be long."""

IDLE = 180.0
"""Seconds after which an idle connection is closed."""

CHANGES_OBJECT = frozenset({"create", "update", "patch"})
DELETES = frozenset({"delete", "deletecollection"})


class Server(web.Server):
    """aiohttp's low-level server, with our connections and body limit."""

    def __call__(self) -> RequestHandler:
        """A handler for a new connection."""
        return Connection(self, loop=self._loop, **self._kwargs)

    def _make_request(self, message: RawRequestMessage, payload: Any, protocol: Any, writer: Any, task: Any) -> Any:
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY)


class Door:
    """Turns HTTP requests into requests for `handler` and its answers into HTTP."""

    def __init__(self, handler: Handler, resources: Resources) -> None:
        self._handler = handler
        self._resources = resources
        self._servers: list[asyncio.Server] = []
        self._web: Server | None = None

    async def listen(self, address: str, port: int, context: ssl.SSLContext) -> int:
        """Serve on `address` and `port` (0: a free one) and return the port. Raises WireError when it is taken."""
        if self._web is None:
            self._web = Server(
                self.serve,
                access_log=None,
                handler_cancellation=True,
                keepalive_timeout=IDLE,
                max_line_size=MAX_LINE,
                max_field_size=MAX_LINE,
            )
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._web, address, port, ssl=context, backlog=1024)
        except OSError as error:
            raise WireError(f"cannot listen on {address}:{port}: {error.strerror or error}") from error
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Take no more connections."""
        for server in self._servers:
            server.close()

    async def close(self, grace: float) -> None:
        """Give what is under way `grace` seconds, then cut the rest off."""
        self.stop()
        if self._web is not None:
            self._web.pre_shutdown()
            await self._web.shutdown(grace)

    async def serve(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        request_id = new_id()
        warnings: list[str] = []
        try:
            return await self._answer(http, request_id, warnings)
        except ApiError as error:
            return answers.failure(error, request_id, warnings)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:
            log.error("request failed in the door", id=request_id, path=http.raw_path, why=error, exc_info=error)
            return answers.failure(internal(f"{type(error).__name__} (request {request_id})"), request_id)

    async def _answer(self, http: web.BaseRequest, request_id: str, warnings: list[str]) -> web.StreamResponse:
        path, _, query = http.raw_path.partition("?")
        if "%" in path:
            path = unquote(path)
        where = route(self._resources, http.method, path, watch="watch=" in query and truth(parameters(query), "watch"))
        given = http.headers
        accept = given.get("Accept", "")
        if where.resource is None or where.subresource in STREAMS:
            body = await read(http) if http.method in ("POST", "PUT", "PATCH") else b""
            request = Request(
                verb=where.verb,
                resource=where.resource,
                namespace=where.namespace,
                name=where.name,
                subresource=where.subresource,
                path=f"{path}?{query}" if query else path,
                body=b"" if where.resource else body,
                peer=peer_of(http),
                id=request_id,
                accept=accept,
                parameters=parameters(query) if where.resource else {},
                warnings=warnings,
            )
            return await self._other(http, request)
        taken = wanted(accept)
        request = await self._request(http, where, query, taken, request_id, warnings)
        answer = await self._handler(request)
        made = answers.headers(request_id, warnings)
        if isinstance(answer, Answer | ListAnswer):
            gzips = "gzip" in given.get("Accept-Encoding", "")
            return await answers.of(answer, taken.view, made, yaml=taken.yaml, gzips=gzips)
        if isinstance(answer, WatchAnswer):
            return await streams.send_watch(http, answer.batches, made)
        raise internal(f"{type(answer).__name__} is no answer to {http.method} {path}")

    async def _request(
        self, http: web.BaseRequest, where: Route, query: str, taken: Wanted, request_id: str, warnings: list[str]
    ) -> Request:
        """The request for a resource that an HTTP request is."""
        given = http.headers
        body, kind, manager = b"", PatchType.MERGE, ""
        if where.verb in CHANGES_OBJECT:
            content = given.get("Content-Type", "")
            body = await read(http)
            if where.verb == "patch":
                kind, body = patch_body(content, body)
            else:
                body = await _as_json(content, body)
            manager = given.get("User-Agent", "").partition("/")[0][:128]
        said = options(query, view=taken.view, patch_type=kind, manager=manager)
        if where.verb in DELETES:
            body = await _as_json(given.get("Content-Type", ""), await read(http)) if http.body_exists else b""
            # In the query it is the version of a list; only a precondition in the body is one of the object.
            said = replace(said, resource_version="") if said.resource_version else said
        return Request(
            verb=where.verb,
            resource=where.resource,
            namespace=where.namespace,
            name=where.name,
            subresource=where.subresource,
            body=body,
            options=said,
            trace=given.get("traceparent", ""),
            warnings=warnings,
            peer=peer_of(http),
            id=request_id,
        )

    async def _other(self, http: web.BaseRequest, request: Request) -> web.StreamResponse:
        """Answer a document or a stream into a pod."""
        answer = await self._handler(request)
        made = answers.headers(request.id, request.warnings)
        if isinstance(answer, Document):
            given = http.headers
            gzips = "gzip" in given.get("Accept-Encoding", "")
            return await answers.document(answer, made, known=given.get("If-None-Match", ""), gzips=gzips)
        if isinstance(answer, StreamAnswer):
            return await streams.send_stream(http, answer.chunks, made)
        if isinstance(answer, Connected):
            return await open_tunnel(http, request, answer)
        raise internal(f"{type(answer).__name__} is no answer to {http.method} {request.path}")


async def read(http: web.BaseRequest) -> bytes:
    """The body. Raises ApiError: too large, or not what its headers say."""
    try:
        return await http.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large(f"Request entity too large: limit is {MAX_BODY}") from None
    except (HttpProcessingError, web.RequestPayloadError) as error:
        raise bad_request(f"the body cannot be read: {error}") from error


async def _as_json(content_type: str, body: bytes) -> bytes:
    if len(body) > 32 * 1024 and YAML in content_type:
        return await asyncio.to_thread(json_body, content_type, body)
    return json_body(content_type, body)
